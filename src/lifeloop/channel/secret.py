"""Secrets are written as ``env.NAME``, read at the moment of use, and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REFERENCE = "env."


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that prints as dots; only ``reveal`` gives it away."""

    _text: str

    def reveal(self) -> str:
        """Return the text itself, for the one line that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(••••)"


class Unset(Exception):  # noqa: N818  # it reads as what it says: the variable is unset
    """A setting points to an environment variable that is not there."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is not set")
        self.variable = variable


def looked_up(setting: str, environ: Mapping[str, str]) -> str:
    """Return the setting itself, or what the environment holds for ``env.NAME``; an empty one counts as unset."""
    if not setting.startswith(REFERENCE):
        return setting
    variable = setting.removeprefix(REFERENCE)
    found = environ.get(variable, "").strip()
    if not found:
        raise Unset(variable)
    return found


def secret(setting: str | None, environ: Mapping[str, str]) -> Secret | None:
    """Look a secret up; nothing configured is no secret, a missing variable is an error."""
    return None if setting is None else Secret(looked_up(setting, environ))
