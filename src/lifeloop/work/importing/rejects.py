"""The file beside an import that holds what was not taken, with the reasons, ready to be put right and read again."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.spreadsheet import guarded
from lifeloop.work.importing.table import REJECTS

LONGEST = 200
"""Characters of a cell that are shown; nobody puts fifty megabytes right by hand."""


def rejects_path(path: Path, otherwise: Path) -> Path:
    """Return where the rejects of a file go: beside it, or in another folder where nothing can be written there."""
    folder = path.parent if os.access(path.parent, os.W_OK) else otherwise
    return folder / f"{path.stem}.rejects.csv"


class Rejects:
    """Writes rejected rows as they come, with what stands between cells in the file that they are from.

    A file without any is not made, and an old one is taken away.
    """

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str = ",") -> None:
        self.path = path
        self._columns = columns
        self._delimiter = delimiter
        self._writing = path.with_name(path.name + ".part")
        self._file: IO[str] | None = None

    def add(self, one: Rejected) -> None:
        """Write one row."""
        if self._file is None:
            self._file = self._writing.open("w", encoding="utf-8-sig", newline="")
            self._write(self._file, (*REJECTS, *self._columns))
        told = (str(one.row), one.column, _shown(one.value), one.reason)
        self._write(self._file, (*told, *map(_shown, one.cells)))

    def _write(self, file: IO[str], cells: Sequence[str]) -> None:
        csv.writer(file, delimiter=self._delimiter).writerow(map(guarded, cells))

    def close(self) -> Path | None:
        """Put the file in its place; returns it, or None when every row was fine."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
            return None
        self._file.close()
        self._writing.replace(self.path)
        return self.path


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST * 10 else text[:LONGEST] + "…"
