"""A journey's map as a picture: one self-contained SVG that follows the reader's light or dark theme.

Icons are drawn as paths, because fonts lack glyphs. Every card carries its whole sentence as a title, so that nothing
is lost to screen readers or to an ellipsis.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from lifeloop.journey.map import Item, JourneyMap
from lifeloop.journey.map_layout import (
    CARD_PADDING,
    DETAIL,
    DETAIL_HEIGHT,
    GAP,
    LABEL_HEIGHT,
    LINE_HEIGHT,
    PILL_HEIGHT,
    TEXT_LEFT,
    Block,
    Card,
    Frame,
    Line,
    Shape,
    Tag,
    moved,
    sequence,
)
from lifeloop.journey.map_letters import TextStyle, wrapped
from lifeloop.journey.map_look import CSS, ICONS
from lifeloop.journey.map_text import Look

MARGIN = 32
LEAST_WIDTH = 420
TITLE = TextStyle(20, bold=True)
CORNER = 9.0
RADIUS = 10


def draw_svg(journey: JourneyMap) -> str:
    """Return the picture as SVG text."""
    body = _whole(journey)
    width = max(body.width, LEAST_WIDTH) + 2 * MARGIN
    head, top = _heading(journey, width - 2 * MARGIN)
    foot, bottom = _footing(journey, width - 2 * MARGIN)
    y = MARGIN + top
    shapes = list(moved(body.shapes, (width - body.width) / 2, y))
    height = y + body.height + (GAP + bottom if bottom else 0) + MARGIN
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="map-title map-words">',
        f'<title id="map-title">{escape(journey.title)}: the map of the journey {escape(journey.name)}</title>',
        f'<desc id="map-words">{escape(_in_words(journey))}</desc>',
        f"<style>{CSS}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}" rx="16"/>',
        *_group(head, MARGIN, MARGIN),
        *(_line(shape) for shape in shapes if isinstance(shape, Line)),
        *(part for shape in shapes for part in _drawn(shape)),
        *_group(foot, MARGIN, y + body.height + GAP),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _whole(journey: JourneyMap) -> Block:
    """The starts side by side above the steps, and a mark where the journey ends by itself."""
    steps = sequence(journey.items)
    starts = [sequence([start]) for start in journey.starts]
    across = sum(block.width for block in starts) + GAP * (len(starts) - 1)
    middle = max(steps.middle, across / 2)
    width = max(middle + steps.width - steps.middle, middle + across / 2)
    height = max((block.height for block in starts), default=0.0)
    top = height + GAP + (GAP if len(starts) > 1 else 0)
    shapes: list[Shape] = []
    x = middle - across / 2
    for block in starts:
        centre, knee = x + block.middle, height + GAP
        shapes += moved(block.shapes, x, 0)
        shapes.append(Line(((centre, block.height), (centre, knee), (middle, knee), (middle, top))))
        x += block.width + GAP
    shapes += moved(steps.shapes, middle - steps.middle, top)
    total = top + steps.height
    if steps.is_open:
        end = sequence([Item("stop", "the end")])
        shapes.append(Line(((middle, total), (middle, total + GAP))))
        shapes += moved(end.shapes, middle - end.middle, total + GAP)
        total += GAP + end.height
    return Block(width, total, middle, is_open=False, shapes=tuple(shapes))


def _heading(journey: JourneyMap, width: float) -> tuple[list[str], float]:
    lines = wrapped(journey.title, width, TITLE, most=2)
    parts = [_text(line, 0, 18 + index * 26, "title") for index, line in enumerate(lines)]
    y = 18 + len(lines) * 26 - 4
    parts.append(_text(" · ".join(dict.fromkeys((journey.name, journey.phase))), 0, y, "small"))
    y += 6
    if journey.audience:
        for line in wrapped(f"for {journey.audience}", width, DETAIL, most=3):
            y += DETAIL_HEIGHT + 1
            parts.append(_text(line, 0, y, "detail"))
    return parts, y + GAP


def _footing(journey: JourneyMap, width: float) -> tuple[list[str], float]:
    said = [("Goal", journey.goal)] if journey.goal else []
    look = Look(icons=False)
    for rule in journey.stops:
        then = ", ".join(look.said(item) for item in rule.items)
        said.append(("Ends early", f"when {rule.label}" + (f": then {then}" if then else "")))
    parts, y = [f'<path class="rule" d="M0 0H{_n(width)}"/>'] if said else [], 6.0
    for word, sentence in said:
        for index, line in enumerate(wrapped(sentence, width - 84, DETAIL, most=3)):
            y += DETAIL_HEIGHT + 3
            parts += [_text(word, 0, y, "small")] if index == 0 else []
            parts.append(_text(line, 84, y, "detail"))
    return parts, y if said else 0.0


def _in_words(journey: JourneyMap) -> str:
    look = Look(icons=False)

    def walk(items: tuple[Item, ...]) -> Iterator[str]:
        for item in items:
            yield look.said(item)
            for arm in item.arms:
                yield f"({arm.label}: {'; '.join(walk(arm.items)) or 'go on'})"

    return "; ".join([*(look.said(start) for start in journey.starts), *walk(journey.items)])


def _group(parts: list[str], x: float, y: float) -> Iterator[str]:
    if parts:
        yield f'<g transform="translate({_n(x)} {_n(y)})">'
        yield from parts
        yield "</g>"


def _drawn(shape: Shape) -> Iterator[str]:
    match shape:
        case Card():
            yield from _card(shape)
        case Tag():
            yield _tag(shape)
        case Frame():
            yield from _frame(shape)
        case Line():
            return


def _card(card: Card) -> Iterator[str]:
    item = card.item
    whole = Look(icons=False).said(item) + (f" ({item.note})" if item.note else "")
    marks = f' data-step="{escape(item.id)}"' if item.id else ""
    marks += f' data-line="{item.line}"' if item.line else ""
    is_pill = card.height == PILL_HEIGHT and len(card.label) == 1
    radius = card.height / 2 if is_pill else RADIUS
    spot = f"translate({_n(card.x)} {_n(card.y)})"
    yield f'<g class="{item.kind}" transform="{spot}"{marks}><title>{escape(whole)}</title>'
    yield f'<rect class="card" width="{_n(card.width)}" height="{_n(card.height)}" rx="{_n(radius)}"/>'
    yield _icon(item, x=15 if is_pill else 13, y=card.height / 2, is_small=is_pill)
    y = card.height / 2 + 4.5 if is_pill else CARD_PADDING + 13
    left = 38 if is_pill else TEXT_LEFT
    for line in card.label:
        yield _text(line, left, y, "label")
        y += LINE_HEIGHT
    for line in card.detail:
        yield _text(line, left, y - 1, "detail")
        y += DETAIL_HEIGHT
    yield "</g>"


def _icon(item: Item, *, x: float, y: float, is_small: bool) -> str:
    path = f'd="{ICONS[item.kind]}"'
    if is_small:
        return f'<path class="icon" transform="translate({_n(x)} {_n(y - 8)}) scale(.667)" {path}/>'
    disc = '<circle class="disc" cx="11" cy="11" r="14"/>'
    icon = f'<path class="icon" transform="translate(2.75 2.75) scale(.6875)" {path}/>'
    return f'<g transform="translate({_n(x)} {_n(y - 11)})">{disc}{icon}</g>'


def _tag(tag: Tag) -> str:
    left = _n(tag.x - tag.width / 2)
    box = f'<rect class="tag" x="{left}" y="{_n(tag.y)}" width="{_n(tag.width)}" height="{LABEL_HEIGHT}" rx="10"/>'
    return box + f'<text class="arm" x="{_n(tag.x)}" y="{_n(tag.y + 14)}">{escape(tag.text)}</text>'


def _frame(frame: Frame) -> Iterator[str]:
    yield (
        f'<rect class="frame" x="{_n(frame.x)}" y="{_n(frame.y)}" width="{_n(frame.width)}" '
        f'height="{_n(frame.height)}" rx="14"/>'
    )
    spot = f"translate({_n(frame.x + 10)} {_n(frame.y + 8)}) scale(.62)"
    yield f'<path class="loop" transform="{spot}" d="{ICONS["repeat"]}"/>'
    yield _text(frame.text, frame.x + 30, frame.y + 20, "small")


def _line(line: Line) -> str:
    return f'<path class="way" d="{_rounded(_straightened(line.points))}"/>'


def _straightened(points: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Drop points that change nothing, so that a corner of no width is not drawn."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if kept and abs(kept[-1][0] - point[0]) < 1 and abs(kept[-1][1] - point[1]) < 1:
            continue
        if len(kept) > 1 and abs(kept[-1][0] - kept[-2][0]) < 1 and abs(point[0] - kept[-1][0]) < 1:
            kept.pop()
        kept.append(point)
    return kept


def _rounded(points: list[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = f"M{_n(x)} {_n(y)}"
    for index, (cx, cy) in enumerate(rest):
        if index + 1 == len(rest):
            return path + f"L{_n(cx)} {_n(cy)}"
        (px, py), (nx, ny) = points[index], rest[index + 1]
        before, after = _towards(cx, cy, px, py), _towards(cx, cy, nx, ny)
        path += f"L{_n(before[0])} {_n(before[1])}Q{_n(cx)} {_n(cy)} {_n(after[0])} {_n(after[1])}"
    return path


def _towards(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    length = abs(to_x - x) + abs(to_y - y)
    share = min(CORNER, length / 2) / length if length else 0
    return x + (to_x - x) * share, y + (to_y - y) * share


def _text(text: str, x: float, y: float, kind: str) -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _n(number: float) -> str:
    """One digit behind the point: half a pixel is seen, a hundredth only makes the file longer."""
    return f"{number:.1f}".removesuffix(".0")
