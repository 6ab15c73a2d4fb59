"""Cells of the tables that we write, so that no spreadsheet takes one for a formula; and back, when it is read again.

An apostrophe in front keeps a cell a text. The same goes for telephone numbers, of which a spreadsheet would eat the
plus. A plain number below zero is none the worse for being opened, and stays as it is.
"""

from __future__ import annotations

import re

_RISKY = re.compile(r"'*\s*[=+\-@]|'*[ ]*[\t\r]")
"""What begins a formula, blanks before it or not; or does so once an apostrophe of the cell's own was taken away."""
_NUMBER = re.compile(r"'*\s*-\d+([.,]\d+)*\s*")


def guarded(cell: str) -> str:
    """Return the cell as it may stand in a table that a spreadsheet opens."""
    return f"'{cell}" if _is_risky(cell) else cell


def unguarded(cell: str) -> str:
    """Return what was guarded; anything else as it is."""
    return cell[1:] if cell.startswith("'") and _is_risky(cell[1:]) else cell


def _is_risky(cell: str) -> bool:
    return _RISKY.match(cell) is not None and _NUMBER.fullmatch(cell) is None
