"""What another system says, in the words of this project: names it declares, values of the types it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lifeloop.engine.values import Record
from lifeloop.journey.attributes import coerce
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.nearest import nearest
from lifeloop.work.cleaning import clean_text
from lifeloop.work.importing.words import plain

ANONYMOUS = "anon:"
"""What the ids of people begin with who have not said who they are; no id of a customer does."""


class Unfit(ValueError):  # noqa: N818  # said of what came, it is the word
    """It cannot be taken in; the sentence says why, in words for whoever sent it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Kind:
    """A declared event or thing, or the customer: its name, what it carries, and that by other spellings."""

    name: str
    attributes: Mapping[str, Attribute]
    spelled: Mapping[str, str] = field(default_factory=dict)


class Understanding:
    """The words of one project. ``firstName`` is taken for ``first_name``, ``Order Placed`` for ``order.placed``."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._customer = _kind("customer", catalogue.customer)
        self._events = {name: _kind(name, event.attributes) for name, event in catalogue.events.items()}
        self._objects = {
            name: _kind(name, {thing.key: Attribute(thing.key), **thing.attributes})
            for name, thing in catalogue.objects.items()
        }

    def event(self, said: str, values: Record) -> tuple[str, Record]:
        """Return an event's name and data as the project declares them.

        Raises:
            Unfit: there is no such event, or a value is not of its type.
        """
        kind = self._events.get(said) or self._named_otherwise(said)
        if kind is None:
            raise _unknown("event", said, self._events)
        return kind.name, _fitted(values, kind)

    def _named_otherwise(self, said: str) -> _Kind | None:
        """Find ``Order Placed``, and ``com.example.order.placed``, which is how CloudEvents are named."""
        parts = said.lower().replace(".", " ").split()
        names = (".".join(parts[place:]) for place in range(len(parts)))
        return next((self._events[name] for name in names if name in self._events), None)

    def traits(self, values: Record) -> Record:
        """Return what is said about a customer as the project declares it; raises ``Unfit``."""
        return _fitted(values, self._customer)

    def thing(self, said: str | None, key: str, values: Record) -> tuple[str, Record]:
        """Return the kind and the fields of a thing. A project with one kind of things need not be told which.

        Raises:
            Unfit: there is no such kind, or a value is not of its type.
        """
        kind = self.kind(said)
        return kind, {**_fitted(values, self._objects[kind]), self._catalogue.objects[kind].key: clean_text(key)}

    def kind(self, said: str | None) -> str:
        """Return a declared kind of things; raises ``Unfit``."""
        if said is None and len(self._objects) == 1:
            return next(iter(self._objects))
        if said is None:
            raise Unfit(
                "unknown_object", f"say what kind of thing it is: {', '.join(self._objects) or 'none is known'}"
            )
        if said not in self._objects:
            raise _unknown("object", said, self._objects)
        return said

    def topics(self, consents: Mapping[str, bool]) -> Mapping[str, bool]:
        """Return permission by declared topic; raises ``Unfit``."""
        for topic in consents:
            if topic not in self._catalogue.topics:
                raise _unknown("topic", topic, self._catalogue.topics)
        return consents


def customer_key(user_id: str | None, anonymous_id: str | None) -> str:
    """Return the id under which a customer is known here; raises ``Unfit`` when there is none."""
    if user_id:
        if user_id.startswith(ANONYMOUS):
            raise Unfit("bad_id", f'ids of customers do not begin with "{ANONYMOUS}"')
        return clean_text(user_id)
    if anonymous_id:
        return ANONYMOUS + clean_text(anonymous_id)
    raise Unfit("no_customer", "it does not say which customer: userId or anonymousId")


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return plain(name)


def _kind(name: str, attributes: Mapping[str, Attribute]) -> _Kind:
    return _Kind(name, attributes, {plain(each): each for each in reversed(list(attributes))})


def _fitted(values: Record, kind: _Kind) -> Record:
    data: dict[str, Any] = {}
    for said, value in values.items():
        attribute = kind.attributes.get(said) or kind.attributes.get(kind.spelled.get(_plain(said), ""))
        if attribute is None:
            data[said] = value
            continue
        found = coerce(attribute, value)
        if found.reason:
            raise Unfit("bad_value", f"{said}: {found.reason}")
        data[attribute.name] = found.value
    return data


def _unknown(what: str, said: str, known: Mapping[str, object]) -> Unfit:
    near = nearest(said, known)
    meant = f', did you mean "{near}"?' if near else ""
    return Unfit(f"unknown_{what}", f'there is no {what} "{said}"{meant}')
