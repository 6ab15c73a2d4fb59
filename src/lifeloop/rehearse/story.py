"""A rehearsal told line by line: what happened, in words, with the line of the journey's file that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine.values import AskPerson, CallAction, Event, Record, SendMessage, Visited
from lifeloop.journey.condition import Happened as HappenedCondition
from lifeloop.journey.map_words import start_words
from lifeloop.journey.plan import Branch, Json, Node, Plan, Send, Wait, WaitFor
from lifeloop.journey.project import Journey
from lifeloop.journey.prose_time import until_words
from lifeloop.journey.saying import say_condition
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.reasons import dropped_words, held_visit, node_of
from lifeloop.rehearse.wording import Unwritten, Wording

UNKNOWN = "unknown"
SILENT = frozenset({"sent", "waits", "waited", "called", "asked", "recorded"})
"""Visits that another line tells, or that nothing is seen of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. ``kind`` is the word of its column; ``aside`` stands behind the words."""

    at: Instant
    kind: str
    words: str
    journey: str | None = None
    line: int | None = None
    aside: str = ""
    problem: str = ""
    """Why a message could not be written for this person."""
    data: Record = field(default_factory=dict)


class Story:
    """Tells what happened in some journeys."""

    def __init__(self, journeys: Mapping[str, Journey], wording: Wording) -> None:
        self._journeys = journeys
        self._wording = wording

    def lines(self, happened: Sequence[Happened]) -> Iterator[Line]:
        """Yield the story in order."""
        endings = self._endings(happened)
        for number, one in enumerate(happened):
            effect = one.effect
            if isinstance(effect, Event):
                yield Line(one.at, "event", effect.name, aside=endings.get(number, ""), data=effect.data)
            elif one.journey is not None:
                line = self._line(one, happened[:number])
                if line is not None:
                    yield line

    def _line(self, one: Happened, before: Sequence[Happened]) -> Line | None:
        journey = self._journeys[one.journey or ""]
        match one.effect:
            case SendMessage() as said:
                return self._said(one, said, journey)
            case CallAction(connection=connection, action=action) as asked:
                return self._spoken(one, "call", f"{connection}.{action}", asked, journey)
            case AskPerson(who=who) as asked:
                return self._spoken(one, "ask", who, asked, journey)
            case Visited() as visited if visited.what not in SILENT and journey.plan is not None:
                return self._visited(one, visited, journey, journey.plan, before)
            case _:
                return None

    def _said(self, one: Happened, said: SendMessage, journey: Journey) -> Line:
        words, problem = said.message, ""
        try:
            words = self._wording.subject(one, said) or said.message
        except Unwritten as reason:
            problem = str(reason)
        line = _line_of(journey, said.node)
        data = {"message": said.message, "channel": said.channel, "topic": said.policy.topic}
        return Line(one.at, said.channel, words, journey.name, line, problem=problem, data=data)

    def _spoken(self, one: Happened, kind: str, words: str, asked: CallAction | AskPerson, journey: Journey) -> Line:
        data: Record = {}
        problem = ""
        try:
            if isinstance(asked, CallAction):
                data = self._wording.request(one, asked)
            else:
                words = f"{words}: {self._wording.question(one, asked)}"
        except Unwritten as reason:
            problem = str(reason)
        return Line(one.at, kind, words, journey.name, _line_of(journey, asked.node), problem=problem, data=data)

    def _visited(
        self, one: Happened, visited: Visited, journey: Journey, plan: Plan, before: Sequence[Happened]
    ) -> Line | None:
        said = told(visited, node_of(plan, visited.node), plan)
        if said is None or (visited.what == "event" and _just_happened(one, visited, before)):
            return None
        kind, words = said
        line = None if visited.what in ("started", "goal") else _line_of(journey, visited.node)
        aside = ""
        if visited.what == "stopped" and (rule := _rule_line(journey, visited.detail)):
            line, aside = rule, "stop rule"
        return Line(one.at, kind, words, journey.name, line, aside, data=visited.data)

    def _endings(self, happened: Sequence[Happened]) -> dict[int, str]:
        """Return, per event that set off a stop rule, where that rule stands."""
        found: dict[int, str] = {}
        latest: dict[str, int] = {}
        for number, one in enumerate(happened):
            if isinstance(one.effect, Event):
                latest[one.effect.name] = number
            elif isinstance(one.effect, Visited) and one.effect.what == "stopped" and one.journey:
                journey = self._journeys[one.journey]
                event = _rule_event(journey, one.effect.detail)
                line = _rule_line(journey, one.effect.detail)
                if event in latest and line:
                    found[latest[event]] = f"→ stop rule, line {line}"
        return found


def told(  # noqa: C901, PLR0912  # one line for each thing that can happen
    visited: Visited, node: Node | None, plan: Plan
) -> tuple[str, str] | None:
    """Return the kind of a visit and its words."""
    match visited.what:
        case "started":
            late = "joins late, at the next date ahead" if visited.detail else ""
            return "starts", late or ", or ".join(start_words(trigger) for trigger in plan.triggers)
        case "held" if isinstance(node, Send):
            return "held", held_visit(node.policy, visited)
        case "dropped":
            return "dropped", f"{_name(node)}: {dropped_words(node, str(visited.data.get('rule')), visited.detail)}"
        case "missed" if isinstance(node, Wait):
            return "missed", f"{until_words(node.until)}: {visited.detail}"
        case "retimed":
            return "moved", "the date it waits for has moved"
        case "event":
            return "event", f"{visited.detail} had come already"
        case "time is up":
            return "time up", f"no {node.event} within {until_words(node.max)}" if isinstance(node, WaitFor) else ""
        case "chose" if isinstance(node, Branch):
            return "choose", _chosen(visited, node)
        case "split":
            return "split", f"{visited.data.get('experiment')}: {visited.detail}"
        case "set":
            return "set", assigned(visited.data)
        case "answered":
            return "answer", _answer(visited.data)
        case "entered":
            return "enter", visited.detail
        case "milestone":
            return "reached", visited.detail
        case "goal":
            return "goal", "goal reached"
        case "stopped":
            return "ends", f"stopped: {visited.detail}"
        case "completed":
            return "ends", visited.detail or "came to its end"
        case _:
            return None


def assigned(data: Record) -> str:
    """Return ``next_year_wish = upgrade``."""
    names = ((name.removeprefix("customer.").removeprefix("journey."), value) for name, value in data.items())
    return ", ".join(f"{name} = {shown(value)}" for name, value in names)


def shown(value: Json) -> str:
    """Return a value as a person writes it."""
    if value is None:
        return UNKNOWN
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _chosen(visited: Visited, node: Branch) -> str:
    case = visited.data.get("case")
    if isinstance(case, int):
        return say_condition(node.cases[case].when).replace("customer.", "")
    read = {name: value for name, value in visited.data.items() if name != "case"}
    known = ", ".join(f"{name.removeprefix('customer.')} is {shown(value)}" for name, value in read.items())
    word = "otherwise" if node.verb == "choose" else f"not so: {say_condition(node.cases[0].when)}"
    return f"{word}   ({known})" if known else word


def _answer(data: Record) -> str:
    if "approved" in data:
        return "approved" if data["approved"] else "declined"
    return ", ".join(f"{name}: {shown(value)}" for name, value in data.items())


def _name(node: Node | None) -> str:
    return node.message if isinstance(node, Send) else ""


def _just_happened(one: Happened, visited: Visited, before: Sequence[Happened]) -> bool:
    """Tell whether the event that a wait took has its own line at the same moment."""
    for earlier in reversed(before):
        if earlier.at != one.at:
            return False
        if isinstance(earlier.effect, Event) and earlier.effect.name == visited.detail:
            return True
    return False


def _line_of(journey: Journey, node: str | None) -> int | None:
    place = journey.places.get(node or "")
    return place.line if place else None


def _rule_line(journey: Journey, reason: str) -> int | None:
    for rule in journey.spec.stops if journey.spec else ():
        if reason == (rule.when.text if rule.when else "goal reached"):
            return rule.place.line
    return None


def _rule_event(journey: Journey, reason: str) -> str:
    for rule in journey.plan.stops if journey.plan else ():
        if rule.reason == reason and isinstance(rule.when, HappenedCondition):
            return rule.when.event
    return ""
