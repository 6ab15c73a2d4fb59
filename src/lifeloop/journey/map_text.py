"""A journey's map in letters, for a terminal, a log or a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lifeloop.journey.map import Arm, Item, JourneyMap
from lifeloop.journey.map_words import Kind

ICONS: dict[Kind, str] = {
    "start": "▶",
    "send": "✉",
    "wait": "│ wait",
    "listen": "◷",
    "if": "◇",
    "choose": "◇",
    "split": "⑂",
    "repeat": "↻",
    "set": "≔",
    "record": "●",
    "call": "⚡",
    "ask": "?",
    "enter": "→",
    "milestone": "⚑",
    "stop": "■",
}
NARROW = 24
"""An arm shorter than this is not worth squeezing onto its fork's line."""


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are drawn. ``icons`` False: words instead of pictures, for screen readers."""

    width: int = 100
    icons: bool = True

    def said(self, item: Item) -> str:
        """Return an item as one short line."""
        detail = f", {item.detail}" if item.detail else ""
        sign = ICONS[item.kind] if self.icons else _word(item.kind)
        return f"{sign} {item.label}{detail}".strip()


def draw_text(journey: JourneyMap, look: Look = Look()) -> str:
    """Return the map as lines of text, no wider than asked where words allow it."""
    lines = [look.said(start) for start in journey.starts]
    lines += _sequence(journey.items, look, look.width)
    for rule in journey.stops:
        said = (" · " if look.icons else "; ").join(look.said(item) for item in rule.items)
        lines.append(
            f"{'✕' if look.icons else '-'} stops when {rule.label}"
            + (f"{' ─ ' if look.icons else ': '}{said}" if said else "")
        )
    if journey.goal:
        lines.append(f"{'◎' if look.icons else '-'} goal {journey.goal}")
    return "\n".join(lines) + "\n"


def _word(kind: Kind) -> str:
    return {"listen": "wait for", "start": "starts:", "stop": "stop:", "call": "call", "choose": "choose by"}.get(
        kind, kind
    )


def _sequence(items: Sequence[Item], look: Look, room: int) -> list[str]:
    return [line for item in _waits_joined(items) for line in _item(item, look, room)]


def _waits_joined(items: Sequence[Item]) -> Iterator[Item]:
    """Two waits in a row read as one: ``wait 3 days, until 10:00``."""
    held: Item | None = None
    for item in items:
        if held and item.kind == "wait":
            held = Item("wait", f"{held.label}, {item.label}", line=held.line)
            continue
        if held:
            yield held
        held = item if item.kind == "wait" else None
        if held is None:
            yield item
    if held:
        yield held


def _item(item: Item, look: Look, room: int) -> list[str]:
    guarded = _guarded(item, look)
    if guarded and len(guarded) <= max(room, NARROW):
        return [guarded]
    lines = [look.said(item)]
    arms = [arm for arm in item.arms if arm.items or item.kind not in ("listen", "if", "ask")]
    for arm in arms:
        lines += _arm(arm, look, room, is_last=arm is arms[-1])
    return lines


def _guarded(item: Item, look: Look) -> str:
    """One step that is done only if something holds reads best on one line."""
    if item.kind != "if" or item.arms[-1].items:
        return ""
    inner = _on_one_line(Arm(f"{look.said(item)}", item.arms[0].items), look)
    return inner if len(item.arms[0].items) == 1 else ""


def _arm(arm: Arm, look: Look, room: int, *, is_last: bool) -> list[str]:
    corner, rail = ("└ ", "  ") if is_last else ("├ ", "│ ")
    if not look.icons:
        corner, rail = "- ", "  "
    joined = _on_one_line(arm, look)
    if joined and len(corner + joined) <= max(room, NARROW):
        return [corner + joined]
    inner = _sequence(arm.items, look, room - len(rail) - 2)
    return [corner + arm.label, *(f"{rail}  {line}".rstrip() for line in inner)]


def _on_one_line(arm: Arm, look: Look) -> str:
    dash, dot = (" ─ ", " · ") if look.icons else (": ", "; ")
    if not arm.items:
        return f"{arm.label}{dash}go on"
    if any(item.arms for item in arm.items):
        return ""
    return f"{arm.label}{dash}{dot.join(look.said(item).removeprefix('│ ') for item in _waits_joined(arm.items))}"
