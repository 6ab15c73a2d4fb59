"""``lifeloop fix``: puts right what has one certain answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from lifeloop.cli.asking import agreed
from lifeloop.cli.diffs import show_diff
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.opened import Opened, open_project
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, fields_of, many
from lifeloop.journey.fix import Fixed, fixed
from lifeloop.journey.prose_time import counted

ROUNDS = 10
"""A fix can bring another mistake to light; more often than this is a fix that does not fix."""
SHAPE = document(
    "What has a certain answer. `written` is false as long as nobody agreed with `--yes`.",
    fixes=many(fields_of(code=TEXT, file=TEXT, line=COUNT, message=TEXT, text=TEXT)),
    written=FLAG,
)


def fix(*, yes: Annotated[bool, Parameter(alias="-y")] = False, check: bool = False, here: Here) -> int:
    """Put right what has one certain answer. Shows the change first.

    Misspelt words, words of other tools, lengths of time in other notations: whatever "lifeloop validate" can answer by
    itself. What has two possible answers is left to you.

    Parameters
    ----------
    yes
        Do not ask; just do it.
    check
        Change nothing; only say whether there is something to fix.
    """
    opened = open_project(here)
    done = _fixes(opened)
    if here.out.as_json:
        written = bool(done) and yes and not check
        _write(opened, done) if written else None
        here.out.json({"fixes": _listed(done), "written": written})
        return Exit.FINE if written or not done else Exit.FINDINGS
    if not done:
        here.out.print("Nothing has a certain answer.")
        return Exit.FINE
    count = _show(here, done)
    if check or not (yes or agreed(here.out, f"Write {counted(count, 'change')}?")):
        here.out.note(f"Nothing was changed. To apply {counted(count, 'change')}:  lifeloop fix --yes")
        return Exit.FINDINGS
    _write(opened, done)
    return _go_on(here, count, set(done))


def _show(here: Here, done: Mapping[str, Fixed]) -> int:
    for file, one in done.items():
        show_diff(here.out, file, one.before, one.text)
    return sum(len(one.applied) for one in done.values())


def _go_on(here: Here, count: int, files: set[str]) -> int:
    """Put right what only shows once the first mistakes are gone, and say what is left to a person."""
    opened = open_project(here)
    for _ in range(ROUNDS):
        done = _fixes(opened)
        if not done:
            break
        count, files = count + _show(here, done), files | set(done)
        _write(opened, done)
        opened = open_project(here)
    here.out.print(f"{counted(count, 'mistake')} put right in {counted(len(files), 'file')}.")
    left = sum(one.severity == "error" for one in opened.diagnostics)
    if left:
        here.out.print(f"{counted(left, 'mistake')} left to you:  lifeloop validate")
    return Exit.FINDINGS if left else Exit.FINE


def _fixes(opened: Opened) -> Mapping[str, Fixed]:
    texts = opened.sources()
    done = {
        file: fixed(text, [one for one in opened.diagnostics if one.place.file == file]) for file, text in texts.items()
    }
    return {file: one for file, one in sorted(done.items()) if one.applied}


def _listed(done: Mapping[str, Fixed]) -> list[dict[str, object]]:
    return [
        {
            "code": one.code,
            "file": file,
            "line": one.place.line,
            "message": one.message,
            "text": one.suggestions[0].text,
        }
        for file, change in done.items()
        for one in change.applied
    ]


def _write(opened: Opened, done: Mapping[str, Fixed]) -> None:
    for file, one in done.items():
        (opened.root / file).write_text(one.text, encoding="utf-8")
