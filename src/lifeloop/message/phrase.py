"""A text with holes and no message around it: what a call hands over, a field of a provider's request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lifeloop.journey.source import Report, Scalar
from lifeloop.message.compiled import Part
from lifeloop.message.here import Here
from lifeloop.message.names import uses
from lifeloop.message.pieces import InScalar, Piece, Segment, cut
from lifeloop.message.sandbox import Sandbox, sandbox
from lifeloop.message.syntax import read_pieces
from lifeloop.message.tokens import Tokens

_sandbox = cache(sandbox)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled text. ``names``: the dotted names of data that it reads."""

    part: Part
    names: frozenset[str]

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the text with the values put in.

        Raises:
            RenderProblemError: the text needs something that is not there.
        """
        return self.part.fill({**values, "_here": Here()})


def read_phrase(text: Scalar, report: Report) -> Phrase | None:
    """Return the text of a file as a phrase; None when its Jinja is wrong, which is then in the report."""
    segments = cut(text.text, InScalar(text))
    before = len(report.found)
    names = frozenset(use.name for use in uses(read_pieces(segments, report)))
    return Phrase(part_of(segments, _sandbox()), names) if len(report.found) == before else None


def part_of(segments: Sequence[Segment], env: Sandbox) -> Part:
    """Return checked segments as code."""
    tokens = Tokens()
    restored = tokens.restore(tokens.hide(segments), lambda piece: piece.text)
    loops = any(isinstance(segment, Piece) and segment.text.startswith("for") for segment in segments)
    return Part(env, restored, "step.txt", loops=loops)
