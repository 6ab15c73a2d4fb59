"""YAML text to nodes that know where they stand. Every scalar stays text until our own schema types it.

YAML 1.2 meaning follows from that (``at: 10:00`` and ``country: NO`` are text). Refused, with a place: tags,
merge keys, duplicate keys, several documents, and anchors beyond a budget (see ``lifeloop explain J001``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Severity, Suggestion


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``quoted`` tells ``"more"`` from ``more``; a quoted or block scalar is never a word of the language."""

    text: str
    place: Place
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a map."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A map, in the order written; keys are unique."""

    entries: tuple[Entry, ...]
    place: Place

    def entry(self, key: str) -> Entry | None:
        """Return the entry of that key, None when there is none."""
        return next((entry for entry in self.entries if entry.key.text == key), None)

    def value(self, key: str) -> Node | None:
        """Return the value of that key, None when there is none."""
        found = self.entry(key)
        return found.value if found else None


Node = Scalar | Items | Map


@dataclass(slots=True)
class Report:
    """Collects the mistakes of a reading: everything is reported at once, in order of place."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        place: Place,
        *,
        severity: Severity = "error",
        label: str = "",
        hint: str = "",
        suggestions: tuple[Suggestion, ...] = (),
        related: tuple[Related, ...] = (),
    ) -> None:
        """Note one mistake; the fields are those of ``Diagnostic``."""
        short = [text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]}…" for text in (message, label, hint)]
        self.found.append(Diagnostic(code, severity, short[0], place, short[1], short[2], suggestions, related))


LARGEST_FILE = 256 * 1024
"""Bytes; a longer file is refused unread."""
LONGEST_NOTE = 500
"""Letters of a message; texts from the file are quoted in it, and may be long."""
LONGEST_PHRASE = 400
"""Letters; no moment, length or limit is longer."""


def read_file(path: Path, report: Report, file: str | None = None) -> str | None:
    """Return the text of a file, without a byte order mark; ``file`` is the name that diagnostics show."""
    name = file or path.as_posix()
    start = Place(name, 1, 1, 1, 1)
    try:
        raw = path.read_bytes()
    except OSError as error:
        report.add("J009", f"{name} cannot be read: {(error.strerror or 'unknown reason').lower()}", start)
        return None
    if len(raw) > LARGEST_FILE:
        report.add("J008", f"{name} is larger than {LARGEST_FILE // 1024} kB", start, label="split it up")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8-sig", "replace")
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        place = Place(name, line, column, line, column + 1)
        report.add("J009", "this file is not saved as UTF-8", place, label="this character cannot be read")
        return None


def is_long(scalar: Scalar, code: str, what: str, report: Report) -> bool:
    """Tell, and report, whether a text is far too long for what it should be."""
    if len(scalar.text) <= LONGEST_PHRASE:
        return False
    report.add(code, f"this text is too long for {what}", scalar.place, label="did a quote go missing?")
    return True


def inside(scalar: Scalar, start: int, end: int) -> Place:
    """Return the place of a stretch of a scalar's text; all of it when the text was folded or escaped."""
    place = scalar.place
    marks = 1 if scalar.quoted else 0
    if place.line != place.end_line or place.end_column - place.column != len(scalar.text) + 2 * marks:
        return place
    first = place.column + marks
    return Place(place.file, place.line, first + start, place.line, first + max(end, start + 1))


def part(scalar: Scalar, start: int, end: int | None = None) -> Scalar:
    """Return a stretch of a scalar as a scalar of its own, at its own place, without blanks around it."""
    text = scalar.text[start:end]
    begin = start + len(text) - len(text.lstrip())
    text = text.strip()
    return Scalar(text, inside(scalar, begin, begin + len(text)), quoted=False)
