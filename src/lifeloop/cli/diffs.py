"""A change to a file, shown before it is made."""

from __future__ import annotations

from difflib import unified_diff

from rich.text import Text

from lifeloop.cli.output import Output

STYLES = {"+": "green", "-": "red", "@": "dim"}


def show_diff(out: Output, file: str, before: str, after: str) -> None:
    """Print what changes in a file, line by line."""
    out.print(Text(file, "bold"), wrap=False)
    for line in list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]:
        out.print(Text(line, STYLES.get(line[0], "")), wrap=False)
    out.print("")
