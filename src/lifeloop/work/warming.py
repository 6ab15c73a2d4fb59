"""Warm-up: mailboxes come to trust the domain that mail is from, so each has a ramp of its own at each way out.

What a ramp has let through today is counted in a row of its own beside the way's pace. Only while it lasts: a way
that is not warming up has no such rows, and nobody asks for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from lifeloop.engine.pacing import Pace, Today
from lifeloop.journey.catalogue import Sender
from lifeloop.message.errors import UnknownMessageError
from lifeloop.store.values import Message
from lifeloop.work.workspace import Workspace

FROM = "@"
"""Between way and domain in the name of a ramp; no way out has it in its name."""
NO_DOMAIN = ""
"""The domain of what has no ``From``, as texts."""

LocaleOf = Callable[[Message], str | None]


@dataclass(frozen=True, slots=True)
class Ramps:
    """The ramps that some messages go by. ``most``: how many of each domain a way lets through today."""

    day: str = ""
    most: Mapping[str, int] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    """By message."""

    @classmethod
    def of(
        cls,
        space: Workspace,
        wishes: Mapping[tuple[str, ...], Sequence[Message]],
        locale_of: LocaleOf,
        today: Today,
    ) -> Ramps:
        """Return the ramps of messages by the ways they may take.

        Who sends them is looked up only where one of these ways is warming up.
        """
        most = warming(space, {way for chain in wishes for way in chain}, today.day)
        if not most:
            return cls()
        rows = [row for chain, asking in wishes.items() if not most.keys().isdisjoint(chain) for row in asking]
        return cls(today.day, most, {row.id: _domain_of(space, row, locale_of) for row in rows})

    @property
    def names(self) -> frozenset[str]:
        """The names of all their rows."""
        found = set(self.domains.values())
        return frozenset(ramp_of(way, domain) for way in self.most for domain in found)

    def ramp(self, way: str, row: Message) -> str | None:
        """Return the ramp that a message counts on if it takes a way; None: it is not warming up."""
        return ramp_of(way, self.domains[row.id]) if way in self.most else None

    def part(
        self, way: str, rows: Sequence[Message], paces: Mapping[str, Pace]
    ) -> tuple[Sequence[Message], Sequence[Message]]:
        """Return the messages that there is room for today, and the others: the first of each domain go first."""
        if way not in self.most:
            return rows, ()
        used = Counter({name: paces[name].used_on(self.day) for name in self.names})
        fitting: list[Message] = []
        over: list[Message] = []
        for row in rows:
            name = ramp_of(way, self.domains[row.id])
            used[name] += 1
            (fitting if used[name] <= self.most[way] else over).append(row)
        return fitting, over


@dataclass(frozen=True, slots=True)
class Ramp:
    """Where one ramp stands today. ``domain``: that the mail is from; empty for what has none, as texts."""

    domain: str
    used: int
    allowed: int


def warming(space: Workspace, ways: Iterable[str], day: str) -> dict[str, int]:
    """Return how many messages of each domain those ways let through on a day that are warming up."""
    allowed = {way: space.ways.warming_up(way, date.fromisoformat(day)) for way in ways}
    return {way: most for way, most in allowed.items() if most is not None}


def ramps_today(space: Workspace, way: str, known: Mapping[str, Pace], day: str) -> tuple[Ramp, ...]:
    """Return where the ramps of one way stand, for every domain that this project sends from."""
    most = space.ways.warming_up(way, date.fromisoformat(day))
    if most is None:
        return ()
    senders = space.catalogue.senders.values() if space.ways.carries_mail(way) else ()
    domains = dict.fromkeys(sender.domain for sender in senders) or (NO_DOMAIN,)
    return tuple(Ramp(one, known.get(ramp_of(way, one), Pace(way)).used_on(day), most) for one in domains)


def ramp_of(way: str, domain: str) -> str:
    """Return the name of the row that counts what one domain sends by one way."""
    return f"{way}{FROM}{domain}"


def is_ramp(name: str) -> bool:
    """Tell whether a row of that name is no way out, but a ramp of one."""
    return FROM in name


def domain_from(space: Workspace, message: str, sender: str | None, locale: str | None) -> str:
    """Return the domain that a mail is from; of one without a text, which stays here, that of the first sender."""
    try:
        return _domain(space.renderer.sender(message, locale, sender))
    except UnknownMessageError:
        return _domain(space.renderer.first_sender)


def _domain_of(space: Workspace, row: Message, locale_of: LocaleOf) -> str:
    if row.kind == "ask":
        return _domain(space.renderer.first_sender)
    if row.channel != "email":
        return NO_DOMAIN
    said = row.data.get("sender")
    return domain_from(space, row.name, said if isinstance(said, str) else None, locale_of(row))


def _domain(sender: Sender | None) -> str:
    return sender.domain if sender else NO_DOMAIN
