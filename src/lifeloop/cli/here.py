"""Where a command stands: its project folder and its voice. Every command takes one as ``here``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cyclopts import Parameter

from lifeloop.cli.errors import NoProject
from lifeloop.cli.output import Output

PROJECT_FILE = "lifeloop.yaml"


def project_root(start: Path) -> Path | None:
    """Return the nearest folder at or above ``start`` that holds a ``lifeloop.yaml``."""
    return next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), None)


@Parameter(parse=False)
@dataclass(frozen=True)
class Here:
    """The place and the voice of one command. Filled in by ``lifeloop.cli.app``, never typed by a person."""

    out: Output = field(default_factory=Output)
    project: Path | None = None
    """What ``--project`` said."""
    cwd: Path = field(default_factory=Path.cwd)

    @cached_property
    def root(self) -> Path:
        """The project's folder, named by ``--project`` or found by walking up; ``NoProject`` when there is none."""
        start = (self.project or self.cwd).resolve()
        found = start if self.project and (start / PROJECT_FILE).is_file() else None
        found = found or (None if self.project else project_root(start))
        if found is None:
            where = f'in "{self.project}"' if self.project else "here or in a folder above"
            raise NoProject(
                f"there is no {PROJECT_FILE} {where}",
                hint="go to your project, say --project DIR, or start one:  lifeloop init my-project",
            )
        return found

    def shown(self, path: Path) -> str:
        """Return a path as a person would type it from where they stand."""
        try:
            return path.resolve().relative_to(self.cwd.resolve()).as_posix()
        except ValueError:
            return str(path)
