"""Changes to a text at given places: replacing a stretch, moving the keys of a block, moving lines left or right.

Lines and columns count from 1, as in ``Place``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lifeloop.journey.source import Items, Map, Node

STEP = 2
"""Spaces per level."""
WIDE_DASH = re.compile(r"^( *)- {2,}(?=\S)")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of a stretch; a stretch without length inserts."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with all edits made. Edits that overlap an earlier one are left out."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    taken = len(text) + 1
    for edit in sorted(set(edits), reverse=True):
        start, end = starts[edit.line - 1] + edit.column - 1, starts[edit.end_line - 1] + edit.end_column - 1
        if end <= taken:
            text = text[:start] + edit.text + text[end:]
            taken = start
    return text


def reordered(text: str, block: Map, keys: Sequence[str], top: Map) -> str:
    """Return the text with a block's keys in another order. Comments above a key, and on its line, go with it."""
    lines = text.splitlines()
    if _is_flow(lines, block) or _shares_lines(block):
        return _reordered_in_line(text, lines, block, keys)
    pieces = _pieces(lines, block, _end_of(lines, block, top))
    first, last = pieces[0], pieces[-1]
    body = _joined([next(piece for piece in pieces if piece.key == key) for key in keys], first, lines)
    return "\n".join([*lines[: first.start], *body, *lines[last.end :]]) + "\n"


def indented(text: str, top: Map) -> str:
    """Return the text with two spaces per level, lists standing two spaces inside their key."""
    lines = text.splitlines()
    shifts: dict[int, int] = {}
    _shift(top, 0, lines, shifts)
    moved: list[str] = []
    current = 0
    pending: list[int] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            pending.append(len(moved))
            moved.append(line)
            continue
        if number in shifts:
            current = shifts[number]
            for index in pending:
                moved[index] = _moved(moved[index], current)
        pending = [] if number in shifts else pending
        dashed = WIDE_DASH.sub(r"\1- ", line) if number in shifts else line
        moved.append(_moved(dashed, current))
    return "\n".join(moved) + "\n"


@dataclass(frozen=True, slots=True)
class _Piece:
    """The lines of one key, from the comments above it to the line before the next key. ``start`` counts from 0."""

    key: str
    start: int
    end: int
    has_gap: bool


def _pieces(lines: Sequence[str], block: Map, end: int) -> list[_Piece]:
    starts = [_first_line(lines, block, index) for index in range(len(block.entries))]
    spans = pairwise([*starts, end])
    return [
        _Piece(entry.key.text, start, stop, has_gap=index > 0 and not lines[start - 1].strip())
        for index, (entry, (start, stop)) in enumerate(zip(block.entries, spans, strict=True))
    ]


def _first_line(lines: Sequence[str], block: Map, index: int) -> int:
    place = block.entries[index].key.place
    start = place.line - 1
    before = lines[start][: place.column - 1]
    if index == 0 and before.strip():
        return start
    while start > 0 and lines[start - 1].startswith(f"{before}#"):
        start -= 1
    return max(start, block.entries[0].key.place.line - 1) if index else start


def _joined(pieces: Sequence[_Piece], first: _Piece, lines: Sequence[str]) -> Iterator[str]:
    """Put pieces one after the other. The dash of a list item stays with whatever comes first."""
    column = next(i for i, letter in enumerate(lines[_key_line(first, lines)]) if letter not in " -")
    prefix = lines[_key_line(first, lines)][:column]
    for index, piece in enumerate(pieces):
        body = [lines[number] for number in range(piece.start, piece.end)]
        while body and not body[-1].strip():
            body.pop()
        if piece is first and "-" in prefix:
            body[0] = " " * column + body[0][column:]
        if index == 0 and "-" in prefix:
            key = next(i for i, line in enumerate(body) if not line.lstrip().startswith("#"))
            comments = [
                prefix.replace("-", "", 1).rstrip(" ").ljust(prefix.index("-")) + line.lstrip() for line in body[:key]
            ]
            body = [*comments, prefix + body[key][column:], *body[key + 1 :]]
        if index and piece.has_gap:
            yield ""
        yield from body
    if any(not lines[number].strip() for number in range(_last_full(pieces, lines), max(p.end for p in pieces))):
        yield ""


def _last_full(pieces: Sequence[_Piece], lines: Sequence[str]) -> int:
    end = max(piece.end for piece in pieces)
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    return end


def _key_line(piece: _Piece, lines: Sequence[str]) -> int:
    return next(n for n in range(piece.start, piece.end) if not lines[n].lstrip().startswith("#"))


def _end_of(lines: Sequence[str], block: Map, top: Map) -> int:
    """Return the line (from 0) where a block ends: before the first line that stands further left than its keys."""
    if block is top:
        return len(lines)
    column = block.entries[0].key.place.column - 1
    number = block.entries[-1].key.place.line
    last_full = number
    while number < len(lines):
        line = lines[number]
        if line.strip():
            if len(line) - len(line.lstrip()) < column:
                break
            last_full = number + 1
        number += 1
    return last_full


def _is_flow(lines: Sequence[str], block: Map) -> bool:
    return lines[block.place.line - 1][block.place.column - 1] == "{"


def _shares_lines(block: Map) -> bool:
    lines = [entry.key.place.line for entry in block.entries]
    return len(set(lines)) < len(lines)


def _reordered_in_line(text: str, lines: Sequence[str], block: Map, keys: Sequence[str]) -> str:
    """``{when: …, then: …}`` on one line: the pairs change places, the commas stay."""
    spots = [(entry.key.place, entry.value.place) for entry in block.entries]
    if any(key.line != block.place.line or value.end_line != block.place.line for key, value in spots):
        return text
    line = lines[block.place.line - 1]
    said = {e.key.text: line[e.key.place.column - 1 : e.value.place.end_column - 1] for e in block.entries}
    edits = [
        Edit(key.line, key.column, value.end_line, value.end_column, said[name])
        for (key, value), name in zip(spots, keys, strict=True)
    ]
    return apply_edits(text, edits)


def _shift(node: Node, column: int, lines: Sequence[str], shifts: dict[int, int]) -> None:
    """Note for each line that starts a key or an item how far it must move so that it begins at ``column``."""
    match node:
        case Map() if not _is_flow(lines, node):
            for entry in node.entries:
                _note(entry.key.place.line, entry.key.place.column, column, lines, shifts)
                inner = column + STEP
                _shift(entry.value, inner, lines, shifts)
        case Items() if lines[node.place.line - 1][node.place.column - 1] != "[":
            for item in node.items:
                _note(item.place.line, item.place.column, column + STEP, lines, shifts)
                _shift(item, column + STEP, lines, shifts)


def _note(line: int, column: int, wanted: int, lines: Sequence[str], shifts: dict[int, int]) -> None:
    text = lines[line - 1]
    before = text[: column - 1]
    if before.strip(" -"):
        return
    if "-" in before:
        dash = before.rindex("-")
        if before[:dash].strip():
            return
        shifts.setdefault(line, wanted - STEP - dash)
        return
    shifts.setdefault(line, wanted - (column - 1))


def _moved(line: str, by: int) -> str:
    if by >= 0:
        return " " * by + line
    return line[min(-by, len(line) - len(line.lstrip())) :]
