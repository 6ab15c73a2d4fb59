"""Mistakes on a terminal: the short list and the framed form, in colour, and wrapped where the window ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from rich.text import Text

from lifeloop.cli.here import PROJECT_FILE
from lifeloop.cli.output import Output
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.frames import frame

WORDS = {"error": ("error", "bold red"), "warning": ("warn ", "bold yellow"), "note": ("note ", "cyan")}
FRAME_STYLES = {
    r"(?m)^error(?= J\d)": "bold red",
    r"(?m)^warning(?= J\d)": "bold yellow",
    r"(?m)^note(?= J\d)": "cyan",
    r"(?m)^ *\d*│|^ *┌ .*$|\bJ\d{3}:": "dim",
    r"(?m)(?<=│) +\^+.*$": "red",
    r"(?m)(?<=│) +-+ .*$": "blue",
    r"(?m)^ *= fix: .*$": "green",
}
HANG = 15
"""Where the sentence begins: behind the place, the severity and the code."""
NARROWEST = 24
MOST = 10
"""More than so many at once are not read anyway."""


def print_list(out: Output, found: Sequence[Diagnostic], most: int) -> None:
    """Print the short form: one mistake a line, under the names of the files."""
    file = None
    for one in _causes_first(found)[:most]:
        if one.place.file != file:
            file = one.place.file
            out.print(Text(file, "bold"), wrap=False)
        for line in _short(one, out.width if out.is_terminal else None):
            out.print(line, wrap=False)
    _say_more(out, len(found) - most)


def print_frames(out: Output, found: Sequence[Diagnostic], sources: Mapping[str, str], most: int) -> None:
    """Print the long form: the line itself, with a mark under the wrong thing."""
    text = Text("\n\n".join(frame(one, sources) for one in _causes_first(found)[:most]))
    for pattern, style in FRAME_STYLES.items():
        text.highlight_regex(pattern, style)
    out.print(text, wrap=False)
    _say_more(out, len(found) - most)


def _causes_first(found: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """What lifeloop.yaml gets wrong comes first: every name it does not declare is a mistake in all other files."""
    return sorted(found, key=lambda one: (one.place.file, one.severity) != (PROJECT_FILE, "error"))


def _short(one: Diagnostic, width: int | None) -> Iterator[Text]:
    word, style = WORDS[one.severity]
    spot = f"{one.place.line}:{one.place.column}"
    head = Text.assemble((f"{spot:>7}  ", "dim"), (word, style), (f" {one.code}  ", "dim"))
    whole = one.message + (f"   {one.label}" if one.label else "")
    if width is None or len(head.plain) + len(whole) <= width:
        yield Text.assemble(head, one.message, (f"   {one.label}" if one.label else "", style.removeprefix("bold ")))
        return
    room = max(width - HANG, NARROWEST)
    first, *rest = wrap(one.message, max(width - len(head.plain), NARROWEST))
    yield Text.assemble(head, first)
    yield from (Text(" " * HANG + line) for line in wrap(" ".join(rest), room))
    yield from (Text(" " * HANG + line, style.removeprefix("bold ")) for line in wrap(one.label, room))


def _say_more(out: Output, count: int) -> None:
    if count > 0:
        out.print(Text(f"… and {count} more: --all shows them", "dim"))
