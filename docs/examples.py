"""The examples in README and docs: finds them, and lets each one do what it shows, in a copy of the starter project.

What stands behind the language of a fence says what an example is:

- ``console``: what follows ``$ lifeloop`` or ``$ sed`` is run; what is shown must be what comes out. ``…`` stands for
  anything, on a line of its own for any lines. ``console about``: figures may differ, what they are about may not.
  ``console by-hand`` is not run: it needs a server, or another machine.
- ``yaml journeys/hello.yaml``, ``markdown templates/…``: a whole file; the commands after it on the page see it.
- ``yaml providers/pidge.yaml more``: what comes behind it in that file from here on.
- ``yaml lifeloop.yaml``: parts of the project file, which must be read without a mistake.
- ``yaml``: a whole journey, or steps, or words from the top of one; it must compile.
- ``yaml wrong J111``: the same, and it must be refused with that code. ``yaml other``: not ours to check.
- ``python``: it is run; all of a page run one after the other.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import yaml

from lifeloop.cli.app import main
from lifeloop.journey.project_file import KEYS, read_catalogue
from lifeloop.journey.source import Report
from lifeloop.journey.words import TOP
from lifeloop.work.project import open_project

TOP_FOLDER = Path(__file__).parents[1]
STARTER = ("lifeloop.yaml", "journeys", "templates", "people", "flows")
WIDTH = 100
ANYTHING = "…"
_FENCE = re.compile(r"^(`{3,})([a-z]+)?(.*)$")
_SECONDS = re.compile(r"\d+(?:\.\d+)? ?s(?:econds?)?\b")
_QUIET = ("CI", "FORCE_COLOR", "LIFELOOP_DATABASE", "GITHUB_ACTIONS", "PREFECT_API_URL")


@dataclass(frozen=True, slots=True)
class Example:
    """One fenced block: its page and line, the language, and the words behind it."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(TOP_FOLDER)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that the block is the whole of, if it says so."""
        named = next((word for word in self.words if "." in word), None)
        return None if named == "lifeloop.yaml" else named


def pages() -> list[Path]:
    """Return README and every page of the docs."""
    return [TOP_FOLDER / "README.md", *sorted((TOP_FOLDER / "docs").glob("*.md"))]


def examples(page: Path) -> Iterator[Example]:
    """Yield the fenced blocks of a page."""
    lines = iter(enumerate(page.read_text(encoding="utf-8").split("\n"), 1))
    for number, line in lines:
        found = _FENCE.match(line)
        if found is None:
            continue
        body: list[str] = []
        for _, inner in lines:
            if inner == found[1]:
                break
            body.append(inner)
        yield Example(page, number, found[2] or "", tuple(found[3].split()), "\n".join(body) + "\n")


class Shop:
    """A copy of the starter project in a folder of its own, where examples may do what they like."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "sunny"
        self.root.mkdir(parents=True)
        for name in STARTER:
            source = TOP_FOLDER / name
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.root / name)
        self._python: dict[str, object] = {"__name__": "example"}
        self._parts: dict[str, Example] = {}

    def problems(self, page: Path) -> list[str]:
        """Let every example of a page do what it shows; return what went otherwise."""
        found = [problem for example in examples(page) for problem in self._problem(example)]
        return found + self._part_problems()

    def _problem(self, example: Example) -> list[str]:
        match example.language:
            case "console" if "by-hand" not in example.words:
                wrong = self.said(example)
                return [] if wrong is None else [f"{example} shows something else than what comes out:\n{wrong}"]
            case "yaml" if example.words[:1] == ("lifeloop.yaml",):
                return self._project_problems(example)
            case "yaml" if "other" not in example.words and not example.file:
                self._take(example)
                return []
            case "python":
                with chdir(self.root):
                    exec(compile(example.text, str(example), "exec"), self._python)  # noqa: S102  # our own docs
                return []
            case _ if example.file:
                before = (self.root / example.file).read_text(encoding="utf-8") if "more" in example.words else ""
                self.write(example.file, before + example.text)
        return []

    def write(self, file: str, text: str) -> None:
        """Put a file into the project."""
        target = self.root / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def said(self, example: Example) -> str | None:
        """Run the commands of a console block; return None when it shows what they say, else the block as it is."""
        real = "".join(f"{typed}\n{self.run(command)}" for typed, command in _commands(example.text))
        agree = tells_the_same if "about" in example.words else matches
        return None if agree(example.text, real) else real

    def run(self, command: str) -> str:
        """Type one command in the project's folder; return all that it says."""
        words = shlex.split(command)
        if words[0] == "sed":
            return subprocess.run(words, cwd=self.root, capture_output=True, text=True, check=True).stdout
        if words[0] != "lifeloop":
            raise ValueError(f"only lifeloop and sed are run in an example, not: {command}")
        said, before = StringIO(), dict(os.environ)
        try:
            for name in _QUIET:
                os.environ.pop(name, None)
            os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1", TERM="dumb")
            with chdir(self.root), redirect_stdout(said), redirect_stderr(said):
                main(words[1:])
        finally:
            os.environ.clear()
            os.environ.update(before)
        return re.sub(r"[ \t]+$", "", said.getvalue(), flags=re.MULTILINE).replace(str(self.root), "sunny")

    def _project_problems(self, example: Example) -> list[str]:
        """Put parts of a project file in place of the starter's own, and read the whole."""
        said = set(yaml.safe_load(example.text))
        if said - set(KEYS):
            return [f"{example}: {said - set(KEYS)} belong to no project file"]
        kept = [part for part in _top_parts(TOP_FOLDER / "lifeloop.yaml") if part.split(":")[0] not in said]
        folder = self.root.parent / "part"
        folder.mkdir(exist_ok=True)
        (folder / "lifeloop.yaml").write_text("".join(kept) + example.text, encoding="utf-8")
        report = Report()
        read_catalogue(folder, report)
        about = [one for one in report.found if one.severity == "error" and not _misses_a_topic(one.message, said)]
        return [f"{example}: {one.place.line}: {one.message}; {one.label}" for one in about]

    def _take(self, example: Example) -> None:
        """Keep a journey, or a part of one, until the page ends: all are compiled together."""
        whole = yaml.safe_load(example.text.replace(ANYTHING, "x"))
        name = whole["journey"] if isinstance(whole, dict) and "journey" in whole else f"example-{example.line}"
        self._parts[f"journeys/{name}.yaml"] = example

    def _part_problems(self) -> list[str]:
        shop = self.root.parent / "parts"
        shutil.copytree(self.root, shop, ignore=shutil.ignore_patterns(".lifeloop"))
        for file, example in self._parts.items():
            (shop / file).write_text(_whole(example, Path(file).stem), encoding="utf-8")
        found = open_project(shop).diagnostics
        codes: dict[str, list[str]] = {file: [] for file in self._parts}
        said: dict[str, list[str]] = {file: [] for file in self._parts}
        for one in found:
            if one.place.file in codes:
                codes[one.place.file].append(one.code)
            if one.place.file in said and one.severity == "error":
                said[one.place.file].append(f"{one.code} {one.message}; {one.label}")
        return [
            problem for file, example in self._parts.items() for problem in _judge(example, codes[file], said[file])
        ]


def _judge(example: Example, codes: list[str], errors: list[str]) -> list[str]:
    if example.words[:1] == ("wrong",):
        return [] if example.words[1] in codes else [f"{example}: expected {example.words[1]}, found {codes}"]
    return [f"{example}: {said}" for said in errors]


def _whole(example: Example, name: str) -> str:
    """Make a journey of a part of one: what is missing is filled in."""
    text = example.text
    inner = yaml.safe_load(text.replace(ANYTHING, "x"))
    if isinstance(inner, list):
        text = "steps:\n" + "".join(f"  {line}\n" for line in text.splitlines())
        inner = {"steps": inner}
    unknown = set(inner) - {word.name for word in TOP}
    if unknown:
        raise ValueError(f"{example}: {unknown} are no words of a journey")
    fill = {
        "journey": f"journey: {name}\n",
        "start": "start: {event: order.delivered}\n",
        "delivery": "delivery: {topic: inspiration}\n",
        "steps": "steps:\n  - send: welcome/hello\n    topic: service\n",
    }
    return "".join(line for key, line in fill.items() if key not in inner and key != "steps") + (
        text if "steps" in inner else text + fill["steps"]
    )


def _misses_a_topic(message: str, said: set[str]) -> bool:
    """The starter's own delivery may name a topic that the part shown does not declare."""
    return "topics" in said and "topic" in message


def _top_parts(file: Path) -> list[str]:
    return re.split(r"^(?=[a-z])", file.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield what is typed, as shown and as one command: a line may go on after a backslash."""
    typed: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ ") or typed:
            typed.append(line)
        if typed and not line.endswith("\\"):
            yield "\n".join(typed), " ".join(part.removesuffix("\\").strip() for part in typed).removeprefix("$ ")
            typed = []


def matches(shown: str, real: str) -> bool:
    """Tell whether what is shown is what came out; seconds never count, ``…`` stands for anything."""
    lines = []
    for line in _SECONDS.sub("0 s", shown.strip()).split("\n"):
        if line.strip() == ANYTHING:
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(re.escape(line.rstrip()).replace(ANYTHING, ".*?") + r"\n")
    return re.fullmatch("".join(lines), _SECONDS.sub("0 s", real.strip()) + "\n") is not None


def tells_the_same(shown: str, real: str) -> bool:
    """Tell whether an output speaks of the same things, whatever the figures: every label shown is there."""
    return _labels(shown) - {ANYTHING} <= _labels(real)


def _labels(text: str) -> set[str]:
    firsts = (re.split(r"  +", line)[0] for line in text.splitlines() if line and not line[0].isspace())
    return {re.sub(r"\d+", "0", first) for first in firsts}


def masked(real: str, today: date) -> str:
    """Return an output with ``…`` for what will be another tomorrow: hours of now, days around today, where it ran."""
    days = [today + timedelta(days=ahead) for ahead in range(-1, 10)]
    near = "|".join(f"{day:%a %d %b}" for day in days)
    real = re.sub(rf"(?:{near})(?: \d{{4}})?(?: \d\d:\d\d)?(?: UTC)?", ANYTHING, real)
    real = re.sub(r"^\d\d:\d\d:\d\d|(?:just )?now$", ANYTHING, real, flags=re.MULTILINE)
    if "Ahead (" in real:  # a customer's story says the minute once; the next line may be the next minute
        real = re.sub(r"^ {20}(?=▶)", f" {ANYTHING}   ", real, flags=re.MULTILINE)
    return re.sub(r"sqlite:///\S*?(?=\.lifeloop)", f"{ANYTHING}/", real)


def refreshed(page: Path, shop: Shop, today: date) -> str:
    """Return the page with what its commands say today, in place of what they said when it was written."""
    text = page.read_text(encoding="utf-8")
    for example in examples(page):
        if example.language == "console" and "by-hand" not in example.words:
            real = shop.said(example)
            if real is not None:
                head = " ".join(["```console", *example.words])
                text = text.replace(f"{head}\n{example.text}```", f"{head}\n{masked(real, today).rstrip()}\n```")
        elif example.file:
            shop.write(example.file, example.text)
    return text
