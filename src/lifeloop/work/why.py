"""Why somebody is where they are in a journey, or never came in: every rule that was asked, with what it read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine import entry
from lifeloop.engine.conditions import audience_scope, holds
from lifeloop.engine.explain import Explained, explain, read_by
from lifeloop.engine.routing import start_moment
from lifeloop.engine.scope import Scope
from lifeloop.engine.timing import add_length, next_occurrence
from lifeloop.engine.values import Candidate, Facts, Record, Refusal, Status
from lifeloop.journey.condition import ALWAYS, AllOf, Condition, InSegment, Named
from lifeloop.journey.lengths import say_length
from lifeloop.journey.map_words import start_words
from lifeloop.journey.plan import Json, OnCalendar, OnChange, OnEvent, OnMoment, OnSegment, Plan, Trigger
from lifeloop.journey.saying import say_condition
from lifeloop.rehearse.story import shown
from lifeloop.store import candidates, enrollments, events, objects
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CandidateRow, Customer, PastRun, Run, StoredEvent, Subject
from lifeloop.work.knowing import Wanted, learn, members_of
from lifeloop.work.unsent import Unsent, unsent
from lifeloop.work.workspace import Workspace

MOST_THINGS = 5
"""Things of one customer that are told one by one."""
Say = Callable[[Instant], str]
"""A moment in words, on the customer's clock."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: what it asks, what it found, and whether it holds; None: that is still to come."""

    rule: str
    words: str
    found: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Case:
    """The rules of a journey for one customer, or for one thing of theirs."""

    about: str | None
    checks: tuple[Check, ...] = ()

    @property
    def may_enter(self) -> bool:
        """Tell whether one of the starts may let them in, and no other rule says no."""
        starts = [check.holds is not False for check in self.checks if check.rule == "start"]
        return any(starts) and all(check.holds is not False for check in self.checks if check.rule != "start")


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that answers the question."""

    plan: Plan
    runs: tuple[Run, ...]
    """Of this customer in this journey, the oldest first."""
    starts: tuple[CandidateRow, ...]
    """Starts that are still to be decided."""
    cases: tuple[Case, ...] = field(default_factory=tuple)
    unsent: tuple[Unsent, ...] = ()
    """What their runs did not say, or not yet."""

    @property
    def active(self) -> tuple[Run, ...]:
        """Return the runs that are on the way."""
        return tuple(run for run in self.runs if run.state.status is Status.WAITING)


def ask_why(space: Workspace, tx: Tx, customer: Customer, plan: Plan, say: Say) -> Why:
    """Return why a customer is, was or is not in a journey."""
    runs = tuple(run for run in enrollments.of_customer(tx, customer.id) if run.journey == plan.journey)
    waiting = candidates.of_customer(tx, customer.id, plan.journey)
    past = enrollments.past(tx, [(customer.id, plan.journey)]).get((customer.id, plan.journey), ()) if runs else ()
    now = space.clock.now()
    found = []
    for key in _keys(tx, customer, plan):
        facts = learn(tx, [Wanted(Subject(customer.id, None, plan.object, key), plan)], space.catalogue, now)[0]
        found.append(Case(key, tuple(_Asked(space, tx, customer, plan, facts, now, say).checks(key, past))))
    if plan.object is not None and not found:
        lacking = Check("object", f"the journey is about a {plan.object}", f"no {plan.object} is known", False)
        found.append(Case(None, (lacking,)))
    return Why(plan, runs, waiting, tuple(found), unsent(space, tx, runs))


def _keys(tx: Tx, customer: Customer, plan: Plan) -> Sequence[str | None]:
    if plan.object is None:
        return [None]
    things = objects.of_customers(tx, [customer.id], {plan.object})
    return [thing.key for thing in things[:MOST_THINGS]]


class _Asked:
    """All rules of one journey, asked about one customer now."""

    def __init__(
        self, space: Workspace, tx: Tx, customer: Customer, plan: Plan, facts: Facts, now: Instant, say: Say
    ) -> None:
        self._space = space
        self._tx = tx
        self._customer = customer
        self._plan = plan
        self._facts = facts
        self._now = now
        self._say = say
        self._scope = audience_scope(plan, facts, now, {})

    def checks(self, key: str | None, past: Sequence[PastRun]) -> Iterator[Check]:
        """Yield the rules in the order in which they are asked."""
        started, start = False, self._scope
        for trigger in self._plan.triggers:
            check, data = self._start(trigger)
            yield check
            if not started and data is not self._scope:
                started, start = check.holds is not False, data
        for part in _parts(self._plan.audience):
            yield self._audience(explain(part, start))
        yield self._again(key, start.start, past)

    def _start(self, trigger: Trigger) -> tuple[Check, Scope]:
        match trigger:
            case OnEvent():
                return self._by_event(trigger)
            case OnMoment():
                return self._by_date(trigger), self._scope
            case OnSegment(segment=name, leaves=leaves):
                return self._by_segment(trigger, name, leaves=leaves), self._scope
            case OnChange(attribute=attribute):
                value = self._facts.customer.get(attribute.path[0]) if attribute.root == "customer" else None
                return Check("start", start_words(trigger), f"it is {shown(value)} now", None), self._scope
            case OnCalendar(every=every):
                due = next_occurrence(every, self._now, self._scope.zone)
                return Check("start", start_words(trigger), f"next {self._say(due)}", None), self._scope
            case _:
                return Check("start", start_words(trigger), "nothing starts it by itself", None), self._scope

    def _by_segment(self, trigger: OnSegment, name: str, *, leaves: bool) -> Check:
        """Tell whether they are in the segment, and if not, which lines of it do not hold."""
        catalogue = self._space.catalogue
        inside = name in members_of([name], self._facts, self._plan, catalogue, self._now)
        found = f"they are {'' if inside else 'not '}in it now"
        parts = [explain(part, self._scope) for part in _parts(catalogue.segments.get(name, ALWAYS))]
        unmet = [f"{say_condition(part.condition)} ({_found(part, self._say)})" for part in parts if not part.holds]
        return Check("start", start_words(trigger), "; not so: ".join([found, *unmet]), inside is not leaves)

    def _by_event(self, trigger: OnEvent) -> tuple[Check, Scope]:
        happened = events.named(self._tx, self._customer.id, trigger.event)
        fits = [one for one in happened if holds(trigger.where, self._told(one))]
        words = start_words(trigger)
        if trigger.where != ALWAYS:
            words += f" where {say_condition(trigger.where)}"
        if not fits:
            often = f"it happened {_times(len(happened))}, never like this" if happened else "it never happened"
            return Check("start", words, often, False), self._scope
        latest = fits[-1]
        if add_length(latest.at, self._plan.grace, self._scope.zone, country=self._plan.country) < latest.received_at:
            found = f"it happened {self._say(latest.at)}, and we were told {self._say(latest.received_at)}: too late"
            return Check("start", words, found, False), self._told(latest)
        return Check("start", words, f"it happened {self._say(latest.at)}", True), self._told(latest)

    def _told(self, event: StoredEvent) -> Scope:
        return audience_scope(self._plan, self._facts, self._now, event.data)

    def _by_date(self, trigger: OnMoment) -> Check:
        words = start_words(trigger)
        if trigger.where != ALWAYS:
            words += f" where {say_condition(trigger.where)}"
        moment = start_moment(trigger, self._scope)
        if moment is None:
            unknown = " and ".join(dict.fromkeys(str(each.anchor) for each in trigger.moments))
            return Check("start", words, f"{unknown} is unknown", False)
        if not holds(trigger.where, self._scope):
            return Check("start", words, _found(explain(trigger.where, self._scope), self._say), False)
        if moment > self._now:
            return Check("start", words, f"that is {self._say(moment)}", None)
        candidate = Candidate(self._plan.journey, moment, "date")
        if isinstance(entry.first_look(self._plan, candidate, self._scope), Refusal):
            return Check("start", words, f"that was {self._say(moment)}; all of it is over", False)
        return Check("start", words, f"that was {self._say(moment)}, passed", True)

    def _audience(self, part: Explained) -> Check:
        return Check("audience", say_condition(part.condition), _found(part, self._say), part.holds)

    def _again(self, key: str | None, start: Record, past: Sequence[PastRun]) -> Check:
        again = self._plan.again
        words = {
            "never": "once in a lifetime" if self._plan.object is None else f"once per {self._plan.object}",
            "always": "as often as it starts",
            "once": f"once per {again.per}",
        }.get(again.rule) or f"again after {say_length(again.after) if again.after else ''}"
        candidate = Candidate(self._plan.journey, self._now, "hand", start, object_key=key)
        subject = entry.subject_of(self._plan, candidate, self._facts, self._now)
        same = [run for run in past if run.subject == subject]
        if not same:
            return Check("again", words, "they were not in it before", True)
        latest = same[-1]
        found = f"{_times(len(same))}, last begun {self._say(latest.started_at)}"
        if any(run.status == Status.WAITING for run in same):
            return Check("again", words, "they are on the way now", False)
        if again.rule == "after" and again.after is not None:
            free = add_length(latest.started_at, again.after, self._scope.zone, country=self._plan.country)
            return Check("again", words, f"{found}; not before {self._say(free)}", free <= self._now)
        return Check("again", words, found, again.rule == "always")


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if condition == ALWAYS:
        return ()
    return condition.parts if isinstance(condition, AllOf) else (condition,)


def _found(part: Explained, say: Say) -> str:
    """Return what a condition read, in words."""
    if isinstance(part.condition, InSegment | Named):
        return "they are in it" if part.holds else "they are not"
    read = read_by(part)
    last = read.get("last at")
    words = [_read(name, value) for name, value in read.items() if name != "last at"]
    if isinstance(last, int) and words:
        words[-1] += f", last {say(last)}"
    return "; ".join(words) if len(words) != 1 else words[0].partition(": ")[2] or words[0]


def _read(name: str, value: Json) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and name.partition(" ")[2]:
        return f"{name}: {_times(value)}" if value else f"{name}: never"
    return f"{name}: it is {shown(value)}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
