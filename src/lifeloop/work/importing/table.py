"""A CSV file as rows: delimiter guessed, names of columns first, and a bad row never takes others with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from lifeloop.work.importing.lines import BadLineError, Lines
from lifeloop.work.importing.problems import Rejected, UnreadableFileError
from lifeloop.work.importing.spreadsheet import unguarded

DELIMITERS = (",", ";", "\t", "|")
NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
SAMPLE_ROWS = 1000
"""Rows that the guesses look at; they are read once and imported like the others."""
HEAD = 50
"""Lines that the guess about the delimiter looks at."""
MOST_COLUMNS = 500
REJECTS = ("row", "column", "value", "reason")
"""The first columns of a rejects file; when one is imported again, they are passed over."""
UNCLOSED = "a quotation mark opens a cell that is never closed"
_SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_DATA = re.compile(r"[^@\s]+@[^@\s]+\.\w+|[-+]?\d+([.,]\d+)*|\d{4}-\d\d-\d\d.*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: on which line it begins, and its cells without blanks around them."""

    number: int
    cells: Sequence[str]


class Sheet(Protocol):
    """What has rows and columns: a CSV file, a Parquet file."""

    path: Path
    columns: tuple[str, ...]
    sample: list[Row]
    delimiter: str
    encoding: str

    def rows(self) -> Iterator[Row | Rejected]:
        """Yield every row, and every one that cannot be read."""
        ...

    def column(self, name: str) -> list[str]:
        """Return the cells of one column in the sample, without empty ones."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Table:
    """The rows of a CSV file, read once from top to end. ``sample`` holds the first ones for the guesses."""

    def __init__(self, path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> None:
        self.path = path
        self._lines = Lines(path, encoding)
        self.encoding = self._lines.encoding
        try:
            self._begin(delimiter)
        except BaseException:
            self.close()
            raise

    def _begin(self, delimiter: str | None) -> None:
        told = self._told_delimiter()
        self.delimiter = NAMES.get(delimiter or "", delimiter) or told or self._guess_delimiter()
        self._taking = _Taking(self._lines)
        self._reader = self._open_reader()
        self.columns, self._skip = self._header()
        self._first = list(islice(self._read(), SAMPLE_ROWS))
        self.sample = [one for one in self._first if isinstance(one, Row)]

    def rows(self) -> Iterator[Row | Rejected]:
        """Yield every row, and every one that cannot be read, in the order of the file."""
        while self._first:
            yield self._first.pop(0)
        yield from self._read()

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def column(self, name: str) -> list[str]:
        """Return the cells of one column in the sample, without empty ones."""
        place = self.columns.index(name)
        return [row.cells[place] for row in self.sample if row.cells[place]]

    def _open_reader(self) -> Iterator[list[str]]:
        try:
            return csv.reader(self._taking, delimiter=self.delimiter, strict=True)
        except TypeError:
            raise UnreadableFileError(
                f'"{self.delimiter}" cannot stand between cells', hint="it is one character:  --delimiter ';'"
            ) from None

    def _told_delimiter(self) -> str | None:
        """Take the line ``sep=;`` away that spreadsheets write above a table for each other."""
        (first, *_) = self._lines.ahead(1) or [""]
        found = _SEP.fullmatch(first.strip("\r\n")) if isinstance(first, str) else None
        if found is None:
            return None
        next(self._lines)
        return found[1]

    def _guess_delimiter(self) -> str:
        """Return what splits the first lines into most cells, equally many on each."""
        taken = self._lines.ahead(HEAD)
        lines = [line for line in taken if isinstance(line, str) and line.strip()]
        counts = {each: [line.count(each) for line in lines] for each in DELIMITERS}
        best = max(DELIMITERS, key=lambda each: _evenness(counts[each]))
        return best if counts[best] and counts[best][0] else ","

    def _header(self) -> tuple[tuple[str, ...], int]:
        first = next(self._read_raw(), None)
        if first is None or isinstance(first, Rejected):
            raise UnreadableFileError(
                f'the first line of "{self.path}" cannot be read{f": {first.reason}" if first else ""}'
            )
        names = tuple(cell or f"column {place}" for place, cell in enumerate(first.cells, 1))
        self._check_names(names)
        skip = len(REJECTS) if names[: len(REJECTS)] == REJECTS else 0
        return tuple(map(unguarded, names[skip:])) if skip else names, skip

    def _check_names(self, names: Sequence[str]) -> None:
        twice = next((name for name in names if names.count(name) > 1), None)
        if len(names) > MOST_COLUMNS:
            raise UnreadableFileError(f'"{self.path}" has {len(names):,} columns; at most {MOST_COLUMNS} are read')
        if all(_DATA.fullmatch(name) for name in names):
            raise UnreadableFileError(
                f'the first line of "{self.path}" looks like data', hint="write the names of the columns above it"
            )
        if twice is not None:
            raise UnreadableFileError(f'two columns of "{self.path}" are called "{twice}"', hint="rename one of them")

    def _read(self) -> Iterator[Row | Rejected]:
        wanted = len(self.columns) + self._skip
        for row in map(_restored, self._read_raw()) if self._skip else self._read_raw():
            if isinstance(row, Row) and len(row.cells) != wanted:
                yield Rejected(row.number, _miscounted(len(row.cells), wanted), cells=tuple(row.cells[self._skip :]))
            elif isinstance(row, Row) and self._skip:
                yield Row(row.number, row.cells[self._skip :])
            else:
                yield row

    def _read_raw(self) -> Iterator[Row | Rejected]:
        """Yield rows; what cannot be read is one row, and reading goes on with the line after its first one."""
        while True:
            self._taking.taken.clear()
            start = self._lines.number + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except (BadLineError, csv.Error) as problem:
                yield self._refused(start, problem)
            else:
                if any(cells):
                    yield Row(start, [cell.strip() for cell in cells])

    def _refused(self, start: int, problem: BadLineError | csv.Error) -> Rejected:
        """Reject the first line only, and read what it had swallowed again."""
        first, *swallowed = self._taking.taken
        self._lines.push_back(swallowed)
        if isinstance(first, BadLineError):
            return Rejected(start, first.reason)
        unclosed = bool(swallowed) or isinstance(problem, BadLineError)
        return Rejected(start, UNCLOSED if unclosed else _reason(problem), cells=(first.rstrip("\r\n"),))


class _Taking:
    """Hands lines to the CSV reader and remembers which ones the present row took."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.taken: list[str | BadLineError] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except BadLineError as bad:
            self.taken.append(bad)
            raise
        self.taken.append(line)
        return line


def _evenness(counts: Sequence[int]) -> tuple[float, int]:
    if not counts or not counts[0]:
        return (0.0, 0)
    same = sum(count == counts[0] for count in counts) / len(counts)
    return (same, counts[0])


def _restored(row: Row | Rejected) -> Row | Rejected:
    """Take away what kept a spreadsheet from reading cells of a rejects file as formulas."""
    return Row(row.number, [unguarded(cell).strip() for cell in row.cells]) if isinstance(row, Row) else row


def _miscounted(found: int, wanted: int) -> str:
    cells = "1 cell" if found == 1 else f"{found} cells"
    columns = "1 column" if wanted == 1 else f"{wanted} columns"
    return f"the row has {cells}, the file has {columns}"


def _reason(problem: BadLineError | csv.Error) -> str:
    said = str(problem)
    if "field limit" in said:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    if "unexpected end" in said:
        return UNCLOSED
    return "a quotation mark stands in the middle of a cell; write it twice, inside quotation marks"
