"""How help pages look: headings, two columns, no boxes: good for screen readers and narrow windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

NAME_SHARE = 3
"""The first column takes at most one part in so many of the window."""
HIDDEN = frozenset({"--version", "--help"})
"""Flags that everybody expects and nobody reads about on every page."""


class HelpPage:
    """Draws one help page for cyclopts."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Draw one group of commands or options."""
        entries = [entry for entry in panel.entries if not HIDDEN & set(entry.positive_names)]
        if not entries:
            return
        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        table.add_column(max_width=max(18, options.max_width // NAME_SHARE), overflow="fold")
        table.add_column(ratio=1)
        for entry in entries:
            table.add_row(Text(_name(entry, panel.format), "cyan"), _description(entry, console))
        console.print(Text(str(panel.title), "bold"))
        console.print(Padding(table, (0, 0, 1, 2)))

    def render_usage(self, console: Console, _options: ConsoleOptions, usage: Any) -> None:
        """Draw the line that says how to type it."""
        if usage:
            line = str(usage).strip().removeprefix("Usage: ").replace("COMMAND [OPTIONS]", "COMMAND …")
            console.print(Text.assemble(("Usage  ", "bold"), line, "\n"))

    def render_description(self, console: Console, _options: ConsoleOptions, description: Any) -> None:
        """Draw what the command is for."""
        if description:
            console.print(description)


def _name(entry: HelpEntry, form: str) -> str:
    if form != "command":
        return ", ".join(entry.display_labels_with_metavar)
    first, *others = entry.all_options
    return f"{first} ({', '.join(others)})" if others else first


def _description(entry: HelpEntry, console: Console) -> Text:
    said = "" if entry.description is None else _words(entry.description, console)
    choices = f" One of: {', '.join(entry.choices)}." if entry.choices else ""
    return Text(said + choices)


def _words(description: Any, console: Console) -> str:
    with console.capture() as captured:
        console.print(description, soft_wrap=True, no_wrap=True)
    return Text.from_ansi(captured.get()).plain.strip()
