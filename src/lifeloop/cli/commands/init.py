"""``lifeloop init``: a project of one's own, out of the starter project."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from lifeloop.cli.errors import Exit, Refused, WrongUsage
from lifeloop.cli.here import PROJECT_FILE, Here
from lifeloop.cli.shapes import TEXT, document, many
from lifeloop.cli.starter import StarterFile, starter_files

SHAPE = document("What was written.", project=TEXT, folder=TEXT, files=many(TEXT))
SAID = {
    PROJECT_FILE: "time zone, languages, topics, your customers and their events",
    "journeys": "what happens, when, to whom",
    "templates": "what is said",
    "people": "sample customers for previews and tests",
    "flows": "the same journeys as Prefect flows",
    "prefect.yaml": "how they are deployed",
}


def start_project(name: str, /, *, here: Here) -> int:
    """Start a project of your own from the starter project.

    Seven journeys around a subscription, with their messages in English and Dutch, sample customers and tests. Change
    what you like; nothing leaves your machine until you choose a way out in lifeloop.yaml.

    Parameters
    ----------
    name
        The new folder, such as sunny. A dot means: right here.
    """
    folder = (here.cwd / name).resolve()
    files = starter_files()
    _refuse_to_overwrite(folder, files)
    project = _slug(folder.name)
    for file in files:
        _copy(file, folder, project)
    if here.out.as_json:
        here.out.json({"project": project, "folder": str(folder), "files": [file.target for file in files]})
    else:
        _tell(here, name, files)
    return Exit.FINE


def _refuse_to_overwrite(folder: Path, files: Sequence[StarterFile]) -> None:
    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f'"{folder.name}" is a file, and a project is a folder')
    there = [file.target for file in files if (folder / file.target).exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise Refused(f"{there[0]}{more} would be overwritten", hint="choose another name; nothing was written")


def _copy(file: StarterFile, folder: Path, project: str) -> None:
    target = folder / file.target
    content = file.source.read_bytes()
    if file.target == PROJECT_FILE:
        content = re.sub(rb"(?m)^project: .*$", f"project: {project}".encode(), content, count=1)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as problem:
        raise WrongUsage(f"{target} cannot be written: {problem.strerror}") from problem


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "my-project"


def _tell(here: Here, name: str, files: Sequence[StarterFile]) -> None:
    counts = Counter(file.target.partition("/")[0] for file in files)
    for part, said in SAID.items():
        if counts[part]:
            size = "" if part.endswith(".yaml") else f"{counts[part]} files: "
            shown = part if part.endswith(".yaml") else f"{part}/"
            here.out.print(
                Text.assemble("  + ", (f"{name}/{shown}".ljust(len(name) + 16), "bold"), size, said), wrap=False
            )
    here.out.print(
        Text(f"  + {name}/.vscode/  .pre-commit-config.yaml  .github/workflows/journeys.yml  .gitignore"), wrap=False
    )
    steps = [
        *([] if name == "." else [(f"cd {name}", "")]),
        ("lifeloop validate", "is everything in order?"),
        ("lifeloop test", "do the journeys do what they promise?"),
        ("lifeloop read renewal", "a journey as prose"),
        ("lifeloop simulate renewal --as ana", "months in a second"),
    ]
    here.out.print("", Text("Next", "bold"))
    for command, said in steps:
        here.out.print(Text.assemble("  ", (command.ljust(38), "cyan"), (said, "dim")), wrap=False)
