"""Where the starter project lies: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lifeloop.cli.errors import Findings
from lifeloop.cli.here import PROJECT_FILE

PARTS = (PROJECT_FILE, "journeys", "templates", "people", "flows", "prefect.yaml")
"""What is copied; the last two only where they exist."""
BESIDE = {
    ".vscode/settings.json": "vscode-settings.json",
    ".vscode/extensions.json": "vscode-extensions.json",
    ".vscode/tasks.json": "vscode-tasks.json",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    ".github/workflows/journeys.yml": "workflow.yml",
    ".gitignore": "gitignore",
}
"""Files that a project needs around its journeys, and what they are called in ``beside/``."""


@dataclass(frozen=True, slots=True)
class StarterFile:
    """One file of a new project: where it goes, and where it comes from."""

    target: str
    source: Path


def starter_files() -> tuple[StarterFile, ...]:
    """Return every file of a new project, in the order of the folders."""
    top = starter_folder()
    beside = Path(__file__).parent / "beside"
    copied = [StarterFile(path.relative_to(top).as_posix(), path) for part in PARTS for path in _files(top / part)]
    return (*copied, *(StarterFile(target, beside / source) for target, source in BESIDE.items()))


def starter_folder() -> Path:
    """Return the folder of the starter project."""
    package = Path(__file__).parent.parent
    for folder in (package / "starter", package.parent.parent):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise Findings("this installation lacks the starter project", hint="install Lifeloop again:  pip install lifeloop")


def _files(part: Path) -> Iterator[Path]:
    if part.is_file():
        yield part
    for path in sorted(part.rglob("*")):
        if path.is_file() and not any(name.startswith((".", "__pycache__")) for name in path.relative_to(part).parts):
            yield path
