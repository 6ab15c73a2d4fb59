"""The forks of a journey as its author sees them: each arm in words, and how a run shows that it went there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lifeloop.engine.values import Visited
from lifeloop.journey.map import Item, chart
from lifeloop.journey.spec import JourneySpec

Taken = tuple[str, str]
"""Node of a fork, and the arm that was gone: a case's number, a path, ``then`` or ``else``."""
ELSE = "else"
_BINARY = {"if": ("0", ELSE), "listen": ("then", ELSE), "ask": ("then", ELSE)}


@dataclass(frozen=True, slots=True)
class Arm:
    """One way on from a fork. ``words``: the arms one must have gone to come there, and this one."""

    node: str
    key: str
    words: tuple[str, ...]
    line: int

    @property
    def taken(self) -> Taken:
        """How a run that went there shows it."""
        return self.node, self.key


def arms_of(spec: JourneySpec) -> tuple[Arm, ...]:
    """Return every arm of every fork of a journey, in reading order."""
    return tuple(_arms(chart(spec).items, ()))


def forks_taken(visits: Sequence[Visited]) -> frozenset[Taken]:
    """Return which way was gone at each fork. The rounds of a repeat are one fork: its author wrote one."""
    found = ((visit.node, arm_of(visit)) for visit in visits)
    return frozenset((written(node), arm) for node, arm in found if node is not None and arm is not None)


def written(node: str) -> str:
    """Return the step that a node of a repeat's round comes from: ``if-1.2`` is the second time of ``if-1``."""
    return ".".join(part for part in node.split(".") if not part.isdigit())


def arm_of(visited: Visited) -> str | None:
    """Return the arm of a fork that a visit shows, None for other visits."""
    match visited.what:
        case "chose":
            case = visited.data.get("case")
            return ELSE if case is None else str(case)
        case "split":
            return visited.detail
        case "event":
            return "then"
        case "time is up":
            return ELSE
        case "answered":
            return "then" if visited.data.get("approved") is True else ELSE
        case _:
            return None


def _arms(items: Sequence[Item], above: tuple[str, ...]) -> Iterator[Arm]:
    for item in items:
        if item.kind == "repeat":
            yield from _arms(item.arms[0].items, above)
            continue
        node = item.id or _guarded(item)
        for index, arm in enumerate(item.arms):
            words = (*above, _words(item, arm.label))
            yield Arm(node, _key(item, index, arm.label), words, item.line)
            yield from _arms(arm.items, words)


def _guarded(item: Item) -> str:
    """Return the node of a ``when``: it has no name of its own, but stands before a step that has one."""
    inner = item.arms[0].items if item.arms else ()
    return f"{inner[0].id}.when" if inner else ""


def _key(item: Item, index: int, label: str) -> str:
    if item.kind == "split":
        return label.rsplit(" ", 1)[0]
    if item.kind == "choose":
        return ELSE if index == len(item.arms) - 1 else str(index)
    return _BINARY[item.kind][index]


def _words(item: Item, label: str) -> str:
    name = item.label.replace("customer.", "")
    if item.kind == "choose" and label != "otherwise":
        return f"{name} {label}".replace("customer.", "").strip()
    if item.kind == "split":
        label = label.rsplit(" ", 1)[0]
    return f"{name}: {label}"
