"""How commands speak: results to stdout, notes and progress to stderr, one JSON document with ``--json``.

Honours ``NO_COLOR``, ``FORCE_COLOR``, ``TERM=dumb``, ``CI``, ``COLUMNS`` and pipes. ``--plain`` is for screen readers
and logs: no colour, no boxes, no moving parts. Commands never print in any other way.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FORMAT = 1
"""Version of every JSON document; it changes when a field changes its meaning, not when one is added."""

PIPE_WIDTH = 120
"""Into a file or another program nobody sees the edge of a window."""

Style = str
"""A colour or weight as rich knows it: ``bold``, ``red``, ``dim``."""


class Progress(Protocol):
    """Something that moves while a command works."""

    def advance(self, by: int = 1) -> None:
        """So many more are done."""
        ...

    def say(self, text: str) -> None:
        """Change the words in front of the bar."""
        ...


class _Silent:
    def advance(self, by: int = 1) -> None:
        """Show nothing: nobody is watching."""

    def say(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's words go. One per command run."""

    as_json: bool = False
    plain: bool = False
    verbosity: int = 0
    """How often ``-v`` was said: commands may tell more."""
    stdout: IO[str] | None = None
    stderr: IO[str] | None = None

    @property
    def width(self) -> int:
        """Columns of the window, or a roomy number when there is none."""
        return self._console(self._out).width

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking at the results."""
        return not self.as_json and self._console(self._out).is_terminal

    @property
    def moves(self) -> bool:
        """Whether a progress bar makes sense: a person is looking at stderr, and it can draw over itself."""
        console = self._console(self._err)
        still = self.plain or self.as_json or "CI" in os.environ
        return console.is_terminal and not console.is_dumb_terminal and not still

    def print(self, *what: RenderableType, style: Style | None = None, wrap: bool = True) -> None:
        """Print a result, each part on its own line. ``wrap=False``: a line that must stay one, such as a place."""
        if not self.as_json:
            self._show(self._out, what, style=style, wrap=wrap)

    def write(self, text: str) -> None:
        """Write a result exactly as it is: a file, a picture, generated text. Also with ``--json``."""
        self._out.write(text if text.endswith("\n") else text + "\n")
        self._out.flush()

    def note(self, *what: RenderableType, style: Style | None = "dim") -> None:
        """Say something beside the result; it goes to stderr, also with ``--json``."""
        self._show(self._err, what, style=style, wrap=True)

    def error(self, sentence: str, *, hint: str = "") -> None:
        """Say what stopped the command, and what to do about it."""
        from rich.text import Text

        self._show(self._err, [Text.assemble(("error ", "bold red"), sentence)], style=None, wrap=True)
        if hint:
            self._show(self._err, [Text("      " + hint)], style=None, wrap=True)

    def json(self, document: Mapping[str, Any]) -> None:
        """Print the command's one document. Its shape is in ``lifeloop.cli.shapes``."""
        self.write(json.dumps({"format": FORMAT, **document}, ensure_ascii=False, indent=2))

    def json_line(self, document: Mapping[str, Any]) -> None:
        """Print one line of a stream of documents."""
        self.write(json.dumps({"format": FORMAT, **document}, ensure_ascii=False))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | int]], *, title: str = "") -> None:
        """Print a table; a column whose name starts with ``>`` is ranged right. Numbers get thousands separators."""
        if self.as_json:
            return
        cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
        names = [name.lstrip(">") for name in columns]
        if self.plain:
            self._plain_table(names, cells, title)
        else:
            self._rich_table(names, [name.startswith(">") for name in columns], cells, title)

    @contextmanager
    def progress(self, total: int | None, title: str) -> Iterator[Progress]:
        """Show a bar on stderr while the block works; nothing where nobody watches. No total: a moving dot."""
        if not self.moves:
            yield _Silent()
            return
        from lifeloop.cli.progress import bar

        with bar(self._console(self._err), total, title) as moving:
            yield moving

    @property
    def _out(self) -> IO[str]:
        return self.stdout or sys.stdout

    @property
    def _err(self) -> IO[str]:
        return self.stderr or sys.stderr

    def _show(self, stream: IO[str], what: Iterable[RenderableType], *, style: Style | None, wrap: bool) -> None:
        console = self._console(stream)
        console.print(
            *what, sep="\n", style=style, soft_wrap=not wrap or not console.is_terminal, markup=False, highlight=False
        )

    def _console(self, stream: IO[str]) -> Console:
        from rich.console import Console

        # rich asks a pipe for its width and gets 80; a person who set COLUMNS knows better than both.
        width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
        if self.plain:
            return Console(file=stream, width=width, color_system=None, force_terminal=False, emoji=False)
        return Console(file=stream, width=width, emoji=False)

    def _plain_table(self, names: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> None:
        if title:
            self.print(title)
        for row in rows:
            said = (f"{name} {cell}".strip() for name, cell in zip(names, row, strict=True) if cell)
            self.print(", ".join(said), wrap=False)

    def _rich_table(self, names: Sequence[str], right: Sequence[bool], rows: list[list[str]], title: str) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, title=title or None, title_justify="left", pad_edge=False, header_style="dim")
        for name, is_right in zip(names, right, strict=True):
            table.add_column(name, justify="right" if is_right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.print(table)
