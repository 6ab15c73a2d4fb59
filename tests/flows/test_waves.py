"""A wave as a flow run on a real server: what it moves, what it shows, and what it never tells."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowFilter, FlowFilterName

from lifeloop.clock import SystemClock
from lifeloop.flows.discreet import WaveFailedError
from lifeloop.flows.upkeep import upkeep_flow
from lifeloop.store import halts, journeys
from lifeloop.work.publishing import publish

pytestmark = pytest.mark.prefect
PEOPLE = ["ana", "bo", "chen"]


@pytest.fixture
def ready(server, shop):
    """Three people have a hello to come."""
    shop.publish()
    shop.happen("hello", PEOPLE)
    assert server
    return shop


def in_days(days):
    return datetime.fromtimestamp(SystemClock().now() + days * 86_400 + 60, UTC).isoformat()


def task_names(ask, flow):
    runs = ask(lambda client: client.read_task_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow]))))
    return sorted(run.name for run in runs)


def test_a_wave_admits_moves_and_hands_over_with_one_task_for_each_step(ready, ask):
    assert ready.wave(ready.hello) == {"admitted": 3, "sent": 3}
    assert ready.said() == 3
    assert ready.wave(ready.hello, as_of=in_days(3))["moved"] == 3
    assert task_names(ask, ready.hello) == ["admit · 3", "hand over · 3", "hand over · 3", "wait 1 · 3"]


def test_a_dry_run_counts_and_writes_nothing(ready):
    assert ready.wave(ready.hello, dry_run=True) == {"admitted": 3}
    assert ready.ask("SELECT * FROM enrollment") == ready.ask("SELECT * FROM message") == []
    assert len(ready.ask("SELECT * FROM candidate")) == 3


def test_one_customer_moves_alone_and_gets_their_mail_alone(ready):
    assert ready.wave(ready.hello, customer_id="bo") == {"admitted": 1, "sent": 1}
    keys = ready.ask("SELECT c.key FROM message m JOIN customer c ON c.id = m.customer_id")
    assert [row.key for row in keys] == ["bo"]


def test_another_customers_message_is_not_handed_over_with_ones_own(ready):
    with ready.open() as space:
        from lifeloop.work.wave import Wave

        Wave(space, ready.hello).admit()
    assert ready.wave(ready.hello, customer_id="bo") == {"sent": 1}
    assert ready.said() == 1


def test_the_parts_of_a_wave_together_are_the_whole(ready):
    done = [ready.wave(ready.hello, shard=f"{part}/3").get("sent", 0) for part in (1, 2, 3)]
    assert sum(done) == 3
    assert ready.said() == 3


def test_a_wave_stops_when_its_time_is_up_and_the_next_goes_on(ready):
    assert ready.wave(ready.hello, batch_size=1, budget=0)["admitted"] == 1
    assert ready.wave(ready.hello)["admitted"] == 2
    assert ready.said() == 3


def test_four_copies_at_once_change_nothing_twice(server, shop):
    shop.publish()
    keys = [f"p{number}" for number in range(60)]
    shop.happen("hello", keys)
    flow = shop.flow(shop.hello)

    async def four():
        return await asyncio.gather(*(flow(batch_size=7) for _ in range(4)))

    done = asyncio.run(four())
    assert server
    assert sum(one.get("admitted", 0) for one in done) == sum(one.get("sent", 0) for one in done) == 60
    assert shop.said() == 60
    assert len(shop.ask("SELECT * FROM attempt")) == 60


def test_four_processes_worth_of_waves_at_once_change_nothing_twice(shop):
    shop.publish()
    shop.happen("hello", [f"p{number}" for number in range(60)])

    def one(_number):
        from lifeloop.work.wave import Wave

        with shop.open() as space:
            return asyncio.run(Wave(space, shop.hello, batch=7).run())

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    assert sum(each.get("admitted", 0) for each in done) == 60
    assert len(shop.ask("SELECT * FROM attempt")) == 60


def test_the_operator_sees_a_funnel_who_waits_and_the_last_wave(ready, ask):
    ready.wave(ready.hello)
    keys = {what: f"journey-{ready.hello}-{what}" for what in ("funnel", "waiting", "last-wave")}
    chosen = ArtifactFilter(key=ArtifactFilterKey(any_=list(keys.values())))
    found = {one.key: one.data for one in ask(lambda client: client.read_artifacts(artifact_filter=chosen))}
    assert json.loads(found[keys["funnel"]]) == [
        {"step": "send hello", "people": 3},
        {"step": "send later", "people": 0},
    ]
    (waiting,) = json.loads(found[keys["waiting"]])
    assert (waiting["step"], waiting["people"]) == ("wait 1", 3)
    assert "UTC" in waiting["next"]
    assert "| sent | 3 |" in found[keys["last-wave"]]


def test_events_can_be_hung_automations_on(ready, ask, settings, eventually):
    with ready.open() as space, space.store.transaction() as tx:
        journeys.halt(tx, "a test", 0)
    ready.wave_apart(ready.hello, settings, as_of=in_days(0.1))
    wanted = {"filter": {"event": {"prefix": ["lifeloop."]}, "resource": {"id": [f"journey.{ready.hello}"]}}}

    def names():
        answer = ask(lambda client: client.request("POST", "/events/filter", json=wanted))
        return {one["event"] for one in answer.json()["events"]}

    eventually(lambda: {"lifeloop.wave.finished", "lifeloop.wave.halted"} <= names())


def test_what_a_breaker_halts_is_told_with_its_figures(ready, ask, settings, eventually):
    with ready.open() as space, space.store.transaction() as tx:
        figures = {("journey", ready.hello, "left"): 200, ("journey", ready.hello, "bounced"): 20}
        halts.count(tx, figures, space.clock.now())
    ready.wave_apart(ready.hello, settings)
    wanted = {"filter": {"event": {"name": ["lifeloop.wave.halted"]}, "resource": {"id": [f"journey.{ready.hello}"]}}}

    def told():
        answer = ask(lambda client: client.request("POST", "/events/filter", json=wanted))
        return [one["payload"] for one in answer.json()["events"]]

    eventually(lambda: [one["by"] for one in told()] == ["bounces"])


def test_an_error_reaches_prefect_without_anybodys_data(ready, caplog):
    with ready.open() as space, space.store.transaction() as tx:
        tx.run("ALTER TABLE candidate RENAME TO gone")
    with caplog.at_level(logging.CRITICAL, "lifeloop"), pytest.raises(WaveFailedError) as found:
        ready.wave(ready.hello)
    assert "the wave failed (OperationalError)" in str(found.value)
    assert found.value.__cause__ is None


def test_nothing_that_prefect_keeps_holds_anybodys_data(server, shop, settings):
    """A canary: a name and an address that must not turn up anywhere in Prefect's database, whatever happens."""
    shop.publish()
    shop.happen("hello", ["canary"])
    shop.wave_apart(shop.hello, settings)
    with shop.open() as space, space.store.transaction() as tx:
        tx.run("ALTER TABLE visit RENAME TO gone")
    shop.happen("timer", ["canary"])
    shop.wave_apart(shop.timer, settings, fine=False)
    assert shop.said() == 1
    assert server
    files = [file for file in Path(settings["PREFECT_HOME"]).glob("prefect.db*") if file.is_file()]
    found = b"".join(file.read_bytes() for file in files).lower()
    assert shop.hello.encode() in found
    assert b"canary" not in found


def test_people_in_a_journey_whose_file_is_gone_go_on_with_upkeep(ready):
    ready.wave(ready.hello)
    ready.file(ready.hello).unlink()
    ready.publish()
    _make_due(ready)
    assert asyncio.run(upkeep_flow(ready.root, module="upkeep")())["moved"] == 3
    assert ready.said("a/later") == 3


def test_people_in_a_journey_whose_file_was_broken_go_on_with_what_is_live(ready):
    ready.wave(ready.hello)
    ready.file(ready.hello).write_text("steps: 3\n")
    with ready.open() as space:
        assert publish(space, space.clock.now()).broken == (ready.hello,)
    _make_due(ready)
    asyncio.run(upkeep_flow(ready.root, module="upkeep")())
    assert ready.said("a/later") == 3


def test_upkeep_leaves_the_others_to_their_own_flows(ready):
    assert "admitted" not in asyncio.run(upkeep_flow(ready.root, module="upkeep")())


def test_what_a_dead_process_left_is_settled_by_the_next_wave_once_nobody_can_hold_it(ready):
    ready.wave(ready.hello)
    with ready.open() as space, space.store.transaction() as tx:
        later = space.clock.now() + space.lease
        tx.run("UPDATE message SET status = 'attempting', owner = 'dead', lease_until = :later", later=later)
        tx.run("DELETE FROM rendered")
        tx.run("DELETE FROM attempt")
    ready.wave(ready.hello)
    assert ready.said() == 0
    ready.wave(ready.hello, as_of=in_days(0.1))
    assert ready.said() == 3


def _make_due(shop):
    with shop.open() as space, space.store.transaction() as tx:
        days = {"days": 3 * 86_400 + 1}
        tx.run(
            "UPDATE enrollment SET since = since - :days, due_at = due_at - :days, deadline = deadline - :days", **days
        )
