"""What made-up customers do: buy, answer about half of what they are asked, open and click some of what they get.

Everything is drawn by keyed hash from the seed, the person and the moment, so the same seed is the same year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine.chance import fraction_of
from lifeloop.engine.values import Record, State
from lifeloop.engine.zones import utc
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.condition import AllOf, AnyOf, Compare, Condition, DataName, Happened, Not
from lifeloop.journey.plan import Branch, Json, OnEvent, Plan, Set, WaitFor

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY

STARTS_A_YEAR = 1.1
ANSWERS = 0.55
APPROVES = 0.8
SUCCEEDS = 0.35
"""How likely somebody does what a journey is for, when it does not ask for it in so many words."""
OPENS = 0.6
CLICKS = 0.25
GOOD_MOOD = 0.72
MORNING = 6 * HOUR
MONTH = 30
LATELY = 7 * DAY
SOON = 30 * DAY
UNASKED = 0.06
"""How likely an event that nobody waits for, such as a cancellation, happens to a person within a year."""
SAID = {
    "comment": (
        "The box was already open when it came.",
        "It took a week longer than you said.",
        "It works, but setting it up cost me a whole evening.",
        "I had to explain the same thing three times.",
        "Not what I saw on the picture.",
    ),
    "about": ("the bill", "the delivery", "the app", "the installation"),
    "subject": ("A question about my bill", "The app does not start", "My order is late"),
    "product": ("Sunny plug", "Sunny reader", "Balcony panel"),
    "solution": ("a new one is on its way", "the amount has been paid back", "the bill has been corrected"),
}
"""What made-up customers say where an attribute of that name takes any text: mails quote it."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Something a made-up customer, or a colleague of ours, does. ``name``: the event, or the message."""

    at: Instant
    what: str
    name: str
    data: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Temper:
    """How a project's customers behave: what they may say is taken from what the journeys ask for."""

    seed: int
    catalogue: Catalogue
    plans: Mapping[str, Plan]
    words: Mapping[str, tuple[Json, ...]]
    wanted: frozenset[str] = frozenset()
    """Events that start journeys."""
    unwanted: frozenset[str] = frozenset()
    """Events that nobody waits for, or that start what puts something right."""

    @classmethod
    def of(cls, seed: int, catalogue: Catalogue, plans: Mapping[str, Plan]) -> Temper:
        """Read the journeys for the words they listen to."""
        awaited = {node.event for plan in plans.values() for node in plan.nodes if isinstance(node, WaitFor)}
        starting, troubling = _starting(plans.values())
        others = {name for plan in plans.values() for name in plan.listens} - awaited - starting | troubling
        known = frozenset(others & catalogue.events.keys())
        return cls(seed, catalogue, plans, _words(plans.values()), frozenset(starting - troubling), known)

    def unasked(
        self, person: str, things: Mapping[str, tuple[Record, ...]], begin: Instant, end: Instant
    ) -> list[Doing]:
        """Return what a person does of their own accord: what starts journeys, and now and then what ends them."""
        doings = [*self._now_and_then(person, self.wanted, STARTS_A_YEAR, begin, end)]
        doings += self._now_and_then(person, self.unwanted, UNASKED, begin, end)
        return [self._about(doing, things) for doing in sorted(doings, key=lambda one: one.at)]

    def answer(self, person: str, node: WaitFor, state: State, until: Instant, now: Instant) -> Doing | None:
        """Return the answer to a wait, if this person gives one before its time is up."""
        key = f"{person}:{node.id}:{now}"
        if self._draw(key, "answers") >= ANSWERS:
            return None
        # Most answers come soon: the square pulls them towards the beginning.
        at = now + HOUR + int((until - now - 2 * HOUR) * self._draw(key, "when") ** 2)
        data = {**self._data(node.event, key, at), **_asked_for(node.where, state.start)}
        return Doing(_awake(at), "event", node.event, data) if at < until else None

    def success(self, person: str, plan: Plan, now: Instant) -> Doing | None:
        """Return what a journey is for, done by somebody who has just begun it, if they do it."""
        goal = plan.goal
        awaited = {node.event for node in plan.nodes if isinstance(node, WaitFor)}
        if not isinstance(goal, Happened) or goal.negated or goal.event in awaited:
            return None
        key = f"{person}:{plan.journey}:{now}"
        if self._draw(key, "succeeds") >= SUCCEEDS:
            return None
        days = goal.span.length.days if goal.span.length else 0
        at = _awake(now + DAY + int((days or MONTH) * DAY * self._draw(key, "soon")))
        return Doing(at, "event", goal.event, self._data(goal.event, key, at))

    def reactions(self, person: str, message: str, now: Instant) -> Iterator[Doing]:
        """Yield whether and when a message is opened, and clicked."""
        key = f"{person}:{message}:{now}"
        opened = now + HOUR + int(self._draw(key, "opened") * DAY)
        if self._draw(key, "opens") < OPENS:
            yield Doing(opened, "open", message)
            if self._draw(key, "clicks") < CLICKS / OPENS:
                yield Doing(opened + 60, "click", message)

    def decision(self, who: str, now: Instant, until: Instant) -> Doing | None:
        """Return what a colleague answers to a question, if they do in time."""
        at = now + HOUR + int((until - now) * self._draw(f"{who}:{now}", "decides") ** 2)
        approved = self._draw(f"{who}:{now}", "approves") < APPROVES
        return Doing(at, "answer", "approved" if approved else "declined") if at < until else None

    def _now_and_then(
        self, person: str, names: Iterable[str], a_year: float, begin: Instant, end: Instant
    ) -> Iterator[Doing]:
        for name in sorted(names):
            key = f"{person}:{name}"
            expected = a_year * (end - begin) / YEAR
            many = int(expected) + (self._draw(key, "one more") < expected % 1)
            for number in range(many):
                at = begin + int((end - begin) * self._draw(f"{key}:{number}", "when"))
                yield Doing(_awake(at), "event", name, self._data(name, f"{key}:{number}", at))

    def _about(self, doing: Doing, things: Mapping[str, tuple[Record, ...]]) -> Doing:
        """Let an event that names a thing name one that this person has."""
        own = {
            kind.key: those[0][kind.key] for name, kind in self.catalogue.objects.items() if (those := things.get(name))
        }
        fitting: dict[str, Json] = {key: value for key, value in own.items() if key in doing.data}
        return Doing(doing.at, doing.what, doing.name, {**doing.data, **fitting})

    def _data(self, event: str, key: str, at: Instant) -> dict[str, Json]:
        declared = self.catalogue.events.get(event)
        attributes = declared.attributes if declared else {}
        return {name: self._value(one, event, f"{key}:{name}", at) for name, one in attributes.items()}

    def _value(self, attribute: Attribute, event: str, key: str, at: Instant) -> Json:
        draw = self._draw(key, "value")
        words = attribute.choices or self.words.get(f"{event}.{attribute.name}", ())
        if words:
            return words[int(draw * len(words))]
        if attribute.low is not None and attribute.high is not None:
            # People who answer are mostly content: seven tenths give one of the best three.
            top = (
                attribute.high - 2 * draw / GOOD_MOOD
                if draw < GOOD_MOOD
                else attribute.low + (attribute.high - 3) * draw
            )
            return round(top)
        return _plain(attribute, draw, at)

    def _draw(self, key: str, what: str) -> float:
        return fraction_of(f"{self.seed}:{key}:{what}")


def _starting(plans: Iterable[Plan]) -> tuple[set[str], set[str]]:
    """Return the events that start journeys, and those of them that nobody wishes for: what starts a recovery."""
    starts = {(one.event, plan.phase) for plan in plans for one in plan.triggers if isinstance(one, OnEvent)}
    troubling = {event for event, phase in starts if phase == "recovery"}
    return {event for event, _ in starts}, troubling


def _plain(attribute: Attribute, draw: float, at: Instant) -> Json:
    match attribute.type:
        case "money":
            return round(20 + 180 * draw, 2)
        case "number":
            return round(1 + 9 * draw)
        case "boolean":
            return draw < GOOD_MOOD
        case "date":
            return utc(_near(at, draw))[:10]
        case "datetime":
            return utc(_near(at, draw))
        case _ if said := SAID.get(attribute.name):
            return said[int(draw * len(said))]
        case _:
            return f"{attribute.name.upper()[:1]}-{int(draw * 1_000_000):06d}"


def _near(at: Instant, draw: float) -> Instant:
    """Return a moment around one at which something is done: people speak of last week and of next month."""
    return at + int((SOON + LATELY) * draw) - LATELY


def _awake(at: Instant) -> Instant:
    """Move the hours of the night to the evening before: people sleep."""
    return at - 8 * HOUR if at % DAY < MORNING else at


def _asked_for(where: Condition, start: Record) -> dict[str, Json]:
    """Return the data that make an answer fit: ``event.order_id is start.order_id``."""
    found: dict[str, Json] = {}
    for part in _parts(where):
        if isinstance(part, Compare) and part.operator == "is" and part.subject.root == "event":
            operand = part.operands[0]
            if isinstance(operand, DataName) and operand.root == "start":
                found[part.subject.path[0]] = start.get(operand.path[0])
    return found


def _words(plans: Iterable[Plan]) -> dict[str, tuple[Json, ...]]:
    """Return, per ``event.attribute``, the values that some journey listens for."""
    found: dict[str, dict[Json, None]] = {}
    for plan in plans:
        events = [node.event for node in plan.nodes if isinstance(node, WaitFor)]
        kept = {str(name): value for node in plan.nodes if isinstance(node, Set) for name, value in node.assignments}
        for compare in _compares(plan):
            source = kept.get(str(compare.subject), compare.subject)
            if not isinstance(source, DataName) or source.root != "event":
                continue
            words = [value for value in compare.operands if isinstance(value, str)]
            for event in events:
                found.setdefault(f"{event}.{source.path[0]}", {}).update(dict.fromkeys(words))
    return {name: tuple(words) for name, words in found.items() if words}


def _compares(plan: Plan) -> Iterator[Compare]:
    trees: Sequence[Condition] = [case.when for node in plan.nodes if isinstance(node, Branch) for case in node.cases]
    for tree in trees:
        yield from (part for part in _parts(tree) if isinstance(part, Compare))


def _parts(tree: Condition) -> Iterator[Condition]:
    yield tree
    match tree:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _parts(part)
        case Not(part=part):
            yield from _parts(part)
        case Happened(where=where) if where is not None:
            yield from _parts(where)
        case _:
            pass
