"""A picture of how throughput grows with the number of workers, by themselves and through a pool."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from bars import CSS
from measure import Figure
from table import number

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 560, 72, 344
BEGINS = "journeys by "
LINES = {"runner": ("reached", "lifeloop run"), "pool worker": ("below", "a Prefect pool")}
"""How a figure calls who worked: the colour of its line, and what is written beside it."""
MORE = (
    "polyline.reached, polyline.below { fill: none; stroke-width: 2.5 }"
    " polyline.reached { stroke: #1f8a5b } polyline.below { stroke: #d9653b }"
)


def draw(figures: Iterable[Figure]) -> str:
    """Return the picture as SVG text; empty when nothing was measured."""
    lines = _lines(figures)
    if not lines:
        return ""
    most = max(rate for points in lines.values() for rate in points.values())
    counts = sorted({count for points in lines.values() for count in points})
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title words">',
            '<title id="title">Journeys a second by the number of workers</title>',
            f'<desc id="words">{escape(_in_words(lines))}</desc>',
            f"<style>{CSS}{MORE}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="16"/>',
            '<text class="title" x="24" y="32">Journeys a second by the number of workers</text>',
            '<text class="quiet" x="24" y="54">all on the two cores that PostgreSQL and Prefect need, too</text>',
            f'<line class="floor" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}"/>',
            *(_counted(count, counts) for count in counts),
            *(part for name, points in lines.items() for part in _line(name, points, counts, most)),
            "</svg>\n",
        )
    )


def _lines(figures: Iterable[Figure]) -> dict[str, dict[int, float]]:
    """Return rates by the number of workers, by who worked."""
    found: dict[str, dict[int, float]] = {}
    for figure in figures:
        if figure.what.startswith(BEGINS):
            count, _, who = figure.what.removeprefix(BEGINS).partition(" ")
            found.setdefault(who.removesuffix("s"), {})[int(count)] = figure.value
    return {who: dict(sorted(points.items())) for who, points in found.items()}


def _line(who: str, points: dict[int, float], counts: list[int], most: float) -> Iterable[str]:
    colour, said = LINES[who]
    places = [(_x(count, counts), _y(rate, most)) for count, rate in points.items()]
    yield f'<polyline class="{colour}" points="{" ".join(f"{x},{y}" for x, y in places)}"/>'
    for (x, y), rate in zip(places, points.values(), strict=True):
        yield f'<circle class="{colour}" cx="{x}" cy="{y}" r="4"/>'
        yield f'<text class="quiet" x="{x}" y="{y - 10}" text-anchor="middle">{number(rate)}</text>'
    yield f'<text x="{places[-1][0] + 14}" y="{places[-1][1] + 4}">{escape(said)}</text>'


def _counted(count: int, counts: list[int]) -> str:
    return f'<text class="quiet" x="{_x(count, counts)}" y="{BOTTOM + 22}" text-anchor="middle">{count}</text>'


def _x(count: int, counts: list[int]) -> float:
    return round(LEFT + 30 + (RIGHT - LEFT - 60) * counts.index(count) / max(len(counts) - 1, 1), 1)


def _y(rate: float, most: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP - 20) * rate / most, 1)


def _in_words(lines: dict[str, dict[int, float]]) -> str:
    return "; ".join(
        f"{LINES[who][1]}: " + ", ".join(f"{count}: {number(rate)}" for count, rate in points.items())
        for who, points in lines.items()
    )
