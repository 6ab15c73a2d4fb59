"""``lifeloop why``: why somebody is, was or is not in a journey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.text import Text

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import iso, iso_or_none, when, zone_for
from lifeloop.cli.shapes import FLAG, INSTANT, TEXT, document, fields_of, many, maybe, one_of

if TYPE_CHECKING:
    from lifeloop.store.values import Customer, Run
    from lifeloop.work.unsent import Unsent
    from lifeloop.work.why import Check, Why
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "Why a customer is, was or is not in a journey. `cases`: its rules, asked now; one case, or one for each thing that"
    " the journey is about. `holds` is null for what is still to come. `unsent`: messages of their runs that did not"
    " leave (yet), and why; `skipped` were not even written down to be sent.",
    customer=TEXT,
    journey=TEXT,
    answer=TEXT,
    notes=many(TEXT),
    cases=many(
        fields_of(
            about=maybe(TEXT),
            may_enter=FLAG,
            checks=many(
                fields_of(
                    rule=one_of("start", "audience", "again", "object"), words=TEXT, found=TEXT, holds=maybe(FLAG)
                )
            ),
        )
    ),
    runs=many(
        fields_of(
            started=INSTANT,
            status=TEXT,
            reason=maybe(TEXT),
            about=maybe(TEXT),
            step=maybe(TEXT),
            waits=TEXT,
            held=maybe(TEXT),
            until=maybe(INSTANT),
        )
    ),
    unsent=many(fields_of(message=TEXT, status=TEXT, why=TEXT, until=maybe(INSTANT))),
)
FEW = 5
"""Starts to come that are shown."""


def why(who: str, journey: JourneyName, /, *, here: Here) -> int:
    """Say why somebody is, was or is not in a journey: every rule, with what it found.

    Parameters
    ----------
    who
        The customer: their id or e-mail address.
    journey
        The journey, such as renewal.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.finding import find_customer, find_plan
    from lifeloop.work.never import in_words, never
    from lifeloop.work.why import ask_why

    with rooms(here) as space:
        with space.store.reading() as tx:
            _check_order(space, tx, who, journey)
            found = find_customer(tx, who)
            plan = find_plan(space, tx, journey)
            told = _Told(here, space, found)
            answer = ask_why(space, tx, found, plan, told.moment)
            told.learn(tx, answer)
            told.notes = (*told.obstacles(tx, journey), *(in_words(row) for row in never(tx, found)))
        if here.out.as_json:
            here.out.json(told.document(answer))
        else:
            told.print(answer)
    return Exit.FINE


def _check_order(space: Workspace, tx: Any, who: str, journey: str) -> None:
    """Notice a journey where the customer belongs.

    Raises:
        WrongUsage: the first word is a journey, and the second is none.
    """
    from lifeloop.store import journeys

    named = {*space.project.journeys, *(row.name for row in journeys.rows(tx))}
    if who in named and journey not in named:
        raise WrongUsage(f'"{who}" is a journey: the customer comes first', hint=f"lifeloop why {journey} {who}")


class _Told:
    """The answer, in words on the customer's clock."""

    def __init__(self, here: Here, space: Workspace, customer: Customer) -> None:
        self._here = here
        self._space = space
        self._customer = customer
        self._now = space.clock.now()
        self._zone: ZoneInfo = zone_for(customer.data.get("timezone"), space.catalogue.timezone)
        self.notes: tuple[str, ...] = ()
        self._held: dict[int, str] = {}

    def learn(self, tx: Any, answer: Why) -> None:
        """Look up what holds the messages that runs are at, and whose message has their place."""
        from lifeloop.work.story import holding

        self._held = {run.id: words for run in answer.active if (words := holding(self._space, tx, run))}

    def moment(self, instant: int) -> str:
        """Return a moment in words."""
        return when(instant, self._zone, self._now)

    def obstacles(self, tx: Any, journey: str) -> Iterator[str]:
        """Yield what keeps everybody, whoever it is."""
        from lifeloop.store import journeys

        row = next((one for one in journeys.rows(tx) if one.name == journey), None)
        halted = journeys.halted(tx)
        if row is None or row.digest is None:
            yield "the journey is not live: nobody enters"
        elif row.paused_at is not None:
            yield f"the journey rests since {self.moment(row.paused_at)}: {row.reason}"
        if halted:
            yield f"nothing leaves at all: {halted}"

    def print(self, answer: Why) -> None:
        """Say it on the terminal."""
        out = self._here.out
        out.print(Text(self._answer(answer), "bold"))
        for note in self.notes:
            out.print(Text(f"  {note}", "yellow"))
        for run in answer.runs:
            say(out, "run", *self._run(run))
        for one in answer.unsent:
            words = Text(f"{one.status}: {one.why}" if one.why else one.status, "yellow")
            say(out, "message", one.message, words, self._until(one))
        due = sum(row.candidate.due_at <= self._now for row in answer.starts)
        if due:
            say(out, "next", "decided with the next wave" + (f" ({due:,} starts)" if due > 1 else ""))
        for row in [one for one in answer.starts if one.candidate.due_at > self._now][:FEW]:
            say(out, "next", "may start", self.moment(row.candidate.due_at), row.candidate.object_key or "")
        for case in answer.cases:
            if case.about:
                out.print(f"  {case.about}", style="bold")
            for check in case.checks:
                self._check(check)
        self._try_it(answer)

    def _check(self, check: Check) -> None:
        word = {True: "holds", False: "does not hold", None: "to come"}[check.holds]
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("…", "yellow")}[check.holds]
        sign = Text(word if self._here.out.plain else mark, style)
        say(self._here.out, check.rule, Text.assemble(sign, " ", check.words), Text(check.found, "dim"))

    def _answer(self, answer: Why) -> str:
        name, journey = self._name(), answer.plan.journey
        if answer.active:
            run = answer.active[-1]
            return f"{name} is on the way in {journey} since {self.moment(run.state.started_at)}."
        if answer.runs:
            return f"{name} was in {journey}: {_ending(answer.runs[-1])}."
        if any(row.candidate.due_at > self._now for row in answer.starts):
            return f"{name} has not entered {journey} yet."
        return f"{name} has never entered {journey}."

    def _run(self, run: Run) -> Iterator[str]:
        state = run.state
        yield f"begun {self.moment(state.started_at)}"
        if state.node is None:
            yield _ending(run)
            return
        yield self._waits(run)
        if held := self._held.get(run.id):
            yield f"held: {held}"
        if state.due_at is not None:
            yield "looked at now" if state.due_at <= self._now else f"until {self.moment(state.due_at)}"

    def _waits(self, run: Run) -> str:
        from lifeloop.rehearse.reasons import node_of
        from lifeloop.work.status import waiting_words

        plan = self._space.plans.known.get(run.plan)
        return waiting_words(node_of(plan, run.state.node)) if plan and run.state.node else ""

    def _until(self, one: Unsent) -> str:
        return f"until {self.moment(one.until)}" if one.until is not None and one.until > self._now else ""

    def _try_it(self, answer: Why) -> None:
        out, journey = self._here.out, answer.plan.journey
        key = self._customer.key
        sample = f" --as {key}" if key in self._space.project.people else ""
        say(out, "try it", f"lifeloop simulate {journey}{sample}", f"lifeloop customer {key}")

    def _name(self) -> str:
        return str(self._customer.data.get("first_name") or self._customer.key)

    def document(self, answer: Why) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "customer": self._customer.key,
            "journey": answer.plan.journey,
            "answer": self._answer(answer),
            "notes": list(self.notes),
            "cases": [
                {
                    "about": case.about,
                    "may_enter": case.may_enter,
                    "checks": [
                        {"rule": one.rule, "words": one.words, "found": one.found, "holds": one.holds}
                        for one in case.checks
                    ],
                }
                for case in answer.cases
            ],
            "runs": [
                {
                    "started": iso(run.state.started_at),
                    "status": str(run.state.status),
                    "reason": run.state.reason,
                    "about": run.object_key,
                    "step": run.state.node,
                    "waits": self._waits(run),
                    "held": self._held.get(run.id),
                    "until": iso_or_none(run.state.due_at),
                }
                for run in answer.runs
            ],
            "unsent": [
                {"message": one.message, "status": one.status, "why": one.why, "until": iso_or_none(one.until)}
                for one in answer.unsent
            ],
        }


def _ending(run: Run) -> str:
    word = {"completed": "came to its end", "stopped": "stopped", "failed": "failed"}.get(str(run.state.status), "")
    return f"{word}: {run.state.reason}" if run.state.reason else word
