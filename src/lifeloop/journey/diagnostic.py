"""A mistake in a file is a value: where it is, what is wrong, in the author's words, and how to put it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one file. Lines and columns count from 1; the end is just behind the last character."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that may stand at the diagnostic's place instead.

    A certain one is applied by ``lifeloop fix`` without asking.
    """

    text: str
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains the mistake, with the words to print under it."""

    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. ``message`` is a sentence; ``label`` stands at the caret; ``hint`` is the line below the frame."""

    code: str
    severity: Severity
    message: str
    place: Place
    label: str = ""
    hint: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    related: tuple[Related, ...] = ()
