"""``lifeloop validate``: every mistake in the project's files, in the form that the reader needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.text import Text

from lifeloop import __version__
from lifeloop.cli.editor import write_schema
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.mistakes import MOST, print_frames, print_list
from lifeloop.cli.opened import Opened, open_project
from lifeloop.cli.shapes import COUNT, DIAGNOSTIC, FLAG, NUMBER, document, many
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.exchange import as_github, as_json, as_sarif
from lifeloop.journey.prose_time import counted

SHAPE = document(
    "What is wrong in the project's files. `ok` is what the exit code says.",
    ok=FLAG,
    journeys=COUNT,
    messages=COUNT,
    errors=COUNT,
    warnings=COUNT,
    fixable=COUNT,
    seconds=NUMBER,
    diagnostics=many(DIAGNOSTIC),
)
Form = Literal["text", "github", "sarif", "json"]


def validate(
    *paths: Path,
    full: Annotated[bool, Parameter(alias="-f")] = False,
    form: Annotated[Form, Parameter(name="--format")] = "text",
    strict: bool = False,
    every: Annotated[bool, Parameter(name="--all")] = False,
    here: Here,
) -> int:
    """Check the project's files and say what is wrong, where, and how to fix it.

    Reads journeys, messages, people and lifeloop.yaml. Nothing is sent and nothing is changed, except that your editor
    gets a fresh list of this project's words in .lifeloop/schema.json.

    Parameters
    ----------
    paths
        Show only what is wrong in these files or folders. Without any: everything.
    full
        Show the line itself, with a mark under the wrong thing.
    form
        For whom: a person (text), a pull request on GitHub, a SARIF file, or a program.
    strict
        Warnings count as errors: for continuous integration.
    every
        Show all mistakes, not only the first ten.
    """
    began = perf_counter()
    opened = open_project(here)
    found = _within(opened, paths, here)
    write_schema(opened)
    tally = Tally(opened, found, strict=strict, seconds=perf_counter() - began)
    if form != "text" or here.out.as_json:
        _hand_on(tally, here, "json" if here.out.as_json else form)
    else:
        _print(here, opened, found, full=full, most=len(found) if every else MOST)
        here.out.print(tally.line())
    return Exit.FINDINGS if tally.is_bad else Exit.FINE


@dataclass(frozen=True, slots=True)
class Tally:
    """The last line: how much there is, and how much of it is wrong."""

    opened: Opened
    found: Sequence[Diagnostic]
    strict: bool
    seconds: float

    def count(self, severity: str) -> int:
        """Return how many mistakes are that bad."""
        return sum(one.severity == severity for one in self.found)

    @property
    def fixable(self) -> int:
        """Return how many mistakes ``lifeloop fix`` can put right."""
        return sum(any(suggestion.certain for suggestion in one.suggestions) for one in self.found)

    @property
    def is_bad(self) -> bool:
        """Whether the exit code says so."""
        return bool(self.count("error")) or (self.strict and bool(self.count("warning")))

    def line(self) -> Text:
        """Return the line as it is printed."""
        errors, warnings = self.count("error"), self.count("warning")
        parts = [
            Text(counted(len(self.opened.project.journeys), "journey")),
            Text(counted(len(self.opened.library), "message")),
            Text(counted(errors, "error") if errors else "no errors", "bold red" if errors else "green"),
            *([Text(counted(warnings, "warning"), "yellow")] if warnings else []),
            *([Text(f'{self.fixable} can be fixed by "lifeloop fix"')] if self.fixable else []),
            Text(f"{self.seconds:.2f} s", "dim"),
        ]
        return Text(" · ").join(parts)

    def document(self) -> Mapping[str, Any]:
        """Return the same for a program."""
        return {
            "ok": not self.is_bad,
            "journeys": len(self.opened.project.journeys),
            "messages": len(self.opened.library),
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "fixable": self.fixable,
            "seconds": round(self.seconds, 3),
            "diagnostics": [as_json(one) for one in self.found],
        }


def _hand_on(tally: Tally, here: Here, form: Form) -> None:
    """Write what is wrong for a program."""
    match form:
        case "sarif":
            here.out.write(json.dumps(as_sarif(tally.found, __version__), ensure_ascii=False, indent=2))
        case "github":
            for one in tally.found:
                here.out.write(as_github(one))
        case _:
            here.out.json(tally.document())


def _within(opened: Opened, paths: Sequence[Path], here: Here) -> tuple[Diagnostic, ...]:
    if not paths:
        return opened.diagnostics
    wanted = [_inside(path, opened, here) for path in paths]
    return tuple(
        one for one in opened.diagnostics if any((opened.root / one.place.file).is_relative_to(w) for w in wanted)
    )


def _inside(path: Path, opened: Opened, here: Here) -> Path:
    """Return a path as typed from where the person stands, or as it is called in the project."""
    for base in (here.cwd, opened.root):
        if (base / path).exists():
            return (base / path).resolve()
    raise WrongUsage(f'there is no file or folder "{path}"')


def _print(here: Here, opened: Opened, found: Sequence[Diagnostic], *, full: bool, most: int) -> None:
    if full and found:
        print_frames(here.out, found, opened.sources(), most)
    elif found:
        print_list(here.out, found, most)
    if found:
        here.out.print("")
