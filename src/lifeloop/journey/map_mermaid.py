"""A journey's map as a Mermaid flowchart, for pages that draw Mermaid themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lifeloop.journey.map import Item, JourneyMap
from lifeloop.journey.map_text import Look

SHAPES = {
    "start": ("([", "])"),
    "stop": ("([", "])"),
    "if": ("{{", "}}"),
    "choose": ("{{", "}}"),
    "split": ("{{", "}}"),
    "wait": ("(", ")"),
    "listen": ("(", ")"),
    "milestone": ("[/", "/]"),
}

Loose = tuple[str, str]
"""A line that still hangs: the box it leaves, and the words on it."""


def draw_mermaid(journey: JourneyMap) -> str:
    """Return the flowchart as text."""
    page = _Page()
    loose: list[Loose] = [(page.box(start), "") for start in journey.starts]
    loose = page.sequence(journey.items, loose)
    if loose:
        page.arrive(page.box(Item("stop", "the end")), loose)
    return "\n".join(["flowchart TD", *(f"  {line}" for line in page.lines)]) + "\n"


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def box(self, item: Item) -> str:
        self.count += 1
        name = f"n{self.count}"
        opening, closing = SHAPES.get(item.kind, ("[", "]"))
        self.lines.append(f"{name}{opening}{_quoted(Look(icons=False).said(item))}{closing}")
        return name

    def arrive(self, name: str, loose: Sequence[Loose]) -> None:
        for source, words in loose:
            self.lines.append(f"{source} -->{f'|{_quoted(words)}|' if words else ''} {name}")

    def sequence(self, items: Sequence[Item], loose: list[Loose]) -> list[Loose]:
        for item in items:
            name = self.box(item)
            self.arrive(name, loose)
            loose = self._leaving(item, name)
        return loose

    def _leaving(self, item: Item, name: str) -> list[Loose]:
        if item.kind == "stop":
            return []
        if not item.arms:
            return [(name, "")]
        return [end for arm in item.arms for end in self.sequence(arm.items, [(name, arm.label)])]


def _quoted(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'
