"""One table of all figures: ours, beside what, the ratio, the floor, what we reach for, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from goals import GOALS, Goal
from measure import Figure

HEAD = ("figure", "store", "ours", "beside", "ratio", "floor", "reach", "met?")
RIGHT = {"ours", "ratio", "floor", "reach"}
SAID = {"reached": "yes, and more", "met": "yes", "below": "no"}


def ordered(figures: Iterable[Figure]) -> list[Figure]:
    """Those with a goal first, in the order of the goals; the others as they were measured."""
    places = {name: place for place, name in enumerate(GOALS)}
    return sorted(figures, key=lambda figure: places.get(figure.goal, len(places)))


def rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    return [_row(figure, GOALS.get(figure.goal)) for figure in ordered(figures)]


def _row(figure: Figure, goal: Goal | None) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else number(figure.ratio)
    ours = f"{number(figure.value)} {figure.unit}".strip()
    start = (figure.what, figure.store, ours, figure.reference, ratio)
    if goal is None:
        return (*start, "", "", "")
    most = "≤ " if goal.most else ""
    reach = "" if goal.reach is None else f"{most}{number(goal.reach)}"
    return (*start, f"{most}{number(goal.floor)}", reach, SAID[goal.verdict(figure)])


def number(value: float) -> str:
    """Return three digits that count: 0.79, 17.5, 57,000."""
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def as_text(figures: Iterable[Figure]) -> str:
    lines = [HEAD, *rows(figures)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for cell, width, name in zip(line, widths, HEAD, strict=True)
        ).rstrip()
        for line in lines
    )


def as_markdown(figures: Iterable[Figure]) -> str:
    marks = ["---:" if name in RIGHT else "---" for name in HEAD]
    return "\n".join(_piped(line) for line in (HEAD, marks, *map(_loud, rows(figures))))


def _loud(row: tuple[str, ...]) -> tuple[str, ...]:
    """What is below its floor must not be overlooked."""
    return (*row[:-1], f"**{row[-1]}**") if row[-1] == SAID["below"] else row


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
