"""What the Tab key offers: names out of the project's folders, read without opening a single file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from lifeloop.cli.here import project_root


def _names(folder: str, pattern: str) -> list[Path]:
    root = project_root(Path.cwd())
    return sorted((root / folder).glob(pattern)) if root else []


def _journeys(_context: Any) -> Iterable[str]:
    return [path.stem for path in _names("journeys", "*.y*ml")]


def _messages(_context: Any) -> Iterable[str]:
    paths = _names("templates", "[a-z]*/*.*")
    return sorted({f"{path.parent.name}/{path.name.split('.', 1)[0]}" for path in paths if path.is_file()})


def _people(_context: Any) -> Iterable[str]:
    return [path.stem for path in _names("people", "*.y*ml")]


def _codes(_context: Any) -> Iterable[str]:
    from lifeloop.journey.codes import all_codes

    return all_codes()


JourneyName = Annotated[str, Parameter(completer=_journeys)]
"""A parameter that the Tab key completes with journeys."""
MessageName = Annotated[str, Parameter(completer=_messages)]
"""A parameter that the Tab key completes with messages."""
PersonName = Annotated[str, Parameter(completer=_people)]
"""A parameter that the Tab key completes with sample people."""
Code = Annotated[str, Parameter(completer=_codes)]
"""A parameter that the Tab key completes with codes of mistakes."""
