"""The calls of the Segment specification as they come, and what each of them tells us.

What Segment keeps and we do not (the visitor's address, their browser, the page) is read over: nobody needs it here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from lifeloop.clock import Instant
from lifeloop.engine.stamps import instant_in
from lifeloop.engine.zones import zone_named
from lifeloop.store.transaction import dump
from lifeloop.web.ingest_wire import check_shape, is_surely_fine
from lifeloop.work.arriving import Fact, Item, Merger
from lifeloop.work.cleaning import clean_text
from lifeloop.work.ingesting import Happening, Person
from lifeloop.work.keys import Scope
from lifeloop.work.understanding import ANONYMOUS, Understanding, Unfit, customer_key

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Id = Text | int
Data = dict[str, Any]


class Call(msgspec.Struct, rename="camel", tag_field="type", kw_only=True):
    """What all calls have. ``timestamp``: when it happened, by the sender's clock, which said ``sentAt`` on sending."""

    user_id: Id | None = None
    anonymous_id: Id | None = None
    message_id: Text | None = None
    timestamp: datetime | None = None
    sent_at: datetime | None = None
    write_key: str | None = None


class Track(Call, tag="track"):
    """Something happened."""

    event: Text
    properties: Data | None = None


class Identify(Call, tag="identify"):
    """Who a customer is. ``consents``: topics they said yes or no to, at ``timestamp``."""

    traits: Data | None = None
    consents: dict[str, bool] | None = None


class Group(Call, tag="group"):
    """A thing of a customer: a contract, an order. ``kind`` says which, where the project declares several."""

    group_id: Id
    kind: Text | None = None
    traits: Data | None = None


class Alias(Call, tag="alias"):
    """Whoever came under ``previousId``, an anonymous id, is ``userId``. ``previousUserId``: two customers are one."""

    previous_id: Id | None = None
    previous_user_id: Id | None = None


class Batch(msgspec.Struct, rename="camel", kw_only=True):
    """Several calls, each with its own ``type``."""

    batch: list[msgspec.Raw]
    sent_at: datetime | None = None
    write_key: str | None = None


AnyCall = Track | Identify | Group | Alias
NEEDS: Mapping[type[Call], Scope] = {Track: "track", Identify: "identify", Group: "identify", Alias: "identify"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns calls into facts, in the words of one project."""

    understanding: Understanding
    timezone: str

    def items(self, call: Call, source: str, now: Instant, *, sent_at: datetime | None = None) -> list[Item]:
        """Return what a call tells, in order.

        Raises:
            Unfit: it cannot be taken in.
        """
        when = _When(self, call.timestamp, call.sent_at or sent_at, now)
        match call:
            case Track():
                return [self._track(call, source, when)]
            case Identify():
                return self._identify(call, source, when)
            case Group():
                key, who = str(call.group_id), customer_key(_text(call.user_id), _text(call.anonymous_id))
                kind, fields = self.understanding.thing(call.kind, key, call.traits or {})
                return [Item(Person(who, things={kind: (fields,)}), source, _id(call))]
            case Alias():
                return [Item(_merger(call), source, _id(call))]
        raise AssertionError(call)

    def instant(self, moment: datetime) -> Instant:
        """Return the instant of a moment; without an offset it is on the project's clock."""
        if moment.tzinfo is None:
            return instant_in(moment.isoformat(), zone_named(self.timezone) or UTC) or 0  # type: ignore[arg-type]
        return int(moment.timestamp() // 1)

    def _track(self, call: Track, source: str, when: _When) -> Item:
        who = customer_key(_text(call.user_id), _text(call.anonymous_id))
        name, data = self.understanding.event(call.event, call.properties or {})
        id_ = _id(call) or when.derived_id("track", who, name, data)
        return Item(Happening(who, name, when.at, id_, source, data, guessed_at=when.is_guessed), source, id_)

    def _identify(self, call: Identify, source: str, when: _When) -> list[Item]:
        user, anonymous = _text(call.user_id), _text(call.anonymous_id)
        traits = self.understanding.traits(call.traits or {})
        consents = self.understanding.topics(call.consents or {})
        person = Person(customer_key(user, anonymous), traits, {}, consents, when.at, source)
        found: list[tuple[Fact, str]] = [(person, _id(call))]
        if user and anonymous:
            found.insert(0, (Merger(customer_key(None, anonymous), person.key), ""))
        return [Item(fact, source, id_) for fact, id_ in found]


class _When:
    """When something happened, by our clock: a sender's clock that is wrong is set right by what it said on sending."""

    def __init__(self, reader: Reader, said: datetime | None, sent_at: datetime | None, now: Instant) -> None:
        self.said = None if said is None else reader.instant(said)
        self.is_guessed = said is None or sent_at is not None
        self.at = now if self.said is None else self.said
        if self.said is not None and sent_at is not None:
            self.at = now - (reader.instant(sent_at) - self.said)

    def derived_id(self, *said: Any) -> str:
        """Return an id made of what was said, so that the same again is the same; without a time, always another."""
        if self.said is None:
            return secrets.token_hex(12)
        return blake2b(dump([*said, self.said]).encode(), digest_size=14).hexdigest()


def check(value: Any, content: bytes) -> None:
    """Refuse what is too deep, too long or too many; raises ``Problem``."""
    if not is_surely_fine(content):
        check_shape(value)


def data_of(call: Call) -> Any:
    """Return what a call carries besides what is declared above."""
    return getattr(call, "properties", None) or getattr(call, "traits", None)


def needs(call: Call) -> Sequence[Scope]:
    """Return what a key must be allowed to make this call. Two known customers are made one by who may do all."""
    is_grave = isinstance(call, Alias) and call.previous_user_id is not None
    return ("admin",) if is_grave else (NEEDS[type(call)],)


def _merger(call: Alias) -> Merger:
    user = _text(call.user_id)
    if not user:
        raise Unfit("no_customer", "it does not say who they are: userId")
    key = customer_key(user, None)
    if call.previous_user_id is not None:
        return Merger(customer_key(str(call.previous_user_id), None), key)
    if call.previous_id is None:
        raise Unfit("no_customer", "it does not say who they were: previousId")
    return Merger(customer_key(None, str(call.previous_id).removeprefix(ANONYMOUS)), key)


def _id(call: Call) -> str:
    return clean_text(call.message_id or "")


def _text(id_: str | int | None) -> str | None:
    return None if id_ is None else str(id_)
