"""Wake-ups: one run for one moment, whoever asks, and never a key that is used up."""

import asyncio
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Running

from lifeloop.cli.output import Output
from lifeloop.cli.waking import wake_journeys
from lifeloop.flows.deploying import deploy
from lifeloop.flows.waking import SOON, Waking, wake

pytestmark = pytest.mark.prefect
NOW = 1_800_000_000


@pytest.fixture
def deployed(server, shop):
    """The shop on the server, in a pool that no worker looks at."""

    async def go():
        async with get_client() as client:
            with shop.open() as space:
                await deploy(client, space.project, shop.root, pool="nobody")
            found = await client.read_deployment_by_name(f"{shop.hello}/live")
            return found.id

    assert server
    return asyncio.run(go())


def test_the_same_moment_is_one_run_at_exactly_that_moment(deployed, shop, ask):
    async def twice(client):
        waking = Waking(client, NOW)
        first = await waking.by_name(shop.hello, NOW + 86_400)
        return first, await waking.again(deployed, shop.hello, NOW + 86_400, own="another")

    first, second = ask(twice)
    assert first.id == second.id
    assert first.state.state_details.scheduled_time == datetime.fromtimestamp(NOW + 86_400, UTC)
    assert "wakes" in first.name


def test_however_often_something_happens_one_run_waits_to_be_taken(deployed, shop, ask):
    """Events every second would else be a process every second, and all of them at once where no worker ran."""

    async def thrice(client):
        later = await Waking(client, NOW).again(deployed, shop.hello, NOW + 60, own="another")
        first = await Waking(client, NOW).by_name(shop.hello, NOW - 1)
        second = await Waking(client, NOW + 1).by_name(shop.hello, NOW)
        await client.set_flow_run_state(first.id, Running(), force=True)
        return later, first, second, await Waking(client, NOW + 2).by_name(shop.hello, NOW)

    later, first, second, third = ask(thrice)
    assert later.id != first.id == second.id
    assert third.id not in (later.id, first.id)  # one that runs may have looked already
    assert deployed


def test_a_wake_up_that_was_cancelled_is_followed_by_another(deployed, shop, ask):
    async def cancelled(client):
        waking = Waking(client, NOW)
        first = await waking.by_name(shop.hello, NOW)
        await client.set_flow_run_state(first.id, Cancelled(), force=True)
        second = await waking.by_name(shop.hello, NOW)
        third = await waking.by_name(shop.hello, NOW)
        return first, second, third

    first, second, third = ask(cancelled)
    assert first.id != second.id == third.id
    assert second.state.type == StateType.SCHEDULED
    assert deployed


def test_a_wave_that_left_something_asks_for_another_run_than_itself_but_not_in_a_rush(deployed, shop, ask):
    async def own(client):
        waking = Waking(client, NOW)
        first = await waking.by_name(shop.hello, NOW - 5)
        return first, await waking.again(deployed, shop.hello, NOW - 5, own=first.id)

    first, second = ask(own)
    assert first.id != second.id
    assert second.state.state_details.scheduled_time == datetime.fromtimestamp(NOW + SOON, UTC)


def test_a_journey_that_is_not_deployed_is_left_to_others(deployed, shop):
    woken = asyncio.run(wake({shop.hello: NOW, "nobody-knows-it": NOW}, NOW))
    assert woken == (shop.hello,)
    assert deployed


def test_a_server_that_does_not_answer_is_said_and_no_error(capsys, shop):
    shop.publish()
    shop.happen("hello", ["ana"])
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}), shop.open() as space:
        wake_journeys(space, [shop.hello], Output(), {"PREFECT_API_URL": "http://127.0.0.1:1/api"})
    assert "Prefect could not be told" in capsys.readouterr().err
