"""Writes the pages that the code knows best: errors, words, commands, and the maps of the starter's journeys.

``make docs`` runs it; a test says when a page is no longer what it would write. ``--outputs`` also puts today's output
under every command shown in the other pages; ``--inbox`` takes the pictures of the inbox page with Debian's chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from importlib import import_module
from io import StringIO
from pathlib import Path

from json_page import json_page

from lifeloop.cli.app import main as lifeloop
from lifeloop.cli.registry import COMMANDS, GROUPS
from lifeloop.clock import SystemClock
from lifeloop.journey.codes import Example, all_codes, explanation
from lifeloop.journey.map import chart
from lifeloop.journey.map_svg import draw_svg
from lifeloop.journey.words import ANY_STEP, DELIVERY, PHASES, START, TEST, TOP, VERBS, Word
from lifeloop.work.project import open_project

from examples import TOP_FOLDER, Shop, pages, refreshed

DOCS = TOP_FOLDER / "docs"
WIDTH = 100
BY_HAND = "<!-- Written by docs/generate.py; change it there, then: make docs -->\n"
ERRORS_HEAD = """\
Every mistake in a file has a code. `lifeloop explain J121` says offline what this page says. An error keeps a journey
from running; a warning does not, but stops `lifeloop validate --strict`, which is for pull requests.
"""
COMMANDS_HEAD = """\
What `lifeloop COMMAND --help` says. JSON shapes are in [json.md](json.md), exit codes in
[operating.md](operating.md#exit-codes).
"""
CHAPTERS = {
    "J0": "The file itself",
    "J10": "The shape of a step",
    "J11": "Times and sentences",
    "J12": "Names and types",
    "J13": "Data that may be missing",
    "J14": "What is known on a path",
    "J15": "Splits, paths and ids",
    "J16": "Other names",
    "J17": "Shared steps",
    "J18": "The project file",
    "J19": "Tests",
    "J2": "Journeys that can be read but do not make sense",
    "J3": "Changes to people on their way",
    "J4": "Messages",
    "J5": "Providers",
    "": "Others",
}
FENCES = {"text": "text", "template": "markdown", "condition": "text", "length": "text", "moment": "text"}
FENCES |= {"hours": "text", "limit": "text", "rhythm": "text"}


def generated() -> Iterator[tuple[Path, str]]:
    """Yield every page and picture that comes out of the code, with its text."""
    yield DOCS / "errors.md", errors()
    yield DOCS / "words.md", words()
    yield DOCS / "commands.md", commands()
    yield DOCS / "json.md", BY_HAND + "\n" + json_page()
    for name, spec in sorted(open_project(TOP_FOLDER).journeys.items()):
        if spec.spec is not None:
            yield DOCS / "img" / f"{name}.svg", draw_svg(chart(spec.spec))


def errors() -> str:
    """Return every code with a wrong and a right example."""
    parts = [
        BY_HAND,
        "# What Lifeloop says about mistakes\n",
        ERRORS_HEAD,
    ]
    last = ""
    for code in all_codes():
        prefix = next(prefix for prefix in sorted(CHAPTERS, key=len, reverse=True) if code.startswith(prefix))
        if prefix != last:
            parts.append(f"## {CHAPTERS[prefix]}\n")
            last = prefix
        parts += _explained(code)
    return "\n".join(parts)


def _explained(code: str) -> Iterator[str]:
    told = explanation(code)
    assert told is not None  # noqa: S101  # it comes from the list of codes
    yield f"### {code} {told.title}\n"
    if told.text:
        yield f"{told.text}\n"
    for word, example in (("Wrong", told.wrong), ("Right", told.right)):
        if example:
            yield f"{word}:\n\n{_fenced(example)}"


def _fenced(example: Example) -> str:
    return f"```{FENCES.get(example.kind, 'yaml')}\n{example.text.rstrip()}\n```\n"


def words() -> str:
    """Return every word of the language, with what it means and an example."""
    parts = [
        BY_HAND,
        "# All words of the language\n",
        "One line each. How they work together is in [the language](language.md).\n",
        "## At the top of a journey\n",
        _table(TOP),
        "## Phases of the loop\n",
        _rows(["phase", "its question"], ((f"`{name}`", question) for name, question in PHASES.items())),
        "## Under `start`\n",
        "Also in words of their own: `start: by hand` and `start: from another journey`.\n",
        _table(START),
        "## Steps\n",
        "A step is one verb and what belongs to it. Any step may also say:\n",
        _table(ANY_STEP),
    ]
    for verb in VERBS.values():
        needs = f" It needs {' and '.join(f'`{word}`' for word in verb.needs)}." if verb.needs else ""
        parts += [f"### `{verb.name}`\n", f"{verb.doc}{needs} Example: `{verb.example}`\n"]
        if verb.modifiers:
            parts.append(_table(verb.modifiers))
    parts += ["## Under `delivery`\n", _table(DELIVERY), "## In a test\n", _table(TEST)]
    return "\n".join(parts)


def _table(found: Iterable[Word]) -> str:
    return _rows(["word", "what it means", "example"], ((f"`{w.name}`", w.doc, f"`{w.example}`") for w in found))


def _rows(head: list[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def commands() -> str:
    """Return what every command says about itself."""
    parts = [
        BY_HAND,
        "# All commands\n",
        COMMANDS_HEAD,
    ]
    for group in GROUPS:
        mine = [command for command in COMMANDS if command.group == group]
        if mine:
            parts.append(f"## {group}\n")
        for command in mine:
            for typed in [[command.name], *([command.name, sub] for sub in _inside(command.path))]:
                parts += [f"### lifeloop {' '.join(typed)}\n", f"```text\n{_without_everywhere(_help(typed))}\n```\n"]
    parts += ["## With every command\n", f"```text\n{_everywhere(_help([]))}\n```\n"]
    return "\n".join(parts)


def _inside(path: str) -> list[str]:
    """Return the commands of a group such as ``event send``."""
    module, _, name = path.partition(":")
    found = getattr(import_module(module), name)
    return [] if not hasattr(found, "meta") else [word for word in found if not word.startswith("-")]


def _help(typed: list[str]) -> str:
    said, before = StringIO(), dict(os.environ)
    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1", TERM="dumb")
    try:
        with redirect_stdout(said), redirect_stderr(said):
            lifeloop([*typed, "--help"])
    finally:
        os.environ.clear()
        os.environ.update(before)
    return "\n".join(line.rstrip() for line in said.getvalue().strip().splitlines())


def _without_everywhere(text: str) -> str:
    return text.partition("With every command")[0].rstrip()


def _everywhere(text: str) -> str:
    return text.partition("With every command\n")[2].partition("\n\n")[0].rstrip()


def write(found: Mapping[Path, str]) -> None:
    """Write what has changed, and say so."""
    for path, text in found.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(TOP_FOLDER)}")


def outputs(only: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield pages with what their commands say today; ``only`` these, when any are named."""
    today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
    for page in pages():
        if not only or page.name in only:
            with tempfile.TemporaryDirectory() as folder:
                yield page, refreshed(page, Shop(Path(folder)), today)


def main(asked: list[str]) -> None:
    """Write everything, and with ``--outputs`` or ``--inbox`` what takes longer."""
    write(dict(generated()))
    if "--outputs" in asked:
        write(dict(outputs([word for word in asked if not word.startswith("-")])))
    if "--inbox" in asked:
        subprocess.run([sys.executable, str(DOCS / "picture.py")], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
