"""A process worker as an installation runs it: it wakes for timers, survives a kill, and shows what is broken."""

import asyncio
import os
import signal
from datetime import UTC, datetime

import pytest
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import StateType

from lifeloop.clock import SystemClock
from lifeloop.flows.going_live import go_live
from lifeloop.flows.waking import wake

pytestmark = [pytest.mark.prefect, pytest.mark.crash]
POOL = "workers"
"""Only what these tests deploy runs here."""
CROWD = 3000


@pytest.fixture(scope="module")
def worked(tmp_path_factory, another_shop):
    return another_shop(tmp_path_factory.mktemp("worked"), "worked")


@pytest.fixture(scope="module")
def worker(settings, started, tmp_path_factory):
    """A worker that looks every second; Prefect's usual ten would only make the tests longer."""
    log = tmp_path_factory.mktemp("log") / "worker.log"
    words = ["prefect", "worker", "start", "--pool", POOL, "--type", "process", "--limit", "4"]
    with started(words, {**settings, "PREFECT_WORKER_QUERY_SECONDS": "1"}, log) as process:
        yield process


@pytest.fixture
def live(server, worked, worker):
    with worked.open() as space:
        asyncio.run(go_live(space, POOL))
    assert server
    assert worker.poll() is None
    return worked


def runs_of(ask, flow):
    runs = ask(lambda client: client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow]))))
    return [run for run in runs if run.state.type != StateType.SCHEDULED]


def test_an_event_wakes_its_journey_and_its_timer_is_picked_up_long_before_the_next_safety_run(live, ask, eventually):
    woken = live.happen("timer", ["ana"])
    due = {journey: SystemClock().now() for journey in woken}
    assert woken == {live.timer}
    asyncio.run(wake(due, SystemClock().now()))
    eventually(lambda: live.said("a/later"))
    eventually(lambda: all(run.state.is_completed() for run in runs_of(ask, live.timer)))
    # One for the event, one for the timer; on a slow machine a wave may end just before the timer, and look again, or
    # last until then.
    assert len(runs_of(ask, live.timer)) <= 3
    assert runs_of(ask, live.hello) == []


def test_a_broken_file_fails_with_its_mistake_and_the_other_journey_runs_on(live, ask, eventually):
    live.publish()
    file, before = live.file(live.timer), live.file(live.timer).read_text()
    seen = len(runs_of(ask, live.timer))
    file.write_text(before.replace("a/later", "a/latr"))
    try:
        live.happen("hello", ["bo"])
        asyncio.run(wake(dict.fromkeys((live.timer, live.hello), SystemClock().now()), SystemClock().now()))
        eventually(live.said)
        eventually(lambda: len([r for r in runs_of(ask, live.timer) if r.state.is_failed()]) == 1)
    finally:
        file.write_text(before)
    failed = next(run for run in runs_of(ask, live.timer) if run.state.is_failed())
    assert "a/latr" in failed.state.message
    assert "a/later" in failed.state.message
    assert len(runs_of(ask, live.timer)) == seen + 1


def test_a_killed_engine_loses_nothing_and_says_nothing_twice(live, worker, children, ask, eventually):
    already = live.said()
    live.happen("hello", [f"c{number}" for number in range(CROWD)])
    asyncio.run(wake({live.hello: SystemClock().now()}, SystemClock().now()))
    eventually(lambda: already + 20 < live.said() < already + CROWD, every=0.05)
    for engine in children(worker.pid):
        os.kill(engine, signal.SIGKILL)
    killed_at = live.said()
    assert killed_at < already + CROWD
    eventually(lambda: any(run.state.is_crashed() for run in runs_of(ask, live.hello)))
    asyncio.run(wake({live.hello: SystemClock().now()}, SystemClock().now()))
    eventually(lambda: live.said() >= already + CROWD - 500)
    live.wave(live.hello, as_of=in_minutes(10))
    assert live.said() == already + CROWD
    sent = live.ask("SELECT customer_id, count(*) AS n FROM message WHERE name = 'a/hello' GROUP BY 1")
    assert {row.n for row in sent} == {1}
    assert {row.status for row in live.ask("SELECT DISTINCT status FROM message WHERE name = 'a/hello'")} == {"sent"}


def in_minutes(minutes):
    return datetime.fromtimestamp(SystemClock().now() + minutes * 60, UTC).isoformat()
