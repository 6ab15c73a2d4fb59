"""A forecast as a picture: one bar a day, one colour a topic and channel. An SVG that needs no script and no font."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from lifeloop.rehearse.tally import Tally

WIDTH, HEIGHT, LEFT, TOP, LEGEND = 960, 260, 60, 40, 22
COLOURS = ("#2b6cb0", "#dd6b20", "#2f855a", "#b83280", "#6b46c1", "#b7791f", "#319795", "#c53030", "#718096")
NAMESPACE, FONT = 'xmlns="http://www.w3.org/2000/svg"', 'font-family="sans-serif" font-size="13"'
LABELS = 8
"""Days under the bars that are named."""


def picture_of(tally: Tally, days: Sequence[date], title: str) -> str:
    """Return the picture; on white, so that it reads everywhere."""
    height = TOP + HEIGHT + 30 + LEGEND * len(tally.topics)
    most = max(tally.days.values(), default=0) or 1
    parts = (
        f'<svg {NAMESPACE} viewBox="0 0 {WIDTH} {height}" {FONT} role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="16" font-weight="bold">{escape(title)}</text>',
        *_scale(most),
        *_bars(tally, days, most),
        *_labels(days),
        *_legend(tally),
        "</svg>\n",
    )
    return "\n".join(parts)


def _bars(tally: Tally, days: Sequence[date], most: int) -> Iterator[str]:
    wide = (WIDTH - LEFT - 10) / len(days)
    base = dict.fromkeys(days, 0)
    for number, (name, counts) in enumerate(tally.topics.items()):
        rects = []
        for place, day in enumerate(days):
            if count := counts[day]:
                high, low = HEIGHT * count / most, HEIGHT * base[day] / most
                base[day] += count
                x, y = LEFT + place * wide, TOP + HEIGHT - low - high
                rects.append(f"M{x:.1f} {y:.1f}h{wide * 0.85:.1f}v{high:.1f}h-{wide * 0.85:.1f}z")
        words = escape(", ".join(name))
        yield f'<path d="{"".join(rects)}" fill="{COLOURS[number % len(COLOURS)]}"><title>{words}</title></path>'


def _scale(most: int) -> Iterator[str]:
    for share in (0, 0.5, 1):
        y = TOP + HEIGHT * (1 - share)
        yield f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ccc"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end" fill="#555">{round(most * share):,}</text>'


def _labels(days: Sequence[date]) -> Iterator[str]:
    wide = (WIDTH - LEFT - 10) / len(days)
    for place in range(0, len(days), -(-len(days) // LABELS)):
        x = LEFT + place * wide
        yield f'<text x="{x:.0f}" y="{TOP + HEIGHT + 18}" fill="#555">{days[place]:%d %b}</text>'


def _legend(tally: Tally) -> Iterator[str]:
    for number, ((topic, channel), counts) in enumerate(tally.topics.items()):
        y = TOP + HEIGHT + 30 + LEGEND * number
        yield f'<rect x="{LEFT}" y="{y}" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>'
        words = escape(f"{topic} by {channel}: {counts.total():,}")
        yield f'<text x="{LEFT + 20}" y="{y + 11}">{words}</text>'
