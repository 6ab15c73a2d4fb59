"""Hides Jinja behind plain words while Markdown and CSS are worked on, and brings it back afterwards.

A parser of HTML moves loops out of tables and escapes comparisons; it leaves words and comments alone. What comes
back stands between private delimiters, each piece on a line of its own, so that a failing line names its piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lifeloop.message.pieces import Piece, Segment
from lifeloop.message.sandbox import EXPRESSION, STATEMENT

WORD = re.compile(r"qj(\d+)zx")
_COMMENT = re.compile(r"<!--\s*qj(\d+)zx\s*-->")
_ANY = re.compile(r"<!--\s*qj(?P<comment>\d+)zx\s*-->|qj(?P<word>\d+)zx")
_OPAQUE = re.compile(
    r"<style\b.*?</style>|<title\b.*?</title>|<!--.*?-->|</?[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^>\"'])*>",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(slots=True)
class Tokens:
    """The pieces of one message in the order they were hidden."""

    pieces: list[Piece] = field(default_factory=list)

    def hide(self, segments: Iterable[Segment], literal: Callable[[str], str] = str) -> str:
        """Return the segments as one text with a word for each piece; ``literal`` is applied to what lies between."""
        return "".join(
            self.word(segment) if isinstance(segment, Piece) else literal(segment)
            for segment in segments
            if isinstance(segment, Piece | str)
        )

    def word(self, piece: Piece) -> str:
        """Return the word that stands for a piece from now on."""
        self.pieces.append(piece)
        return f"qj{len(self.pieces) - 1}zx"

    def piece(self, number: str) -> Piece | None:
        """Return the piece behind a word; None when the author's own text happens to look like one."""
        return self.pieces[int(number)] if int(number) < len(self.pieces) else None

    def is_statement(self, number: str) -> bool:
        """Return whether the word stands for a statement."""
        piece = self.piece(number)
        return piece is not None and piece.kind == "statement"

    def settle(self, html: str) -> str:
        """Return HTML with its statements as comments between tags, where no parser moves them."""
        parts: list[str] = []
        end = 0
        for opaque in _OPAQUE.finditer(html):
            parts += [WORD.sub(self._as_comment, html[end : opaque.start()]), opaque.group()]
            end = opaque.end()
        return "".join([*parts, WORD.sub(self._as_comment, html[end:])])

    def _as_comment(self, word: re.Match[str]) -> str:
        return f"<!--{word.group()}-->" if self.is_statement(word[1]) else word.group()

    def restore(self, text: str, wording: Callable[[Piece], str]) -> Restored:
        """Return the text as source for the sandbox; ``wording`` may change what a piece says."""
        parts: list[str] = []
        lines: dict[int, Piece] = {}
        line, end = 1, 0
        for found in _ANY.finditer(text):
            piece = self.piece(found["comment"] or found["word"])
            if piece is None:
                continue
            before = text[end : found.start()]
            line += before.count("\n")
            start, stop = STATEMENT if piece.kind == "statement" else EXPRESSION
            said = f"{start} {wording(piece)}\n{stop}"
            for offset in range(said.count("\n") + 1):
                lines[line + offset] = piece
            line += said.count("\n")
            parts += [before, said]
            end = found.end()
        return Restored("".join([*parts, text[end:]]), lines)


@dataclass(frozen=True, slots=True)
class Restored:
    """Source for the sandbox, and which piece each of its lines is."""

    source: str
    lines: dict[int, Piece]
