"""JMESPath: how provider files look into answers and messages. It can read, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from lifeloop.journey.plan import Json
from lifeloop.journey.source import Report, Scalar


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    _compiled: Any

    def find(self, data: Json) -> Json:
        """Return what it finds; nothing at all where the data are of another kind than it expects."""
        try:
            found: Json = self._compiled.search(data)
        except JMESPathError:
            return None
        return found

    def holds(self, data: Json) -> bool:
        """Tell whether it finds something that is true."""
        return bool(self.find(data))

    def word(self, data: Json) -> str:
        """Return a text or a number that it finds, as text; empty for anything else."""
        found = self.find(data)
        return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def read_expression(text: Scalar, report: Report) -> Expression | None:
    """Return an expression; None when it is none, with the reason in the report."""
    try:
        return Expression(text.text, jmespath.compile(text.text))
    except JMESPathError:
        label = "names are joined by dots, and written values stand in backquotes:  error.code == `21610`"
        report.add("J505", f'"{text.text}" cannot be read as an expression', text.place, label=label)
        return None
