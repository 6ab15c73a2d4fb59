"""``lifeloop fmt``: journey files in their tidy form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from lifeloop.cli.diffs import show_diff
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.opened import Opened, open_project
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, many
from lifeloop.journey.compiler_names import all_steps, name_steps
from lifeloop.journey.fmt import tidy
from lifeloop.journey.prose_time import counted

SHAPE = document(
    "Which files were not tidy. With `--check` nothing was written.",
    files=COUNT,
    untidy=many(TEXT),
    written=FLAG,
)
Ids = dict[tuple[int, int], str]


def fmt(
    *paths: Path,
    check: bool = False,
    ids: bool = False,
    diff: Annotated[bool, Parameter(alias="-d")] = False,
    here: Here,
) -> int:
    """Tidy journey files: order, lengths of time, ids. Comments stay.

    Puts words in the order one says them, writes P3D as 3 days, indents evenly, and adds the line by which editors know
    what they look at. It never changes what a journey does.

    Parameters
    ----------
    paths
        Only these files or folders. Without any: all journeys.
    check
        Change nothing; only say which files are not tidy.
    ids
        Give every step its lasting name, so that people on their way stay in place when you insert a step.
    diff
        Show what changes.
    """
    opened = open_project(here)
    files = list(_files(opened, paths, here))
    untidy: list[tuple[Path, str]] = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        done = tidy(text, ids=_ids(opened, path) if ids else None, schema=_schema(opened, path))
        if done != text:
            untidy.append((path, done))
            if diff:
                show_diff(here.out, path.relative_to(opened.root).as_posix(), text, done)
    if not check:
        _write(untidy)
    _tell(here, [path.relative_to(opened.root).as_posix() for path, _ in untidy], len(files), check=check)
    return Exit.FINDINGS if check and untidy else Exit.FINE


def _files(opened: Opened, paths: Sequence[Path], here: Here) -> Iterator[Path]:
    if not paths:
        yield from _inside(opened.root / "journeys")
    for path in paths:
        found = next((base / path for base in (here.cwd, opened.root) if (base / path).exists()), None)
        if found is None:
            raise WrongUsage(f'there is no file or folder "{path}"')
        if not found.resolve().is_relative_to(opened.root):
            raise WrongUsage(f'"{path}" is not in this project', hint="say --project DIR for another one")
        yield from _inside(found.resolve())


def _inside(path: Path) -> list[Path]:
    return sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]


def _schema(opened: Opened, path: Path) -> str:
    """Return the way from a journey file to the editor's schema."""
    depth = len(path.relative_to(opened.root).parts) - 1
    return "../" * depth + ".lifeloop/schema.json"


def _ids(opened: Opened, path: Path) -> Ids:
    """Return the names that steps written in this file have, by the place of their verbs."""
    file = path.relative_to(opened.root).as_posix()
    spec = next((one.spec for one in opened.project.journeys.values() if one.file == file), None)
    if spec is None:
        return {}
    names = name_steps(spec)
    steps = [step for step in all_steps(spec) if step.place.file == file]
    return {(step.place.line, step.place.column): names[id(step)] for step in steps}


def _write(untidy: Sequence[tuple[Path, str]]) -> None:
    for path, text in untidy:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")


def _tell(here: Here, untidy: Sequence[str], files: int, *, check: bool) -> None:
    if here.out.as_json:
        here.out.json({"files": files, "untidy": list(untidy), "written": bool(untidy) and not check})
        return
    for file in untidy:
        here.out.print(Text(f"{'not tidy' if check else 'tidied'}  {file}", "yellow" if check else ""), wrap=False)
    rest = f"{counted(files, 'file')} tidy" if not untidy else f"{len(untidy)} of {counted(files, 'file')}"
    word = " would change" if check and untidy else " changed" if untidy else ""
    here.out.note(f"{rest}{word}")
