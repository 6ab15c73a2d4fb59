"""YAML text to nodes that know where they stand. Every scalar stays text until our own schema types it.

YAML 1.2 meaning follows from that (``at: 10:00`` and ``country: NO`` are text). Refused, with a place: tags,
merge keys, duplicate keys, several documents, and anchors beyond a budget (see ``lifeloop explain J001``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Severity, Suggestion


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``quoted`` tells ``"more"`` from ``more``; a quoted or block scalar is never a word of the language."""

    text: str
    place: Place
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a map."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A map, in the order written; keys are unique."""

    entries: tuple[Entry, ...]
    place: Place

    def entry(self, key: str) -> Entry | None:
        """Return the entry of that key, None when there is none."""
        return next((entry for entry in self.entries if entry.key.text == key), None)

    def value(self, key: str) -> Node | None:
        """Return the value of that key, None when there is none."""
        found = self.entry(key)
        return found.value if found else None


Node = Scalar | Items | Map


@dataclass(slots=True)
class Report:
    """Collects the mistakes of a reading: everything is reported at once, in order of place."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str,
        place: Place,
        *,
        severity: Severity = "error",
        label: str = "",
        hint: str = "",
        suggestions: tuple[Suggestion, ...] = (),
        related: tuple[Related, ...] = (),
    ) -> None:
        """Note one mistake; the fields are those of ``Diagnostic``."""
        self.found.append(Diagnostic(code, severity, message, place, label, hint, suggestions, related))
