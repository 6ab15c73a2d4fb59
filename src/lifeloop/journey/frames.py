"""A diagnostic for human eyes: the sentence, the line itself, a caret under the smallest wrong thing. No colours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from lifeloop.journey.diagnostic import Diagnostic, Place

WIDEST = 110
"""Columns of a source line that are shown; longer lines are cut around the caret."""


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return diagnostics by file and place, each mistake once."""
    seen: dict[tuple[Place, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        seen.setdefault((diagnostic.place, diagnostic.code), diagnostic)
    return tuple(sorted(seen.values(), key=lambda diagnostic: (diagnostic.place, diagnostic.code)))


def frame(diagnostic: Diagnostic, sources: Mapping[str, str]) -> str:
    """Return the framed form. ``sources``: the texts of files by name; without one the line is not shown."""
    place = diagnostic.place
    width = len(str(max([place.line, *(other.place.line for other in diagnostic.related)])))
    head = f"{diagnostic.severity} {diagnostic.code}: {diagnostic.message}"
    where = f"{' ' * width}┌ {place.file}:{place.line}:{place.column}"
    below = _notes(diagnostic, width)
    return "\n".join([head, where, *_excerpts(diagnostic, sources, width), *below])


def frames(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], limit: int = 10) -> str:
    """Return framed forms, at most ``limit`` of them, and then how many more there are."""
    ordered = in_order(diagnostics)
    shown = [frame(diagnostic, sources) for diagnostic in ordered[:limit]]
    return "\n\n".join([*shown, *_more(len(ordered) - limit)])


def _more(count: int) -> list[str]:
    if count <= 0:
        return []
    return [f"… and {count} more"]


def _notes(diagnostic: Diagnostic, width: int) -> list[str]:
    elsewhere = [other for other in diagnostic.related if other.place.file != diagnostic.place.file]
    notes = [f"{other.place.file}:{other.place.line}  {other.label}" for other in elsewhere]
    if any(suggestion.certain for suggestion in diagnostic.suggestions):
        notes.append("fix: lifeloop fix")
    if diagnostic.hint:
        notes.append(diagnostic.hint)
    return [f"{' ' * width}= {note}" for note in notes]


def _excerpts(diagnostic: Diagnostic, sources: Mapping[str, str], width: int) -> list[str]:
    """Return the lines of the file that matter, in order, each with a mark below it."""
    text = sources.get(diagnostic.place.file)
    if text is None:
        return [f"{' ' * width}│ {diagnostic.label}"] if diagnostic.label else []
    marks = [(diagnostic.place, "^", diagnostic.label)]
    marks += [(o.place, "-", o.label) for o in diagnostic.related if o.place.file == diagnostic.place.file]
    lines = text.splitlines()
    shown: list[str] = []
    last = None
    for place, sign, label in sorted(marks, key=lambda mark: mark[0]):
        source = lines[place.line - 1] if place.line <= len(lines) else ""
        line, start, end = _cut(source, place)
        if place.line != last:
            shown.append(f"{place.line:>{width}}│ {line}".rstrip())
        last = place.line
        pad, caret = _cells(line[:start]), sign * max(_cells(line[start:end]), 1)
        shown.append(f"{' ' * width}│ {' ' * pad}{caret} {label}".rstrip())
    return shown


def _cut(source: str, place: Place) -> tuple[str, int, int]:
    """Return a line that fits, and where the mark begins and ends in it."""
    line = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in source)
    start = min(place.column - 1, len(line))
    end = place.end_column - 1 if place.end_line == place.line else len(line)
    end = max(min(end, len(line)), start)
    if len(line) <= WIDEST:
        return line, start, end
    first = max(0, min(start - WIDEST // 3, len(line) - WIDEST))
    cut = line[first : first + WIDEST]
    cut = ("…" if first else cut[:1]) + cut[1:-1] + ("…" if first + WIDEST < len(line) else cut[-1:])
    return cut, start - first, min(end - first, len(cut))


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_cell(letter) for letter in text)


def _cell(letter: str) -> int:
    if unicodedata.combining(letter) or letter in {"\u200b", "\u200d", "\ufe0f"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
