"""What somebody types for a rehearsal: ``35d 09:30 question.answered answer=upgrade``, ``contract.ends=2026-12-31``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from lifeloop.clock import Instant
from lifeloop.engine.zones import instant_of
from lifeloop.journey.attributes import coerce
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.literals import guess_kind, parse_literal
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Json
from lifeloop.journey.times import parse_time
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.living import Given, data_name

MORNING = time(9)
"""When something happens whose time of day nobody said."""
_MOMENT = re.compile(
    r"(?:day\s+(\d{1,4})|(\d{1,4})d|(\d{4}-\d\d-\d\d))(?:\s+(?:at\s+)?(\d{1,2}:\d\d))?\s+(.+)", re.IGNORECASE
)
_OTHER = ("open", "click", "answer", "enter")
EXAMPLE = '"35d 09:30 question.answered answer=upgrade"'


class UnreadableError(ValueError):
    """What was typed is not understood; the sentence says what, the hint how to type it."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Typed:
    """Reads what was typed. ``days``: what day 0 is."""

    days: Days
    catalogue: Catalogue

    def event(self, text: str) -> Given:
        """Read when something happens, what, and with which data."""
        at, rest = self._moment(text)
        name, *pairs = _words(rest)
        if name in _OTHER and pairs:
            return Given(at, name, pairs[0], self._data(pairs[1:], {}))
        declared = self.catalogue.events
        if name not in declared and not name.startswith("message."):
            near = nearest(name, declared)
            hint = f'did you mean "{near}"?' if near else f"there is: {', '.join(sorted(declared))}"
            raise UnreadableError(f'there is no event "{name}"', hint)
        attributes = declared[name].attributes if name in declared else {}
        return Given(at, "event", name, self._data(pairs, attributes))

    def change(self, text: str) -> Given:
        """Read when data change, and to what."""
        at, rest = self._moment(text)
        return Given(at, "set", "", self.values(rest))

    def values(self, text: str) -> Mapping[str, Json]:
        """Read ``contract.ends=2026-12-31 plan=free``: data of the person, or of their things."""
        pairs = [_pair(word) for word in _words(text)]
        return {name: self._typed(self._attribute(name), value) for name, value in pairs}

    def _moment(self, text: str) -> tuple[Instant, str]:
        found = _MOMENT.fullmatch(text.strip())
        at = parse_time(found[4]) if found and found[4] else MORNING
        if found is None or at is None:
            raise UnreadableError(f'"{text}" does not begin with a moment', f"for example  {EXAMPLE}")
        day, short, written, rest = found[1], found[2], found[3], found[5]
        if written is None:
            return self.days.at(int(day or short), at), rest
        try:
            return instant_of(date.fromisoformat(written), at, self.days.zone), rest
        except ValueError as problem:
            raise UnreadableError(f'there is no day "{written}"', "write it like 2026-06-30") from problem

    def _attribute(self, written: str) -> Attribute | None:
        name = data_name(written)
        objects = self.catalogue.objects
        known = objects[name.root].attributes if name.root in objects else self.catalogue.customer
        if name.root not in ("customer", *objects) or name.path[0] not in known:
            near = nearest(name.path[0], known)
            raise UnreadableError(f'"{written}" is not in the catalogue', f'did you mean "{near}"?' if near else "")
        return known[name.path[0]]

    def _data(self, pairs: Sequence[str], attributes: Mapping[str, Attribute]) -> Mapping[str, Json]:
        return {name: self._typed(attributes.get(name), value) for name, value in map(_pair, pairs)}

    def _typed(self, attribute: Attribute | None, text: str) -> Json:
        if text in ("", "null", "unknown"):
            return None
        if attribute is None:
            return parse_literal(text, guess_kind(text))
        found = coerce(attribute, text)
        if found.reason:
            raise UnreadableError(f"{attribute.name}: {found.reason}", "")
        return found.value


def begins_with_a_moment(text: str) -> bool:
    """Tell whether a time was typed in front; data without one hold from the beginning."""
    return _MOMENT.fullmatch(text.strip()) is not None


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as problem:
        raise UnreadableError(f"a quotation mark is open in  {text}", "close it") from problem


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name:
        raise UnreadableError(f'"{word}" is not of the form name=value', f"for example  {EXAMPLE}")
    return name, value
