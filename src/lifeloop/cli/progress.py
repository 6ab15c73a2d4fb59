"""The moving bar on stderr, drawn by rich. Only loaded when somebody watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich import progress
from rich.console import Console


@dataclass(frozen=True, slots=True)
class MovingBar:
    """One bar of rich, as a ``Progress`` of ours."""

    drawn: progress.Progress
    task: progress.TaskID

    def advance(self, by: int = 1) -> None:
        """So many more are done."""
        self.drawn.advance(self.task, by)

    def say(self, text: str) -> None:
        """Change the words in front of the bar."""
        self.drawn.update(self.task, description=text)


@contextmanager
def bar(console: Console, total: int | None, title: str) -> Iterator[MovingBar]:
    """Draw a bar until the block ends, then wipe it away: the result speaks for itself."""
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=32),
        progress.MofNCompleteColumn() if total is not None else progress.SpinnerColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as drawn:
        yield MovingBar(drawn, drawn.add_task(title, total=total))
