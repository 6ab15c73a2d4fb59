"""From the events of the YAML parser to our nodes, one at a time and under a budget; nothing here recurses.

Aliases are resolved to the very node they name, so an alias costs nothing to keep; what it would cost to walk
is counted, and refused when a file pretends to be larger than ``LARGEST_TREE``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from lifeloop.journey.diagnostic import Place, Related
from lifeloop.journey.source import LARGEST_FILE, Entry, Items, Map, Node, Report, Scalar
from lifeloop.journey.syntax import explain_syntax

LARGEST_TREE = 20_000
DEEPEST = 40

# libyaml where it was built in, else the same parser in Python: same events, slower.
_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class _GiveUpError(Exception):
    """The rest of the file is not worth reading; the report says why."""


@dataclass(slots=True)
class _Open:
    """A list or map whose end has not come yet. ``key``: the key that waits for its value."""

    is_map: bool
    start: Place
    flow: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    key: Scalar | None = None
    size: int = 1


class _Composer:
    """One reading of one file."""

    def __init__(self, file: str, report: Report) -> None:
        self.file = file
        self.report = report
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.root: Node | None = None
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """Add one event of the parser to the tree."""
        match event:
            case yaml.ScalarEvent():
                self._tag(event)
                style = event.style or ""
                self._put(Scalar(event.value, self._scalar_place(event), quoted=style != ""), 1, event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._tag(event)
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._document(event)
            case _:
                pass

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            label = "remove this line, or put what follows in a file of its own"
            self.report.add("J006", "one file holds one document", self._place(event), label=label)
            raise _GiveUpError

    def _tag(self, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag is None:
            return
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        place = self._place(event)
        column = place.column + len(shown)
        place = Place(place.file, place.line, place.column, place.line, column)
        label = "remove it; if the text begins with an exclamation mark, put it in quotes"
        self.report.add("J003", f'a journey has no use for the YAML tag "{shown}"', place, label=label)

    def _begin(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        place = self._place(event)
        if len(self.open) >= DEEPEST:
            self.report.add("J008", f"this is nested more than {DEEPEST} levels deep", place, label="too deep here")
            raise _GiveUpError
        is_map = isinstance(event, yaml.MappingStartEvent)
        if self.open and self.open[-1].is_map and self.open[-1].key is None:
            self._key_is_not_text(place)
        self.open.append(_Open(is_map, place, bool(event.flow_style), event.anchor))

    def _key_is_not_text(self, place: Place) -> None:
        around = self.open[-1]
        if around.flow and around.start.line == place.line and around.start.column + 1 == place.column:
            self.report.add("J007", "text with {{ }} in it needs quotes", around.start, label='write "{{ … }}"')
        else:
            self.report.add("J007", "what stands before the colon must be a word", place, label="this is not one")
        raise _GiveUpError

    def _end(self, event: yaml.Event) -> None:
        closed = self.open.pop()
        place = self._close(closed, event)
        node: Node = Map(tuple(closed.entries), place) if closed.is_map else Items(tuple(closed.items), place)
        self._put(node, closed.size, closed.anchor)

    def _close(self, closed: _Open, event: yaml.Event) -> Place:
        """Return the place of a finished list or map: up to its last part, not up to whatever follows it."""
        first, last = closed.start, self._place(event)
        if not closed.flow:
            parts = [entry.value for entry in closed.entries] if closed.is_map else closed.items
            last = parts[-1].place if parts else first
        if (last.end_line, last.end_column) < (first.line, first.column):
            last = first  # the last part is an alias to something further up
        return Place(self.file, first.line, first.column, last.end_line, last.end_column)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        known = self.anchors.get(event.anchor or "")
        if known is None:
            self.report.add(
                "J011", f'"*{event.anchor}" repeats something that is not named "&{event.anchor}" above', place
            )
            raise _GiveUpError
        self._put(known[0], known[1], None, place)

    def _put(self, node: Node, size: int, anchor: str | None, at: Place | None = None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self.open:
            self.root = node
            return
        around = self.open[-1]
        around.size += size
        if around.size > LARGEST_TREE:
            self.report.add("J008", f"this file unfolds to more than {LARGEST_TREE} parts", at or node.place)
            raise _GiveUpError
        if not around.is_map:
            around.items.append(node)
        elif around.key is None:
            around.key = self._key(node, at)
        else:
            self._entry(around, Entry(around.key, node))

    def _key(self, node: Node, at: Place | None) -> Scalar:
        if isinstance(node, Scalar):
            return node
        self.report.add("J007", "what stands before the colon must be a word", at or node.place)
        raise _GiveUpError

    def _entry(self, around: _Open, entry: Entry) -> None:
        around.key = None
        if entry.key.text == "<<" and not entry.key.quoted:
            label = "write the keys out, or use  defaults:  or  use:"
            self.report.add("J004", "YAML merge keys are not part of the language", entry.key.place, label=label)
            return
        first = next((known for known in around.entries if known.key.text == entry.key.text), None)
        if first is None:
            around.entries.append(entry)
            return
        related = (Related(first.key.place, "it stands here already"),)
        message = f'"{entry.key.text}" stands here twice'
        self.report.add("J005", message, entry.key.place, label="remove one of the two", related=related)

    def _place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        assert start is not None and end is not None  # noqa: S101, PT018  # the parser marks every event
        return Place(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _scalar_place(self, event: yaml.ScalarEvent) -> Place:
        place = self._place(event)
        if event.anchor is None and event.tag is None:
            return place
        # The parser's mark stands before "&name"; on one line the text's own start follows from its end.
        if place.line != place.end_line or event.style in {"|", ">"}:
            return place
        width = len(event.value) + (2 if event.style else 0)
        column = max(place.column, place.end_column - width)
        return Place(place.file, place.line, column, place.line, place.end_column)


def read_yaml(text: str, file: str, report: Report) -> Node | None:
    """Return the tree of one document, None when it cannot be read; every mistake is in the report."""
    text = text.removeprefix("\ufeff")
    if not _readable(text, file, report):
        return None
    composer = _Composer(file, report)
    try:
        for event in _events(text):
            composer.take(event)
    except _GiveUpError:
        return None
    except yaml.MarkedYAMLError as error:
        explain_syntax(error, text, file, report)
        return None
    if composer.root is None or (isinstance(composer.root, Scalar) and not composer.root.text):
        report.add("J010", "this file is empty", Place(file, 1, 1, 1, 1))
        return None
    return composer.root if _blanks(composer.root, report) else None


def _blanks(root: Node, report: Report) -> bool:
    """``journey:welcome`` is one long word to YAML: the blank behind the colon makes it a key and a value."""
    found = re.match(r"([\w.-]+:|-)(?=\S)", root.text) if isinstance(root, Scalar) and not root.quoted else None
    if found is None:
        return True
    sign = "colon" if found[1].endswith(":") else "dash"
    start, column = root.place, root.place.column + found.end() - 1
    place = Place(start.file, start.line, column, start.line, column + 1)
    report.add("J001", f"a blank is missing behind the {sign}", place, label=f"write  {found[1]} …")
    return False


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


def _readable(text: str, file: str, report: Report) -> bool:
    if len(text) > LARGEST_FILE:
        message = f"{file} is larger than {LARGEST_FILE // 1024} kB"
        report.add("J008", message, Place(file, 1, 1, 1, 1), label="split it up")
        return False
    found = _FORBIDDEN.search(text)
    if found is None:
        return True
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    place = Place(file, line, column, line, column + 1)
    report.add("J009", "there is an invisible control character here", place, label="delete it")
    return False
