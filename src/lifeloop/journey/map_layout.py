"""Where everything on a journey's map stands: boxes inside boxes, each with a width, a height and a line through it.

Exact and stable: the same journey gives the same numbers everywhere, and an edit moves only what is below or beside
it. Knows sizes, not colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lifeloop.journey.map import Arm, Item
from lifeloop.journey.map_letters import TextStyle, wrapped

CARD = 248
PILL_ROOM = 60
MOST_LINES = 5
TEXT_LEFT = 46
LINE_HEIGHT = 17
DETAIL_HEIGHT = 15
CARD_PADDING = 10
PILL_HEIGHT = 30
GAP = 22
BUS = 16
"""From a card to the bar that its arms hang from, and from the arms to the bar where they meet."""
ARM_GAP = 28
LABEL_HEIGHT = 20
FRAME = 14
LABEL = TextStyle(13, bold=True)
DETAIL = TextStyle(11.5)
SMALL = TextStyle(11.5, bold=True)
PILLS = ("wait", "milestone", "stop")


@dataclass(frozen=True, slots=True)
class Card:
    """One item with its words broken into lines. ``x`` and ``y`` are the top left corner."""

    item: Item
    x: float
    y: float
    width: float
    height: float
    label: tuple[str, ...]
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A way from one box to the next, through corners."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """What must hold for an arm, written on its line; ``x`` is the middle."""

    x: float
    y: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A border around what is repeated."""

    x: float
    y: float
    width: float
    height: float
    text: str


Shape = Card | Line | Tag | Frame


@dataclass(frozen=True, slots=True)
class Block:
    """A drawn part: its size, where the line runs through it, and whether the line leaves it at the bottom."""

    width: float
    height: float
    middle: float
    is_open: bool = True
    shapes: tuple[Shape, ...] = field(default=())


def sequence(items: Sequence[Item]) -> Block:
    """Return items one under the other, joined by a line. What stands behind a stop is never reached."""
    blocks = [_block(item) for item in items]
    left = max((block.middle for block in blocks), default=0)
    right = max((block.width - block.middle for block in blocks), default=0)
    shapes: list[Shape] = []
    y = 0.0
    for index, block in enumerate(blocks):
        if index:
            shapes.append(Line(((left, y), (left, y + GAP))))
            y += GAP
        shapes += moved(block.shapes, left - block.middle, y)
        y += block.height
    return Block(left + right, y, left, all(block.is_open for block in blocks), tuple(shapes))


def moved(shapes: Sequence[Shape], dx: float, dy: float) -> Iterator[Shape]:
    """Yield shapes moved right and down."""
    for shape in shapes:
        if isinstance(shape, Line):
            yield Line(tuple((x + dx, y + dy) for x, y in shape.points))
        else:
            yield replace(shape, x=shape.x + dx, y=shape.y + dy)


def _block(item: Item) -> Block:
    if item.kind == "repeat":
        return _framed(item)
    head = _card(item)
    return _forked(head, item.arms) if item.arms else head


def _card(item: Item) -> Block:
    pill = item.kind in PILLS
    label, detail = card_words(item)
    lines = wrapped(label, CARD - TEXT_LEFT - CARD_PADDING, LABEL, most=MOST_LINES)
    small = wrapped(detail, CARD - TEXT_LEFT - CARD_PADDING, DETAIL, most=2) if detail else ()
    note = wrapped(item.note, CARD - TEXT_LEFT - CARD_PADDING, DETAIL, most=2) if item.note else ()
    if pill and len(lines) == 1 and not note:
        width, height = min(CARD, LABEL.width(lines[0]) + PILL_ROOM), float(PILL_HEIGHT)
    else:
        width = CARD
        height = CARD_PADDING * 2 + len(lines) * LINE_HEIGHT + (len(small) + len(note)) * DETAIL_HEIGHT
    card = Card(item, 0, 0, width, height, lines, (*small, *note))
    return Block(width, height, width / 2, item.kind != "stop", (card,))


def card_words(item: Item) -> tuple[str, str]:
    """Return the two things a card says: messages are shown by their title, with the file's name below."""
    match item.kind:
        case "send":
            by = f" · {item.detail}" if item.detail else ""
            return item.label.rpartition("/")[2].replace("-", " ").capitalize(), f"{item.label}{by}"
        case "listen":
            return f"Wait for {item.label}", item.detail
        case "wait":
            return (item.label if item.label.startswith("until ") else f"wait {item.label}"), ""
        case "ask":
            return f"Ask {item.label}", item.detail
        case "enter":
            return f"Enter {item.label}", ""
        case _:
            return item.label, item.detail


def _forked(head: Block, arms: Sequence[Arm]) -> Block:
    bodies = [_arm(arm) for arm in arms]
    starts, width = _side_by_side(bodies)
    middles = [start + body.middle for start, body in zip(starts, bodies, strict=True)]
    middle = _trunk(arms, middles)
    shift = max(0.0, head.middle - middle)
    middle, middles = middle + shift, [x + shift for x in middles]
    top = head.height + BUS
    bottom = top + max(body.height for body in bodies) + BUS
    shapes: list[Shape] = [*moved(head.shapes, middle - head.middle, 0)]
    for x, start, body in zip(middles, starts, bodies, strict=True):
        shapes.append(Line(((middle, head.height), (middle, top - BUS / 2), (x, top - BUS / 2), (x, top))))
        shapes += moved(body.shapes, start + shift, top)
        if body.is_open:
            meet = bottom - BUS / 2
            shapes.append(Line(((x, top + body.height), (x, meet), (middle, meet), (middle, bottom))))
    is_open = any(body.is_open for body in bodies)
    width = max(width + shift, middle + head.width - head.middle)
    return Block(width, bottom if is_open else bottom - BUS, middle, is_open, tuple(shapes))


def _trunk(arms: Sequence[Arm], middles: Sequence[float]) -> float:
    """Return where the line comes from above: over the only arm with steps, or over the middle one, or between two."""
    busy = [x for arm, x in zip(arms, middles, strict=True) if arm.items]
    if len(busy) == 1:
        return busy[0]
    if len(middles) % 2:
        return middles[len(middles) // 2]
    return (middles[0] + middles[-1]) / 2


def _side_by_side(bodies: Sequence[Block]) -> tuple[list[float], float]:
    starts, x = [], 0.0
    for body in bodies:
        starts.append(x)
        x += body.width + ARM_GAP
    return starts, x - ARM_GAP


def _arm(arm: Arm) -> Block:
    body = sequence(arm.items)
    lines = wrapped(arm.label, CARD - 24, SMALL, most=1)
    width = SMALL.width(lines[0]) + 20
    left, right = max(width / 2, body.middle), max(width / 2, body.width - body.middle)
    lead = 6.0
    top = lead + LABEL_HEIGHT + (GAP / 2 if arm.items else 6)
    shapes: list[Shape] = [
        Line(((left, 0), (left, top))),
        Tag(left, lead, width, lines[0]),
        *moved(body.shapes, left - body.middle, top),
    ]
    return Block(left + right, top + body.height, left, body.is_open, tuple(shapes))


def _framed(item: Item) -> Block:
    body = sequence([part for arm in item.arms for part in arm.items])
    text = " · ".join(part for part in (item.label, item.detail) if part)
    least = SMALL.width(text) + 3 * FRAME + 20
    width = max(body.width + 2 * FRAME, least)
    left = max(body.middle + FRAME, least / 2)
    width = max(width, left + body.width - body.middle + FRAME)
    top = LABEL_HEIGHT + FRAME
    height = top + body.height + FRAME
    shapes: list[Shape] = [
        Frame(0, 0, width, height, text),
        Line(((left, 0), (left, top))),
        *moved(body.shapes, left - body.middle, top),
    ]
    if body.is_open:
        shapes.append(Line(((left, top + body.height), (left, height))))
    return Block(width, height, left, body.is_open, tuple(shapes))
