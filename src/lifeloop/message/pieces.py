"""Cuts a text into what is literal and what is Jinja, and knows where every piece stands in its file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from lifeloop.journey.diagnostic import Place
from lifeloop.journey.source import Scalar, inside

PieceKind = Literal["expression", "statement"]

_QUOTED = r"""|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_PIECE = re.compile(
    r"(?P<comment>\{#(?:(?!#\}).)*#\})"
    rf"|\{{\{{(?P<expression>(?:(?!\}}\}}|[\"']).{_QUOTED})*)\}}\}}"
    rf"|\{{%(?P<statement>(?:(?!%\}}|[\"']).{_QUOTED})*)%\}}",
    re.DOTALL,
)
_CONTROL = re.compile(r"\A[-+]|[-+]\Z")  # Jinja's whitespace control: mail programs fold white space anyway
_OPENING = re.compile(r"\{\{|\{%")


@dataclass(frozen=True, slots=True)
class Piece:
    """One ``{{ expression }}`` or ``{% statement %}``; ``text`` is what stands inside, ``place`` spans the whole."""

    kind: PieceKind
    text: str
    place: Place
    inner: Place

    def spot(self, word: str) -> Place:
        """Return the place of the first such word in it; the whole piece when it is not there."""
        found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", self.text) if word[:1].isalpha() else None
        start = found.start() if found else self.text.find(word)
        inner = self.inner
        if not word or start < 0 or inner.line != inner.end_line or inner.end_column - inner.column != len(self.text):
            return self.place
        column = inner.column + start
        return Place(inner.file, inner.line, column, inner.line, column + len(word))


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A ``{{`` or ``{%`` that never ends."""

    sign: str
    place: Place


Segment = str | Piece | Unclosed


class Where(Protocol):
    """Knows where a stretch of a text stands in its file."""

    def place(self, text: str, start: int, end: int, /) -> Place:
        """Return the place of ``text[start:end]``."""
        ...


@dataclass(frozen=True, slots=True)
class InScalar:
    """A text of a file's head."""

    scalar: Scalar

    def place(self, text: str, start: int, end: int) -> Place:  # noqa: ARG002  # the scalar knows its text
        """Return the place of a stretch of the scalar."""
        return inside(self.scalar, start, end)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a text begins in its file."""

    file: str
    line: int = 1
    column: int = 1

    def place(self, text: str, start: int, end: int) -> Place:
        """Return the place of ``text[start:end]``."""
        return Place(self.file, *self._position(text, start), *self._position(text, end))

    def _position(self, text: str, offset: int) -> tuple[int, int]:
        line = text.count("\n", 0, offset)
        before = text.rfind("\n", 0, offset)
        return self.line + line, (offset - before) if line else self.column + offset


def cut(text: str, where: Where) -> tuple[Segment, ...]:
    """Return the segments of a text in order; comments are left out."""
    segments: list[Segment] = []
    end = 0
    for found in _PIECE.finditer(text):
        _literal(text, end, found.start(), where, segments)
        end = found.end()
        kind = found.lastgroup
        if kind == "comment" or kind is None:
            continue
        inner = _CONTROL.sub("", found.group(kind)).strip()
        first = text.find(inner, found.start() + 2)
        place = where.place(text, found.start(), found.end())
        inner_place = where.place(text, first, first + len(inner))
        segments.append(Piece("expression" if kind == "expression" else "statement", inner, place, inner_place))
    _literal(text, end, len(text), where, segments)
    return tuple(segments)


def _literal(text: str, start: int, end: int, where: Where, segments: list[Segment]) -> None:
    """Add what stands between two pieces; an opening sign in it is one that never ends."""
    for found in _OPENING.finditer(text, start, end):
        sign = found.group()
        segments.append(Unclosed(sign, where.place(text, found.start(), found.end())))
    if start < end:
        segments.append(text[start:end])
