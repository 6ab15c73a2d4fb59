"""A Parquet file as rows: a piece at a time, whatever its size, with every value as the text a table would hold."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lifeloop.work.importing.problems import Rejected, UnreadableFileError
from lifeloop.work.importing.table import MOST_COLUMNS, SAMPLE_ROWS, Row

MARK = b"PAR1"
"""How such a file begins and ends."""
PIECE = 1000
"""Rows that are in memory at a time."""
BUFFER = 1 << 20
"""Bytes of a column that are read ahead; without it a whole group of rows is, which may be the whole file."""


def is_parquet(path: Path) -> bool:
    """Tell by the first bytes; a file that cannot be read is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(MARK)) == MARK
    except OSError:
        return False


class ParquetTable:
    """The rows of a Parquet file, read once from top to end. ``sample`` holds the first ones for the guesses."""

    encoding = "Parquet"
    delimiter = ","

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _open(path)
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self._check_names()
        self.count = int(self._file.metadata.num_rows)
        self._left = self._read()
        self.sample = list(itertools.islice(self._left, SAMPLE_ROWS))

    def rows(self) -> Iterator[Row | Rejected]:
        """Yield every row in the order of the file; numbers count rows from 1."""
        return itertools.chain(self.sample, self._left)

    def column(self, name: str) -> list[str]:
        """Return the cells of one column in the sample, without empty ones."""
        place = self.columns.index(name)
        return [row.cells[place] for row in self.sample if row.cells[place]]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _read(self) -> Iterator[Row]:
        number = 0
        for piece in self._file.iter_batches(batch_size=PIECE, use_threads=False):
            columns = [column.to_pylist() for column in piece.columns]
            for cells in zip(*columns, strict=True):
                number += 1
                yield Row(number, [_text(cell) for cell in cells])

    def _check_names(self) -> None:
        twice = next((name for name in self.columns if self.columns.count(name) > 1), None)
        if len(self.columns) > MOST_COLUMNS:
            said = f'"{self.path}" has {len(self.columns):,} columns; at most {MOST_COLUMNS} are read'
            raise UnreadableFileError(said)
        if twice is not None:
            raise UnreadableFileError(f'two columns of "{self.path}" are called "{twice}"', hint="rename one of them")


def _open(path: Path) -> Any:
    try:
        from pyarrow import ArrowException  # type: ignore[import-untyped]  # it brings no types
        from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]  # the same
    except ImportError:
        hint = 'install what reads it:  pip install "lifeloop[parquet]"'
        raise UnreadableFileError(f'"{path}" is a Parquet file', hint=hint) from None
    try:
        return ParquetFile(path, pre_buffer=False, buffer_size=BUFFER)
    except (ArrowException, OSError) as problem:
        raise UnreadableFileError(f'"{path}" begins like a Parquet file and is none, or is cut off') from problem


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value).strip()
