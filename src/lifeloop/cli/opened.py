"""The project a command works on, read once: catalogue, messages, journeys, people and all mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lifeloop.cli.errors import Findings, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.journey.catalogue import Catalogue, Library
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.frames import in_order
from lifeloop.journey.nearest import nearest
from lifeloop.journey.person import Person
from lifeloop.journey.project import Journey, Project
from lifeloop.journey.spec import JourneySpec

T = TypeVar("T")
TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class Opened:
    """A project with its messages. ``diagnostics``: every mistake in any of its files, in order of place."""

    root: Path
    project: Project
    library: Library
    diagnostics: tuple[Diagnostic, ...]

    @property
    def catalogue(self) -> Catalogue:
        """Return what ``lifeloop.yaml`` declares."""
        return self.project.catalogue

    def journey(self, name: str) -> Journey:
        """Return a journey by its name; a file name will do too."""
        plain = Path(name).stem if name.endswith((".yaml", ".yml")) else name
        return _named(plain, self.project.journeys, "journey")

    def spec(self, name: str) -> JourneySpec:
        """Return a journey as it is written; ``Findings`` when its file cannot be read."""
        journey = self.journey(name)
        if journey.spec is None:
            raise Findings(
                f"{journey.file} cannot be read", hint=f"see what is wrong:  lifeloop validate {journey.file}"
            )
        return journey.spec

    def person(self, name: str) -> Person:
        """Return a sample person by name."""
        return _named(name, self.project.people, "sample person")

    def sources(self) -> Mapping[str, str]:
        """Return the text of every file that a diagnostic points into."""
        files = {found.place.file for found in self.diagnostics}
        texts = ((file, _text(self.root / file)) for file in files)
        return {file: text for file, text in texts if text is not None}


def open_project(here: Here) -> Opened:
    """Read the project a command stands in. Mistakes in its files never stop the reading."""
    root = here.root
    # Jinja and Markdown are not needed to say that there is no project.
    from lifeloop.work import project

    read = project.open_project(root)
    return Opened(root, read, read.library, in_order(read.diagnostics))


def _named(name: str, things: Mapping[str, T], what: str) -> T:
    found = things.get(name)
    if found is not None:
        return found
    near = nearest(name, things)
    question = f', did you mean "{near}"?' if near else ""
    listed = f"there is: {', '.join(sorted(things))}" if things else f"there is no {what} in this project yet"
    raise WrongUsage(f'there is no {what} "{name}"{question}', hint=listed)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
