"""Steps as English sentences, numbered and nested. One sentence per step; small arms stand in the sentence itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lifeloop.journey.length import Length
from lifeloop.journey.map_words import share_words
from lifeloop.journey.moment import AtTime, FromAnchor, InHours, Moment, OnDate
from lifeloop.journey.prose_conditions import condition_words
from lifeloop.journey.prose_deeds import deed_words, send_words
from lifeloop.journey.prose_names import (
    Constants,
    capital,
    date_words,
    event_words,
    hours_words,
    template_words,
    words_of,
)
from lifeloop.journey.prose_time import counted, length_words, moment_words, until_words
from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    ChooseStep,
    IfStep,
    RepeatStep,
    SendStep,
    SplitStep,
    UseStep,
    WaitForStep,
    WaitStep,
)
from lifeloop.journey.times import say_time

MISSED = {"continue": ", even if that moment has passed", "stop": "; if that moment has passed, the journey ends"}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence. ``number`` is ``4.2``, or empty for the heading of an arm; ``depth`` is how far it is nested."""

    text: str
    number: str = ""
    depth: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Arm:
    """One way on: what must hold, and the steps."""

    heading: str
    steps: tuple[AnyStep, ...]
    nothing: str = ""
    """What is said when there are no steps; empty: nothing is."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Says steps. ``values``: the journey's constants, which are said outright."""

    values: Constants

    def steps(self, steps: Sequence[AnyStep], number: str = "", depth: int = 0, after: int = 0) -> Iterator[Said]:
        """Yield the sentences of a list of steps; waits are said together with what follows them."""
        lead: list[WaitStep] = []
        for step in _expanded(steps):
            if isinstance(step, WaitStep) and step.when is None:
                lead.append(step)
                continue
            after += 1
            yield from self.step(step, self.lead(lead), f"{number}{after}", depth)
            lead = []
        if lead:
            yield Said(f"Wait {self.waiting(lead)}.", f"{number}{after + 1}", depth, lead[0].place.line)

    def step(self, step: AnyStep, lead: str, number: str, depth: int) -> Iterator[Said]:
        """Yield the sentence of one step, and those nested in it."""
        guard = f"if {condition_words(step.when.tree, self.values)}, " if step.when else ""
        first, arms = self.sentence(step), [arm for arm in self.arms(step) if arm.steps or arm.nothing]
        note = f" ({step.note})" if step.note else ""
        start = f"{f'{lead}, ' if lead else ''}{guard}{first}"
        if all(self.inline(arm) is not None for arm in arms):
            inner = "; ".join(f"{arm.heading}, {self.inline(arm)}" for arm in arms)
            colon = ": " if isinstance(step, ChooseStep | SplitStep) else "; "
            whole = f"{start}{colon if first and inner else ''}{inner}"
            yield Said(f"{capital(whole)}.{note}", number, depth, step.place.line)
            return
        heading = f"{start}{'' if first else arms[0].heading}"
        yield Said(f"{capital(heading)}{'.' if first else ':'}{note}", number, depth, step.place.line)
        yield from self.forks(arms, f"{number}.", depth + 1, has_heading=not first)

    def forks(self, arms: Sequence[Arm], number: str, depth: int, *, has_heading: bool) -> Iterator[Said]:
        """Yield the arms of a step; with ``has_heading`` the first one was announced already."""
        count = 0
        for index, arm in enumerate(arms):
            if has_heading and index == 0:
                said = list(self.steps(arm.steps, number, depth, count))
            else:
                said = list(self.arm(arm, number, depth, count))
            count += sum(1 for part in said if part.number and part.depth == depth)
            yield from said

    def arm(self, arm: Arm, number: str, depth: int, after: int) -> Iterator[Said]:
        """Yield an arm under its heading."""
        inline = self.inline(arm)
        if inline is not None:
            yield Said(capital(f"{arm.heading}, {inline}."), "", depth)
            return
        yield Said(capital(f"{arm.heading}:"), "", depth)
        yield from self.steps(arm.steps, number, depth, after)

    def inline(self, arm: Arm) -> str | None:
        """Return an arm in a few words if it is that short."""
        steps = list(_expanded(arm.steps))
        if not steps:
            return arm.nothing
        if len(steps) > 1 or self.arms(steps[0]) or steps[0].when or steps[0].note:
            return None
        alone = steps[0]
        return f"wait {self.waiting([alone])}" if isinstance(alone, WaitStep) else self.sentence(alone)

    def lead(self, waits: Sequence[WaitStep]) -> str:
        """Return when the next thing happens: ``3 days later, at 10:00``."""
        return ", ".join(self.pause(wait.until) + MISSED.get(wait.missed, "") for wait in waits)

    def waiting(self, waits: Sequence[WaitStep]) -> str:
        """Return a wait that nothing follows: ``5 days``, ``until Tuesday 10:00``."""
        return ", then ".join(until_words(wait.until) for wait in waits)

    def pause(self, until: Length | Moment) -> str:
        """Return a wait as the beginning of a sentence."""
        match until:
            case Length():
                return f"{length_words(until)} later"
            case AtTime():
                return f"at {say_time(until.at)}"
            case FromAnchor():
                return self.anchor(until)
            case InHours():
                return f"as soon as the time is right ({hours_words(until.hours)})"
            case OnDate():
                return f"on {until.on.isoformat()} at {say_time(until.at)}"
            case _:
                day = moment_words(until).removesuffix(say_time(until.at)).removesuffix(" at ").strip()
                return f"on {day} at {say_time(until.at)}"

    def anchor(self, moment: FromAnchor) -> str:
        """Return ``75 days before the contract ends, at 10:00``."""
        at = f", at {say_time(moment.at)}" if moment.at else ""
        if moment.offset == Length():
            return f"when {date_words(moment.anchor)}{at}"
        side = "before" if moment.before else "after"
        return f"{length_words(moment.offset)} {side} {date_words(moment.anchor)}{at}"

    def at_most(self, until: Length | Moment) -> str:
        """Return the end of a wait."""
        return f"at most {length_words(until)}" if isinstance(until, Length) else f"no longer than {self.pause(until)}"

    def sentence(self, step: AnyStep) -> str:
        """Return what a step does, as an order; empty for ``if``, which is all arms."""
        match step:
            case SendStep():
                return send_words(step, self.values)
            case WaitForStep():
                where = f" where {condition_words(step.where.tree, self.values)}" if step.where else ""
                since = " from now on" if step.since_now else ""
                return f"wait{since} until {event_words(step.event)}{where}, {self.at_most(step.max)}"
            case ChooseStep():
                return "take the first that holds"
            case SplitStep():
                return f"share people out by chance (“{words_of(step.experiment)}”), each person always the same way"
            case RepeatStep():
                until = f", until {condition_words(step.until.tree, self.values)}" if step.until else ""
                return f"repeat {counted(step.times, 'time')}, every {length_words(step.every)}{until}"
            case AskStep():
                question = template_words(step.question, self.values)
                return f"ask {_person(step.who)} “{question}” and wait for the answer, {self.at_most(step.max)}"
            case _:
                return deed_words(step, self.values)

    def arms(self, step: AnyStep) -> tuple[Arm, ...]:
        """Return the ways on from a step."""
        match step:
            case WaitForStep():
                return Arm("when it comes", step.then), Arm("if nothing comes in time", step.otherwise or ())
            case IfStep():
                asked = f"if {condition_words(step.condition.tree, self.values)}"
                return Arm(asked, step.then, "go on"), Arm("otherwise", step.otherwise or ())
            case ChooseStep():
                arms = (
                    Arm(f"if {condition_words(arm.when.tree, self.values)}", arm.then, "go on") for arm in step.arms
                )
                return (*arms, Arm("otherwise", step.otherwise or ()))
            case SplitStep():
                return tuple(_path(path.name, path.share, path.steps) for path in step.into)
            case RepeatStep():
                return (Arm("each time", step.steps),)
            case AskStep():
                return Arm("if they agree", step.then), Arm("if they do not, or not in time", step.otherwise or ())
            case _:
                return ()


def _expanded(steps: Sequence[AnyStep]) -> Iterator[AnyStep]:
    for step in steps:
        if isinstance(step, UseStep):
            yield from _expanded(step.steps)
        else:
            yield step


def _path(name: str, share: int, steps: tuple[AnyStep, ...]) -> Arm:
    nothing = "nothing, for comparison" if name == "holdout" else "nothing"
    return Arm(f"{share_words(share)} (“{words_of(name)}”)", steps, nothing)


def _person(who: str) -> str:
    return who if "@" in who else f"the {words_of(who)}"
