"""What somebody must have, say and do so that a journey goes a given way, as far as its conditions let us tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.engine.values import Record
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.condition import AllOf, AnyOf, Compare, Condition, DataName, MessageWas, Not
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Branch, Json, Plan, Send, Set, WaitFor
from lifeloop.message.samples import sample_value
from lifeloop.rehearse.forks import ELSE, Taken

OTHER = "something else"


@dataclass(slots=True)
class Wanted:
    """What leads down one way.

    ``data``: of the person, from the beginning. ``events``: per wait that is answered, what comes with the answer.
    ``reactions``: message to ``open`` or ``click``.
    """

    catalogue: Catalogue
    data: dict[str, Json] = field(default_factory=dict)
    start: dict[str, Json] = field(default_factory=dict)
    events: dict[str, dict[str, Json]] = field(default_factory=dict)
    reactions: dict[str, str] = field(default_factory=dict)

    def answer(self, node: WaitFor, start: Record) -> Mapping[str, Json]:
        """Return the data of the event that answers a wait: made up, but for what the way and the wait ask."""
        declared = self.catalogue.events.get(node.event)
        attributes = declared.attributes if declared else {}
        data = {name: sample_value(attribute, 0) for name, attribute in attributes.items()}
        for part in _compares(node.where):
            if part.subject.root == "event" and part.operator == "is":
                data[part.subject.path[0]] = _operand(part.operands[0], start)
        return {**data, **self.events.get(node.id, {})}


def wanted_for(plan: Plan, route: Sequence[Taken], catalogue: Catalogue, person: Person) -> Wanted:
    """Work out what leads down a way. What cannot be told from a condition is left to the data as they are."""
    nodes = {node.id: node for node in plan.nodes}
    wishes = _Wishes(plan, catalogue, person)
    wishes.add(plan.audience, truth=True)
    for name, arm in route:
        node = nodes[name]
        if isinstance(node, WaitFor) and arm == "then":
            wishes.answered = name
        elif isinstance(node, Branch):
            for condition, truth in _asked(node, arm):
                wishes.add(condition, truth=truth)
    return wishes.granted()


class _Wishes:
    """Comparisons that must come out one way or the other, by the place that their value is read from."""

    def __init__(self, plan: Plan, catalogue: Catalogue, person: Person) -> None:
        self._plan = plan
        self._person = person
        self._catalogue = catalogue
        self._sources = _sources(plan)
        self._of: dict[tuple[str, str], list[tuple[Compare, bool]]] = {}
        self._reactions: dict[str, str] = {}
        self.answered = ""

    def add(self, condition: Condition, *, truth: bool) -> None:
        """Wish that a condition holds, or that it does not."""
        match condition:
            case AllOf(parts) if truth:
                self._each(parts, truth=truth)
            case AllOf(parts):
                self._each(parts[:1], truth=truth)
            case AnyOf(parts):
                self._each(parts[:1] if truth else parts, truth=truth)
            case Not(part):
                self.add(part, truth=not truth)
            case Compare():
                name = self._sources.get(str(condition.subject), str(condition.subject))
                wait = self.answered if name.startswith("event.") else ""
                self._of.setdefault((wait, name), []).append((condition, truth))
            case MessageWas(what="opened" | "clicked" as what) if truth != condition.negated:
                self._notice(condition.pattern, what)
            case _:
                pass

    def granted(self) -> Wanted:
        """Choose a value for each name that grants all wishes about it, if there is one."""
        wanted = Wanted(self._catalogue, reactions=self._reactions)
        for (wait, name), wishes in self._of.items():
            root, _, path = name.partition(".")
            found = _chosen(wishes, _attribute(root, path, self._catalogue))
            if found is None or self._is_so(name, wishes):
                continue
            if wait:
                wanted.events.setdefault(wait, {})[path] = found[0]
            elif root in ("event", "start"):
                wanted.start[path] = found[0]
            elif root == "customer" or root in self._catalogue.objects:
                wanted.data[name] = found[0]
        return wanted

    def _is_so(self, name: str, wishes: Sequence[tuple[Compare, bool]]) -> bool:
        """Tell whether the person's own data grant it already."""
        root, _, path = name.partition(".")
        own = self._person.customer.get(path)
        return root == "customer" and all(_holds(asked, own) is truth for asked, truth in wishes)

    def _each(self, parts: Sequence[Condition], *, truth: bool) -> None:
        for part in parts:
            self.add(part, truth=truth)

    def _notice(self, pattern: str, what: str) -> None:
        for node in self._plan.nodes:
            if isinstance(node, Send) and _fits(pattern, node.message):
                self._reactions[node.message] = {"opened": "open", "clicked": "click"}[what]


def _asked(node: Branch, arm: str) -> Iterator[tuple[Condition, bool]]:
    """Yield what must hold for an arm to be gone: its own condition, and none of those before it."""
    last = len(node.cases) if arm == ELSE else int(arm)
    for case in node.cases[:last]:
        yield case.when, False
    if arm != ELSE:
        yield node.cases[last].when, True


def _chosen(wishes: Sequence[tuple[Compare, bool]], attribute: Attribute | None) -> tuple[Json] | None:
    candidates = [found for asked, truth in wishes if (found := _value(asked, truth, attribute)) is not None]
    others: Sequence[Json] = attribute.choices if attribute else ()
    possible = [*candidates, *((value,) for value in others)]
    good = (found for found in possible if all(_holds(asked, found[0]) is truth for asked, truth in wishes))
    return next(good, candidates[0] if candidates else None)


def _holds(asked: Compare, value: Json) -> bool:
    """Tell how a comparison comes out; of those that nothing is chosen for, that it does not hold."""
    first = next(iter(asked.operands), None)
    if value is None:
        return asked.operator == "is missing"
    match asked.operator:
        case "is present":
            return True
        case "is" | "is one of":
            return value in asked.operands
        case "is not" | "is not one of":
            return value not in asked.operands
    if not isinstance(first, int | float) or not isinstance(value, int | float):
        return False
    outcomes = {"is at least": value >= first, "is at most": value <= first}
    return {**outcomes, "is above": value > first, "is below": value < first}.get(asked.operator, False)


def _value(asked: Compare, truth: bool, attribute: Attribute | None) -> tuple[Json] | None:  # noqa: C901
    """Return a value for which a comparison comes out so, None where we cannot tell."""
    operand = next(iter(asked.operands), None)
    if isinstance(operand, DataName) or not isinstance(operand, str | int | float | bool | None):
        return None
    match asked.operator:
        case "is present":
            return (_some(attribute) if truth else None,)
        case "is missing":
            return (None if truth else _some(attribute),)
        case "is" | "is one of":
            return (operand if truth else _another(asked, attribute),)
        case "is not" | "is not one of":
            return (_another(asked, attribute) if truth else operand,)
    if not isinstance(operand, int | float):
        return None
    match asked.operator:
        case "is at least":
            return (operand if truth else operand - 1,)
        case "is at most":
            return (operand if truth else operand + 1,)
        case "is above":
            return (operand + 1 if truth else operand,)
        case "is below":
            return (operand - 1 if truth else operand,)
        case _:
            return None


def _another(asked: Compare, attribute: Attribute | None) -> Json:
    """Return a value that is none of those asked for."""
    first = asked.operands[0]
    if isinstance(first, bool):
        return not first
    if isinstance(first, int | float):
        return first + 1
    choices = attribute.choices if attribute else ()
    return next((choice for choice in choices if choice not in asked.operands), OTHER)


def _some(attribute: Attribute | None) -> Json:
    return sample_value(attribute, 0) if attribute else OTHER


def _attribute(root: str, path: str, catalogue: Catalogue) -> Attribute | None:
    if root == "customer":
        return catalogue.customer.get(path)
    if root in catalogue.objects:
        return catalogue.objects[root].attributes.get(path)
    return next((one.attributes[path] for one in catalogue.events.values() if path in one.attributes), None)


def _sources(plan: Plan) -> dict[str, str]:
    """Return which data of an event each name is set from: ``customer.next_year_wish`` from ``event.answer``."""
    assignments = (pair for node in plan.nodes if isinstance(node, Set) for pair in node.assignments)
    return {
        str(name): str(value) for name, value in assignments if isinstance(value, DataName) and value.root == "event"
    }


def _compares(condition: Condition) -> Iterator[Compare]:
    match condition:
        case Compare():
            yield condition
        case AllOf(parts):
            for part in parts:
                yield from _compares(part)
        case _:
            pass


def _operand(operand: object, start: Record) -> Json:
    if isinstance(operand, DataName):
        return start.get(operand.path[0]) if operand.root == "start" else None
    return operand if isinstance(operand, str | int | float | bool) else None


def _fits(pattern: str, message: str) -> bool:
    head, star, tail = pattern.partition("*")
    return message == pattern if not star else message.startswith(head) and message.endswith(tail)
