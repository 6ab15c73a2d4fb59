"""Making the journeys in a folder the ones that run: all of them or none, and everybody they concern is told."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.routing import Start
from lifeloop.journey.plan import OnCalendar, OnMoment, Plan
from lifeloop.journey.plan_json import plan_to_json
from lifeloop.store import customers, journeys
from lifeloop.store.transaction import Tx
from lifeloop.store.values import PlanRow
from lifeloop.work.calling import plan_calendars
from lifeloop.work.routing import Due, schedule
from lifeloop.work.segmenting import fill_segments
from lifeloop.work.workspace import Workspace

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Published:
    """What changed: journeys that are new or other than before, those that are as they were, those that are gone."""

    changed: tuple[str, ...]
    same: tuple[str, ...]
    retired: tuple[str, ...]
    broken: tuple[str, ...]


def publish(space: Workspace, now: Instant) -> Published:
    """Make every valid journey of the project live. One with mistakes keeps the plan it had.

    Who is on the way goes on with the plan they began with. For journeys that start at a date everybody's start is
    worked out anew, and a segment that is new is asked of everybody: the one time that all customers are looked at.
    """
    with space.store.transaction() as tx:
        return publish_in(space, tx, now)


def publish_in(space: Workspace, tx: Tx, now: Instant) -> Published:
    """Do what ``publish`` does, inside a transaction that is open."""
    plans = {name: journey.plan for name, journey in space.project.journeys.items() if journey.plan}
    broken = sorted(space.project.journeys.keys() - plans.keys())
    before = {row.name: row.digest for row in journeys.rows(tx)}
    changed = [name for name, plan in plans.items() if before.get(name) != plan.digest]
    retired = [name for name, digest in before.items() if digest and name not in space.project.journeys]
    journeys.publish(tx, {name: _row(plans[name]) for name in changed}, now)
    journeys.retire(tx, retired)
    _schedule(tx, [plans[name] for name in changed], now)
    fill_segments(space, tx, now)
    return Published(
        tuple(sorted(changed)), tuple(sorted(plans.keys() - set(changed))), tuple(sorted(retired)), tuple(broken)
    )


def _row(plan: Plan) -> PlanRow:
    return PlanRow(plan.journey, plan.digest, plan_to_json(plan))


def _schedule(tx: Tx, changed: list[Plan], now: Instant) -> None:
    starts = [Start(plan, trigger) for plan in changed for trigger in plan.triggers]
    dated = [start for start in starts if isinstance(start.trigger, OnMoment)]
    calendars = [start for start in starts if isinstance(start.trigger, OnCalendar)]
    plan_calendars(tx, [plan.journey for plan in changed], calendars, now)
    last = 0
    while dated and (page := customers.ids_after(tx, last, PAGE)):
        # Read under their locks: what an import is writing at this moment is not overwritten with what was before.
        customers.lock(tx, page)
        schedule(tx, [Due(one, start) for one in page for start in dated], now)
        last = page[-1]
