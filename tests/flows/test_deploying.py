"""All flows or none, only our own, and nothing left behind."""

import asyncio
from itertools import pairwise

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.settings import get_current_settings

from lifeloop.flows.deploying import NotOursError, deploy, deployed
from lifeloop.flows.going_live import go_live
from lifeloop.flows.server import ServerUnreachable
from lifeloop.flows.zombies import NAME, watch_for_zombies
from lifeloop.work.changes import changes

pytestmark = pytest.mark.prefect
POOL = "nobody"


class Refusing(PrefectClient):
    """A client whose server takes every deployment but one."""

    refused = ""

    async def create_deployment(self, *args, **more):
        if more["entrypoint"].endswith(self.refused):
            raise httpx.ConnectError("refused")
        return await super().create_deployment(*args, **more)


@pytest.fixture
def live(server, shop):
    def going():
        with shop.open() as space:
            return asyncio.run(go_live(space, POOL))

    assert server
    return going


def on_server(ask, shop):
    return ask(lambda client: deployed(client, shop.name))


def test_new_ones_are_made_known_ones_kept_and_those_without_a_file_removed(live, ask, shop):
    first = live()
    assert set(first.created) == {shop.hello, shop.timer, "upkeep"}
    ids = {name: one.id for name, one in on_server(ask, shop).items()}
    shop.file(shop.timer).unlink()
    second = live()
    assert (set(second.updated), second.removed) == ({shop.hello, "upkeep"}, (shop.timer,))
    assert {name: one.id for name, one in on_server(ask, shop).items()} == {
        name: ids[name] for name in (shop.hello, "upkeep")
    }


def test_when_the_server_refuses_one_everything_is_as_it_was_also_in_the_database(live, ask, shop):
    live()
    before = on_server(ask, shop)
    file = shop.file(shop.hello)
    file.write_text(file.read_text().replace("3 days", "4 days").replace("name: Hello", "name: Changed"))
    new = shop.file(f"{shop.name}-also")
    new.write_text(file.read_text().replace(shop.hello, f"{shop.name}-also"))
    with shop.open() as space, pytest.raises(httpx.ConnectError):
        asyncio.run(_deploy_refusing(space, shop))
    after = on_server(ask, shop)
    assert {name: _told(one) for name, one in after.items()} == {name: _told(one) for name, one in before.items()}
    with shop.open() as space:
        assert {one.journey: one.how for one in changes(space)}[shop.hello] == "changed"


async def _deploy_refusing(space, shop):
    async with Refusing(get_current_settings().api.url) as client:
        client.refused = shop.timer.replace("-", "_")
        await deploy(client, space.project, shop.root, pool=POOL, meanwhile=lambda: pytest.fail("nothing may go live"))


def _told(one):
    schedules = [(found.slug, found.active, found.schedule.interval) for found in one.schedules]
    limit = one.global_concurrency_limit.limit
    return one.id, one.version, one.description, one.tags, one.entrypoint, one.pull_steps, schedules, limit


def test_when_the_database_refuses_the_server_is_as_it_was(ask, shop):
    async def fail(client):
        with shop.open() as space:
            await deploy(client, space.project, shop.root, pool=POOL, meanwhile=lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        ask(fail)
    assert on_server(ask, shop) == {}


def test_what_an_operator_set_on_a_deployment_by_hand_stays(live, ask, shop):
    from prefect.client.schemas.actions import DeploymentUpdate

    live()
    found = on_server(ask, shop)[shop.hello]
    ask(
        lambda client: client.update_deployment(
            found.id, DeploymentUpdate(job_variables={"env": {"A": "b"}}, concurrency_limit=8)
        )
    )
    ask(lambda client: client.update_deployment_schedule(found.id, found.schedules[0].id, active=False))
    live()
    after = on_server(ask, shop)[shop.hello]
    assert (after.job_variables, after.schedules[0].active) == ({"env": {"A": "b"}}, False)
    assert after.global_concurrency_limit.limit == 8


def test_a_deployment_of_another_project_is_never_touched(live, ask, shop):
    live()
    before = on_server(ask, shop)
    catalogue = shop.root / "lifeloop.yaml"
    catalogue.write_text(catalogue.read_text().replace(f"project: {shop.name}", f"project: {shop.name}-other"))
    with pytest.raises(NotOursError, match="another project"):
        live()
    assert {name: _told(one) for name, one in on_server(ask, shop).items()} == {
        name: _told(one) for name, one in before.items()
    }


def test_without_a_server_nothing_goes_live(shop):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}),
        shop.open() as space,
        pytest.raises(ServerUnreachable, match="does not answer"),
    ):
        asyncio.run(go_live(space, POOL))
    with shop.open() as space:
        assert {one.how for one in changes(space)} == {"new"}


def test_zombies_are_watched_for_once_however_often_it_is_said(ask):
    async def twice(client):
        await watch_for_zombies(client)
        await watch_for_zombies(client)
        return await client.read_automations_by_name(NAME)

    found = ask(twice)
    assert len(found) == 1
    assert found[0].enabled


def test_the_installed_server_makes_runs_of_a_schedule_and_an_idle_journey_has_no_others(live, ask, shop, eventually):
    live()
    found = on_server(ask, shop)[shop.hello]
    runs = eventually(lambda: _runs(ask, found.id))
    assert all(run.auto_scheduled for run in runs)
    moments = sorted(run.state.state_details.scheduled_time for run in runs)
    assert {(later - earlier).seconds for earlier, later in pairwise(moments)} == {900}


def test_deploying_to_a_new_server_schedules_what_waits_already(live, ask, shop):
    live()
    shop.happen("hello", ["ana"])
    shop.wave(shop.hello)
    live()
    due = shop.ask("SELECT min(due_at) AS due FROM enrollment")[0].due
    runs = [run for run in _runs(ask, on_server(ask, shop)[shop.hello].id) if not run.auto_scheduled]
    assert [int(run.state.state_details.scheduled_time.timestamp()) for run in runs] == [due]


def _runs(ask, deployment_id):
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId

    chosen = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]))
    return ask(lambda client: client.read_flow_runs(flow_run_filter=chosen))
