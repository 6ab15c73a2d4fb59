"""``lifeloop graph``: the map of a journey, in letters or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.opened import open_project
from lifeloop.cli.shapes import TEXT, document, maybe, one_of
from lifeloop.journey.map import JourneyMap, chart
from lifeloop.journey.map_mermaid import draw_mermaid
from lifeloop.journey.map_svg import draw_svg
from lifeloop.journey.map_text import Look, draw_text

Form = Literal["text", "svg", "mermaid"]
SUFFIXES: dict[str, Form] = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".txt": "text"}
SHAPE = document(
    "The map as text in the form asked for; `file` is where it was written, if it was.",
    journey=TEXT,
    form=one_of("text", "svg", "mermaid"),
    map=TEXT,
    file=maybe(TEXT),
)


def graph(
    name: JourneyName,
    /,
    *,
    form: Annotated[Form | None, Parameter(name="--format")] = None,
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    here: Here,
) -> int:
    """Draw the map of a journey.

    Parameters
    ----------
    name
        The journey, such as renewal.
    form
        In letters (text), as a picture (svg), or for pages that draw Mermaid. Without it: what the file's ending says.
    out
        Write it to this file instead of showing it.
    """
    opened = open_project(here)
    chosen = form or (_form_of(out) if out else "text")
    drawn = _drawn(chart(opened.spec(name)), chosen, here)
    if out:
        _write(out, drawn)
    if here.out.as_json:
        shown = str(out) if out else None
        here.out.json({"journey": opened.journey(name).name, "form": chosen, "map": drawn, "file": shown})
    elif out:
        here.out.note(f"The map is in {out}")
    else:
        here.out.write(drawn)
    return Exit.FINE


def _drawn(journey: JourneyMap, form: Form, here: Here) -> str:
    match form:
        case "svg":
            return draw_svg(journey)
        case "mermaid":
            return draw_mermaid(journey)
        case "text":
            return draw_text(journey, Look(here.out.width, icons=not here.out.plain))


def _form_of(out: Path) -> Form:
    form = SUFFIXES.get(out.suffix.lower())
    if form is None:
        raise WrongUsage(
            f'"{out.name}" does not say what to draw', hint="end it in .svg, .mmd or .txt, or say --format svg"
        )
    return form


def _write(out: Path, drawn: str) -> None:
    try:
        out.write_text(drawn, encoding="utf-8")
    except OSError as problem:
        raise WrongUsage(f'"{out}" cannot be written: {problem.strerror}') from problem
