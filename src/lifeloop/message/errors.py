"""All that can go wrong when a message is written, on one screen.

MessageError
├── UnknownMessageError     no such file under templates/
├── BrokenTemplateError     the file has mistakes; they are diagnostics
└── RenderProblemError      this text cannot be written for this customer; the words never name the customer
"""

from __future__ import annotations

from lifeloop.journey.diagnostic import Diagnostic, Place


class MessageError(Exception):
    """A message could not be written."""


class UnknownMessageError(MessageError):
    """There is no text of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f'there is no message "{name}"')
        self.name = name


class BrokenTemplateError(MessageError):
    """The text has mistakes. ``diagnostics`` says which and where."""

    def __init__(self, name: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        super().__init__(f"{first.place.file}:{first.place.line}: {first.message}")
        self.name = name
        self.diagnostics = diagnostics


class RenderProblemError(MessageError):
    """The text cannot be written with the data at hand. ``place`` is where in the file, None when it is the whole."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{place.file}:{place.line}: {message}" if place else message)
        self.message = message
        self.place = place
