"""``start.date`` is always there: the event's own, or else the day the run began."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lifeloop.engine.entry import enter
from lifeloop.engine.scope import run_scope
from lifeloop.engine.values import Candidate, Facts
from lifeloop.journey.plan import OnEvent, Plan, Stop

PLAN = Plan("hello", "d", "Hello", "welcome", (OnEvent("contract.started"),), (Stop("stop", "done"),), "stop")
EVENING = int(datetime(2026, 3, 2, 22, 30, tzinfo=UTC).timestamp())


def begun(start):
    facts = Facts("ana", {"timezone": "Europe/Athens"})
    state = enter(PLAN, Candidate("hello", EVENING, "event", start, 1), facts=facts, now=EVENING)
    return run_scope(PLAN, ZoneInfo("Europe/Athens"), state, facts, EVENING)


def test_without_a_date_of_its_own_the_start_is_the_customers_day():
    assert begun({"plan": "plus"}).start == {"plan": "plus", "date": "2026-03-03"}


def test_an_events_own_date_stays():
    assert begun({"date": "2026-02-27"}).start == {"date": "2026-02-27"}


def test_the_event_itself_is_not_touched():
    assert begun({"plan": "plus"}).event == {"plan": "plus"}
