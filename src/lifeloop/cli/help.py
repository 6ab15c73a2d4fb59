"""How help pages look: headings, two columns, no boxes: good for screen readers and narrow windows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

NAME_SHARE = 3
LEAST = 18
"""The first column takes at most one part in so many of the window."""
HIDDEN = frozenset({"--version", "--help"})
"""Flags that everybody expects and nobody reads about on every page."""
KINDS = {"STR": "TEXT", "INT": "NUMBER", "FLOAT": "NUMBER"}
"""What stands behind an option, in words of people who do not program."""
_KINDS = re.compile(r"(?<= )(STR|INT|FLOAT)\b")


class HelpPage:
    """Draws one help page for cyclopts."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Draw one group of commands or options."""
        entries = [entry for entry in panel.entries if not HIDDEN & set(entry.positive_names)]
        if not entries:
            return
        names = [_name(entry, panel.format) for entry in entries]
        column = min(max(map(len, names)), max(LEAST, options.max_width // NAME_SHARE))
        console.print(Text(str(panel.title), "bold"))
        for name, entry in zip(names, entries, strict=True):
            for line in _row(name, _description(entry, console), column, options.max_width):
                console.print(line)
        console.print()

    def render_usage(self, console: Console, _options: ConsoleOptions, usage: Any) -> None:
        """Draw the line that says how to type it."""
        if usage:
            line = str(usage).strip().removeprefix("Usage: ").replace("COMMAND [OPTIONS]", "COMMAND …")
            line = re.sub(r"\[ARGS(?:\.\.\.)?\]", "…", line)
            console.print(Text.assemble(("Usage  ", "bold"), line, "\n"))

    def render_description(self, console: Console, _options: ConsoleOptions, description: Any) -> None:
        """Draw what the command is for."""
        if description:
            for paragraph in _words(description, console).split("\n\n"):
                console.print("\n".join(wrap(paragraph, console.width)), end="\n\n")


def _name(entry: HelpEntry, form: str) -> str:
    if form != "command":
        return _KINDS.sub(lambda found: KINDS[found[1]], ", ".join(entry.display_labels_with_metavar))
    first, *others = entry.all_options
    return f"{first} ({', '.join(others)})" if others else first


def _row(name: str, said: str, column: int, width: int) -> Iterator[Text]:
    """Two columns without blanks at the ends of lines; a name too long for its column stands alone."""
    indent = " " * (column + 4)
    lines = wrap(said, max(width - len(indent), LEAST)) or [""]
    if len(name) > column:
        yield Text.assemble("  ", (name, "cyan"))
    else:
        first = lines.pop(0)
        yield Text.assemble("  ", (name.ljust(column) if first else name, "cyan"), "  " if first else "", first)
    yield from (Text(indent + line) for line in lines)


def _description(entry: HelpEntry, console: Console) -> str:
    said = "" if entry.description is None else _words(entry.description, console)
    choices = f" One of: {', '.join(entry.choices)}." if entry.choices else ""
    return said + choices


def _words(description: Any, console: Console) -> str:
    with console.capture() as captured:
        console.print(description, soft_wrap=True, no_wrap=True)
    return Text.from_ansi(captured.get()).plain.strip()
