"""What can be wrong with a file as a whole, and with one row of it."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not imported, and why, as a sentence. ``row`` counts lines of the file from 1."""

    row: int
    reason: str
    column: str = ""
    value: str = ""
    cells: tuple[str, ...] = ()
    """The whole row as it was read, so that it can be put right and imported again."""


class RowProblemError(Exception):
    """This row cannot be imported; raised while one row is read, caught row by row."""

    def __init__(self, reason: str, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value
