"""What can be wrong with a file as a whole, and with one row of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class UnreadableFileError(Exception):
    """Nothing of this file can be imported. ``hint`` says what to do about it."""

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class MappingError(UnreadableFileError):
    """It is not clear what the columns mean, or what was said about them cannot be. ``more``: further mistakes."""

    def __init__(self, sentence: str, *more: str, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.more = more


class UnknownNameError(MappingError):
    """The command names something that is not there: a topic, an event, an attribute, a column."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not imported, and why, as a sentence. ``row`` counts lines of the file from 1."""

    row: int
    reason: str
    column: str = ""
    value: str = ""
    cells: tuple[str, ...] = ()
    """The whole row as it was read, so that it can be put right and imported again."""


def together(problems: Sequence[RowProblemError]) -> RowProblemError:
    """Return all that is wrong with one row as one problem: the first with its place, the others in its words."""
    first = problems[0]
    others = dict.fromkeys(each.words for each in problems[1:] if each.words != first.words)
    return RowProblemError("; ".join((first.reason, *others)), first.column, first.value)


class RowProblemError(Exception):
    """This row cannot be imported; raised while one row is read, caught row by row."""

    def __init__(self, reason: str, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value

    @property
    def words(self) -> str:
        """Where it is, and what is wrong there."""
        return f"{self.column}: {self.reason}" if self.column else self.reason
