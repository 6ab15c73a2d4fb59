"""On purpose: ``# lifeloop: ignore J223`` on a line says that its author has seen that warning and means it.

In the text of a message it is a comment of Jinja: ``{# lifeloop: ignore J416 #}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lifeloop.journey.diagnostic import Diagnostic, Place

_COMMENT = re.compile(r"(?:^|[\s{])#\s*lifeloop:\s*ignore\s+(J\d{3}(?:[\s,]+J\d{3})*)")
_CODE = re.compile(r"J\d{3}")


@dataclass(frozen=True, slots=True)
class _Ignored:
    code: str
    place: Place

    def fits(self, found: Diagnostic) -> bool:
        here = (self.place.file, self.place.line, self.code)
        return here == (found.place.file, found.place.line, found.code) and found.severity != "error"


def without_ignored(found: Iterable[Diagnostic], sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Leave out what is meant to be so, by the text of each file; an ignore that ignores nothing is a note."""
    found = tuple(found)
    ignored = _all_ignored(sources)
    unused = (_unused(each, found) for each in ignored if not any(each.fits(one) for one in found))
    return (*unmarked(found, sources), *unused)


def unmarked(found: Iterable[Diagnostic], sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Leave out what is meant to be so, and say nothing of ignores without use."""
    ignored = _all_ignored(sources)
    return tuple(one for one in found if not any(each.fits(one) for each in ignored))


def _all_ignored(sources: Mapping[str, str]) -> list[_Ignored]:
    return [one for file, text in sources.items() for one in _ignored(file, text)]


def _ignored(file: str, text: str) -> Iterator[_Ignored]:
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _COMMENT.search(line) if "lifeloop:" in line else None
        for code in _CODE.finditer(line, *comment.span(1)) if comment else ():
            yield _Ignored(code[0], Place(file, number, code.start() + 1, number, code.end() + 1))


def _unused(ignored: _Ignored, found: Iterable[Diagnostic]) -> Diagnostic:
    place = ignored.place
    here = any((one.place.file, one.place.line, one.code) == (place.file, place.line, ignored.code) for one in found)
    label = "an error cannot be ignored" if here else "take it away; or the line it belonged to has moved"
    return Diagnostic("J225", "note", f"this line has no {ignored.code} to ignore", place, label)
