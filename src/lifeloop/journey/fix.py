"""Applies the answers that are certain. A fix that would make a file unreadable is not made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.fmt_edits import Edit, apply_edits
from lifeloop.journey.source import Report


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file before and after, and the mistakes that are put right."""

    before: str
    text: str
    applied: tuple[Diagnostic, ...]


def fixed(text: str, diagnostics: Sequence[Diagnostic]) -> Fixed:
    """Return a file with every certain suggestion applied; the diagnostics are those of this file."""
    certain = [one for one in diagnostics if one.suggestions and one.suggestions[0].certain]
    done = apply_edits(text, [_edit(one) for one in certain])
    if _complaints(done) <= _complaints(text):
        return Fixed(text, done, tuple(certain))
    return _one_by_one(text, certain)


def _one_by_one(text: str, certain: Sequence[Diagnostic]) -> Fixed:
    kept: list[Diagnostic] = []
    for one in certain:
        tried = apply_edits(text, [_edit(each) for each in (*kept, one)])
        if _complaints(tried) <= _complaints(text):
            kept.append(one)
    return Fixed(text, apply_edits(text, [_edit(each) for each in kept]), tuple(kept))


def _edit(one: Diagnostic) -> Edit:
    place = one.place
    return Edit(place.line, place.column, place.end_line, place.end_column, one.suggestions[0].text)


def _complaints(text: str) -> int:
    report = Report()
    read_yaml(text, "", report)
    return len(report.found)
