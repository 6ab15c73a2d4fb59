"""Keeps what was measured, and draws the table and the picture of docs/performance.md from it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import curve
from bars import draw
from measure import Figure
from shop import TOP
from table import as_markdown

from lifeloop.clock import SystemClock

KEPT = Path(__file__).with_name("measured.json")
PAGE = TOP / "docs" / "performance.md"
PICTURE = TOP / "docs" / "img" / "performance.svg"
CURVE = TOP / "docs" / "img" / "workers.svg"
BEGIN, END = "<!-- figures: written by make bench ARGS=--write -->\n", "<!-- end of figures -->\n"


def write(found: Iterable[Figure], machine: str) -> None:
    """Put new figures in the place of the same ones measured earlier, and draw everything again."""
    when = f"{datetime.fromtimestamp(SystemClock().now(), UTC):%Y-%m-%d}; {machine}"
    kept = {_same(entry["figure"]): entry for entry in _entries()}
    kept |= {_same(one.document()): {"figure": one.document(), "measured": when} for one in found}
    KEPT.write_text(json.dumps(list(kept.values()), indent=1) + "\n")
    PAGE.write_text(with_table(PAGE.read_text(), kept_figures()))
    PICTURE.write_text(draw(kept_figures()))
    CURVE.write_text(curve.draw(kept_figures()))


def kept_figures() -> list[Figure]:
    return [Figure(**entry["figure"]) for entry in _entries()]


def with_table(text: str, figures: Iterable[Figure]) -> str:
    """Return the page with its table written anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{as_markdown(figures)}\n\n{END}{tail}"


def _entries() -> list[dict]:
    return json.loads(KEPT.read_text()) if KEPT.exists() else []


def _same(figure: dict) -> tuple[str, ...]:
    """Two with the same goal, store and reference answer the same question; others are known by their words.

    What stands behind the name of a reference is what it reached this time.
    """
    return (figure["goal"] or figure["what"], figure["store"], figure["reference"].partition(",")[0])
