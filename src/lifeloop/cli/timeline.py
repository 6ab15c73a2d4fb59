"""One person's months on a terminal: dates on their own clock, silences folded, a strip of the whole time below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from lifeloop.cli.output import Output
from lifeloop.clock import Instant
from lifeloop.engine.zones import local
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse.story import Line, assigned, shown

MAIL = "✉"
END = "■"
ICONS = {
    "starts": "▶",
    "held": "◷",
    "dropped": "✕",
    "never": "✕",
    "missed": "◌",
    "moved": "↻",
    "time up": "◷",
    "event": "●",
    "set": "≔",
    "choose": "◇",
    "split": "⑂",
    "call": "⚡",
    "ask": "☎",
    "answer": "✓",
    "enter": "→",
    "reached": "⚑",
    "goal": "★",
    "note": "·",
    "ends": END,
}
STYLES = {
    "starts": "green",
    "held": "yellow",
    "dropped": "red",
    "never": "red",
    "missed": "yellow",
    "time up": "yellow",
    "event": "cyan",
    "goal": "green",
    "ends": "bold",
}
QUIET = {"set", "choose", "split", "moved"}
KIND_WIDTH = 9
DATE_WIDTH = 18
A_LONG_SILENCE = 2
"""Calendar days from which nothing happening is said."""
WIDEST_STRIP = 100
STRIP_INDENT = 8
MARKS = (MAIL, END, "▶", "●")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Draws the lines of a story. ``several``: more than one journey, so each line says which."""

    out: Output
    zone: ZoneInfo
    several: bool = False

    def draw(self, lines: Sequence[Line]) -> None:
        """Print the story."""
        before: Line | None = None
        years = {local(line.at, self.zone).year for line in lines}
        width = DATE_WIDTH if len(years) <= 1 else DATE_WIDTH + len(" 2027")
        for line in lines:
            for silence in self._silence(before, line):
                self.out.print(silence, wrap=False)
            self._print(self._when(line, before, width), self._what(line))
            before = line

    def strip(self, name: str, begin: Instant, end: Instant, lines: Sequence[Line]) -> None:
        """Print the whole time in one row, under its months."""
        if self.out.plain or not lines:
            return
        strip = _Strip(local(begin, self.zone).date(), local(end, self.zone).date(), self._room(name))
        indent = max(STRIP_INDENT, len(name) + 4)
        self.out.print("")
        self.out.print(Text(" " * indent + strip.months(), "dim"), wrap=False)
        marks = [(local(line.at, self.zone).date(), _mark(line)) for line in lines]
        self.out.print(Text.assemble(f"  {name}".ljust(indent), strip.row(marks)), wrap=False)

    def _room(self, name: str) -> int:
        return min(self.out.width, WIDEST_STRIP) - max(STRIP_INDENT, len(name) + 4)

    def _print(self, when: Text, what: Text) -> None:
        """Print one line; where it is too long for the window, it goes on below its words and not below its date."""
        if not self.out.is_terminal or when.cell_len + what.cell_len <= self.out.width:
            self.out.print(when + what, wrap=False)
            return
        grid = Table.grid(padding=0)
        grid.add_column(width=when.cell_len, no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(when, what)
        self.out.print(grid)

    def _when(self, line: Line, before: Line | None, width: int) -> Text:
        wall = local(line.at, self.zone)
        same = before is not None and before.at == line.at and not self.out.plain
        moment = "" if same else _moment(wall, local(before.at, self.zone) if before else None)
        icon = "" if self.out.plain else f"{ICONS.get(line.kind, MAIL)} "
        style = STYLES.get(line.kind, "" if line.kind in ICONS else "bold")
        text = Text.assemble((f" {moment:<{width}} ", "dim"), (f"{icon}{line.kind:<{KIND_WIDTH}}", style))
        if self.several:
            text.append(f"{line.journey or '':<14}", "dim")
        return text

    def _what(self, line: Line) -> Text:
        text = Text.assemble((_words(line), "dim" if line.kind in QUIET else ""))
        for aside in _asides(line):
            text.append(f"   {aside}", "dim")
        if line.problem:
            text.append(f"   cannot be written: {line.problem}", "red")
        return text

    def _silence(self, before: Line | None, line: Line) -> Iterator[Text]:
        if before is None or before.kind == "held":
            return
        days = (local(line.at, self.zone).date() - local(before.at, self.zone).date()).days
        if days >= A_LONG_SILENCE:
            words = f"{counted(days, 'day')} later" if self.out.plain else f"┊ {counted(days, 'day')}"
            yield Text(f"    {words}", "dim")


@dataclass(frozen=True, slots=True)
class _Strip:
    """Days squeezed into a row of letters."""

    first: date
    last: date
    room: int

    @property
    def _step(self) -> int:
        """How many days one letter stands for."""
        return -(-((self.last - self.first).days + 1) // max(self.room, 1))

    def row(self, marks: Sequence[tuple[date, str]]) -> str:
        """Return the row; where several things fall on one letter the most telling is shown."""
        row = ["·"] * (self._place(self.last) + 1)
        for day, mark in marks:
            place = self._place(day)
            if mark == END and row[place] != "·":
                row[place] += END if place == len(row) - 1 else ""
                continue
            if mark in MARKS and (row[place] == "·" or MARKS.index(mark) < MARKS.index(row[place])):
                row[place] = mark
        return "".join(row)

    def months(self) -> str:
        """Return the names of the months above their first days."""
        row = f"{self.first:%d %b}"
        day = self.first.replace(day=1)
        while (day := (day + timedelta(days=32)).replace(day=1)) <= self.last:
            place, name = self._place(day), f"{day:%b %Y}" if day.month == 1 else f"{day:%b}"
            if place > len(row):
                row = row.ljust(place) + name
        return row

    def _place(self, day: date) -> int:
        return (min(max(day, self.first), self.last) - self.first).days // self._step


def _moment(wall: datetime, before: datetime | None) -> str:
    other_year = before is None or before.year != wall.year
    return f"{wall:%a %d %b %Y}"[:15] + f" {wall:%H:%M}" if other_year and before else f"{wall:%a %d %b %H:%M}"


def _words(line: Line) -> str:
    if line.kind == "event" and line.data and "had come" not in line.words:
        data = ", ".join(f"{name}: {shown(value)}" for name, value in line.data.items() if value is not None)
        return f"{line.words}   {data}" if data else line.words
    if line.kind == "call" and line.data:
        return f"{line.words}   {assigned(line.data).replace(' = ', ': ')}"
    return line.words


def _asides(line: Line) -> Iterator[str]:
    if line.aside:
        yield f"{line.aside}, line {line.line}" if line.line else line.aside
    elif line.line and line.kind in ("choose", "split", "ends", "time up", "missed", "dropped", "enter"):
        yield f"line {line.line}"


def _mark(line: Line) -> str:
    return ICONS.get(line.kind, MAIL)
