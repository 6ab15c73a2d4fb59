"""Lines with a label in front, wrapped under themselves where the window ends."""

from __future__ import annotations

from rich.text import Text

from lifeloop.cli.output import Output

WIDTH = 10
"""Of the column with labels."""


def say(out: Output, label: str, *parts: str | Text, gap: str = "   ", style: str = "dim", width: int = WIDTH) -> None:
    """Print parts beside a label; a part is not torn apart if it fits on a line of its own."""
    if out.as_json:
        return
    texts = [part if isinstance(part, Text) else Text(part) for part in parts if len(part)]
    room = max(out.width - width - 2, 24) if out.is_terminal else 10**6
    for row, line in enumerate(_lines(texts, gap, room)):
        head = Text(f"  {label if row == 0 else '':<{width}}", style)
        out.print(Text.assemble(head, line), wrap=False)


def _lines(parts: list[Text], gap: str, room: int) -> list[Text]:
    lines: list[Text] = []
    for part in parts:
        pieces = _wrapped(part, room) if len(part) > room else [part]
        if lines and len(lines[-1]) + len(gap) + len(pieces[0]) <= room:
            lines[-1] = Text.assemble(lines[-1], gap, pieces[0])
            pieces = pieces[1:]
        lines += pieces
    return lines


def _wrapped(part: Text, room: int) -> list[Text]:
    from rich.console import Console

    return list(part.wrap(Console(width=room), room))
