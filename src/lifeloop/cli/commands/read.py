"""``lifeloop read``: a journey as prose."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.opened import open_project
from lifeloop.cli.shapes import COUNT, TEXT, document, fields_of, many
from lifeloop.journey.prose import Prose, Said, prose_text
from lifeloop.journey.prose import read_aloud as told

SHAPE = document(
    "A journey as prose. `number` is empty for the heading of a branch; `line` is where the step stands in the file.",
    journey=TEXT,
    title=TEXT,
    about=TEXT,
    opening=many(TEXT),
    steps=many(fields_of(number=TEXT, depth=COUNT, text=TEXT, line=COUNT)),
    closing=many(TEXT),
)
INDENT = 3


def read_aloud(name: JourneyName, /, *, here: Here) -> int:
    """Read a journey aloud, as prose.

    For people who will never open a file: approvers, legal, somebody listening. It is made from the journey itself, so
    it cannot say anything else than what runs.

    Parameters
    ----------
    name
        The journey, such as renewal.
    """
    opened = open_project(here)
    prose = told(opened.spec(name), opened.catalogue)
    if here.out.as_json:
        here.out.json(_document(opened.journey(name).name, prose))
    elif here.out.is_terminal and not here.out.plain:
        _print(prose, here)
    else:
        here.out.write(prose_text(prose))
    return Exit.FINE


def _print(prose: Prose, here: Here) -> None:
    here.out.print(Text(prose.title, "bold"), "")
    if prose.about:
        here.out.print(Text(prose.about, "italic"), "")
    for paragraph in prose.opening:
        here.out.print(paragraph)
    here.out.print("")
    for said in prose.steps:
        here.out.print(_hanging(said))
    here.out.print("")
    for paragraph in prose.closing:
        here.out.print(Text(paragraph, "dim"))


def _hanging(said: Said) -> Padding:
    """A step whose second line begins where its first sentence does."""
    from rich.table import Table

    row = Table.grid(padding=(0, 1, 0, 0))
    if said.number:
        row.add_column(no_wrap=True)
    row.add_column()
    label = [Text(said.number if "." in said.number else f"{said.number}.", "cyan")] if said.number else []
    row.add_row(*label, Text(said.text, "" if said.number else "italic"))
    return Padding(row, (0, 0, 0, INDENT * said.depth))


def _document(name: str, prose: Prose) -> dict[str, object]:
    steps = [{"number": one.number, "depth": one.depth, "text": one.text, "line": one.line} for one in prose.steps]
    return {
        "journey": name,
        "title": prose.title,
        "about": prose.about,
        "opening": list(prose.opening),
        "steps": steps,
        "closing": list(prose.closing),
    }
