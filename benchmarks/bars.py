"""A picture of the goals: how far each figure is from its floor, and from what we reach for; in light and in dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import log2

from goals import GOALS, Goal
from measure import Figure
from table import SAID, number, ordered

WIDTH, TOP, ROW = 920, 76, 30
LABELS, NUMBERS = 430, 74
"""Where bars begin, and how much is left at their end for a number."""
LEAST, MOST = 0.25, 8.0
"""Times the floor: what lies outside is drawn at the edge; the number beside it says the truth."""
CSS = """
text { font: 13px system-ui, sans-serif; fill: #1f2933 }
.paper { fill: #ffffff } .quiet { fill: #65727f; font-size: 12px } .title { font-size: 16px; font-weight: 600 }
.reached { fill: #1f8a5b } .met { fill: #58b98a } .below { fill: #d9653b }
.floor { stroke: #1f2933; stroke-width: 1.5 } .reach { stroke: #8794a1; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6eaee } .paper { fill: #14191f } .quiet { fill: #98a4b0 }
.reached { fill: #35b37e } .met { fill: #2a7f5c } .below { fill: #e07a50 }
.floor { stroke: #e6eaee } .reach { stroke: #6b7885 }
}
"""


def draw(figures: Iterable[Figure]) -> str:
    """Return the picture as SVG text."""
    shown = [(figure, GOALS[figure.goal]) for figure in ordered(figures) if figure.goal]
    height = TOP + ROW * len(shown) + 16
    bottom = height - 16
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title words">',
            '<title id="title">Figures beside their goals</title>',
            f'<desc id="words">{escape(_in_words(shown))}</desc>',
            f"<style>{CSS}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{height}" rx="16"/>',
            '<text class="title" x="24" y="32">Times the floor</text>',
            f'<text class="quiet" x="{_x(1)}" y="{TOP - 10}" text-anchor="middle">the floor</text>',
            f'<text class="quiet" x="24" y="{TOP - 10}">short line: what we reach for</text>',
            *(line for place, one in enumerate(shown) for line in _row(TOP + ROW * place, *one)),
            f'<line class="floor" x1="{_x(1)}" x2="{_x(1)}" y1="{TOP}" y2="{bottom}"/>',
            "</svg>\n",
        )
    )


def _row(top: int, figure: Figure, goal: Goal) -> Iterable[str]:
    gain, middle = goal.gain(figure), top + ROW / 2
    left, size = LABELS, f'width="{_x(gain) - LABELS:.1f}" height="{ROW - 12}" rx="3"'
    store = f" · {figure.store}" if figure.store and figure.store not in goal.says else ""
    yield f'<text x="24" y="{middle + 4:g}">{escape(_short(goal.says))}<tspan class="quiet">{store}</tspan></text>'
    yield (
        f'<rect class="{goal.verdict(figure)}" x="{left}" y="{top + 6}" {size}>'
        f"<title>{escape(_said(figure, goal))}</title></rect>"
    )
    if goal.farthest:
        x = _x(goal.farthest)
        yield f'<line class="reach" x1="{x}" x2="{x}" y1="{top + 3}" y2="{top + ROW - 3}"/>'
    said = number(goal.number(figure))
    yield f'<text class="quiet" x="{WIDTH - 16}" y="{middle + 4:g}" text-anchor="end">{said}</text>'


def _x(gain: float) -> float:
    share = log2(max(LEAST, min(MOST, gain)) / LEAST) / log2(MOST / LEAST)
    return round(LABELS + 4 + (WIDTH - NUMBERS - LABELS - 4) * share, 1)


def _short(says: str) -> str:
    return says if len(says) <= 52 else f"{says[:51]}…"


def _said(figure: Figure, goal: Goal) -> str:
    return f"{goal.says} {figure.store}: {number(goal.number(figure))}, floor {number(goal.floor)}"


def _in_words(shown: Iterable[tuple[Figure, Goal]]) -> str:
    return "; ".join(f"{_said(figure, goal)}: {SAID[goal.verdict(figure)]}" for figure, goal in shown)
