"""A text file line by line, whatever it is encoded in, however long its lines. Nothing is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from lifeloop.work.importing.problems import UnreadableFileError

SAMPLE = 64 * 1024
"""Bytes that the guesses about encoding look at."""
LONGEST = 1_000_000
"""Characters; a longer line is no row of a table."""
FALLBACK = "cp1252"
"""What Windows programs write in Western Europe and call ANSI."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NO_TEXT = (
    (b"PK\x03\x04", "is an Excel workbook or a zip file", "open it and save it as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "open it and save it as CSV (UTF-8)"),
    (b"\x1f\x8b", "is compressed", "unpack it first:  gunzip FILE"),
    (b"%PDF", "is a PDF", "ask for the same data as CSV"),
)
_ODD_SHARE = 0.02


class BadLineError(Exception):
    """One line that is no text; the next ones may be."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.reason = reason


class Lines:
    """The lines of one file, with their ends. Going on after a ``BadLineError`` is fine; ``push_back`` reads again."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        sample = _sample(path)
        self.encoding = encoding or guess_encoding(sample)
        self.number = 0
        """Of the line read last, from 1."""
        self._back: list[str | BadLineError] = []
        self._file = _open(path, self.encoding)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number += 1
        if self._back:
            return self._again(self._back.pop())
        line = "" if self._file.closed else self._file.readline(LONGEST)
        if not line:
            self.number -= 1
            self._file.close()
            raise StopIteration
        if len(line) >= LONGEST and not line.endswith("\n"):
            self._skip_rest()
            raise BadLineError(self.number, f"the line is longer than {LONGEST:,} characters")
        if "\0" in line:
            raise BadLineError(self.number, "the line holds a NUL character, which belongs in no text")
        return line if line.isascii() else self._text(line)

    def push_back(self, lines: Sequence[str | BadLineError]) -> None:
        """Give back what was read last, bad lines too; it comes again."""
        self.number -= len(lines)
        self._back += reversed(lines)

    def ahead(self, count: int) -> list[str | BadLineError]:
        """Return the next lines without taking them."""
        found: list[str | BadLineError] = []
        while len(found) < count:
            try:
                found.append(next(self))
            except BadLineError as bad:
                found.append(bad)
            except StopIteration:
                break
        self.push_back(found)
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _again(self, line: str | BadLineError) -> str:
        if isinstance(line, BadLineError):
            raise line
        return line

    def _skip_rest(self) -> None:
        while (rest := self._file.readline(LONGEST)) and not rest.endswith("\n"):
            pass

    def _text(self, line: str) -> str:
        """Read a line again as Windows wrote it where it is not UTF-8: files are pasted together."""
        try:
            line.encode("utf-8")
        except UnicodeEncodeError:
            try:
                return line.encode("utf-8", "surrogateescape").decode(FALLBACK)
            except UnicodeError:
                raise BadLineError(self.number, f"the line is not {self.encoding} text") from None
        return line


def guess_encoding(sample: bytes) -> str:
    """Return how a file is encoded: its byte order mark says so, or it is UTF-8, or else what Windows writes."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    try:
        sample[: sample.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return FALLBACK
    return "utf-8"


def _sample(path: Path) -> bytes:
    if path.is_dir():
        raise UnreadableFileError(f'"{path}" is a folder', hint="name one file of it")
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE)
    except FileNotFoundError:
        raise UnreadableFileError(f'there is no file "{path}"') from None
    except OSError as problem:
        raise UnreadableFileError(f'"{path}" cannot be read: {(problem.strerror or "").lower()}') from None
    _check_text(path, sample)
    return sample


def _check_text(path: Path, sample: bytes) -> None:
    if not sample.strip():
        raise UnreadableFileError(f'"{path}" is empty')
    for mark, what, hint in _NO_TEXT:
        if sample.startswith(mark):
            raise UnreadableFileError(f'"{path}" {what}', hint=hint)
    wide = sample.startswith((b"\xff\xfe", b"\xfe\xff"))
    odd = sum(byte < 9 or 13 < byte < 32 for byte in sample)  # noqa: PLR2004  # control characters but tab and line ends
    if not wide and odd > len(sample) * _ODD_SHARE:
        raise UnreadableFileError(f'"{path}" is not a text file', hint="CSV or JSON Lines can be imported")


def _open(path: Path, encoding: str) -> IO[str]:
    try:
        return path.open(encoding=encoding, errors=_errors(encoding), newline="")
    except LookupError:
        raise UnreadableFileError(
            f'there is no encoding "{encoding}"', hint="common ones: utf-8, windows-1252, utf-16"
        ) from None


def _errors(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "replace"
