"""Which way out each message takes, read once from the project. Without settings everything stays on this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from lifeloop.channel.callbacks.receivers import reports_back
from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import declared
from lifeloop.channel.dkim_signing import signer
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.http import HttpConnections
from lifeloop.channel.inbox import FOREVER, LocalInbox, LocalRecorder
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import Incomplete, resolved
from lifeloop.channel.secret import Unset, looked_up
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Abilities, Channel, Envelope, Receipt, Request
from lifeloop.clock import Clock
from lifeloop.engine.pacing import Limits
from lifeloop.engine.retry import WEBHOOK_PAUSES, Outcome
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.pacing import Pacing
from lifeloop.journey.pacing_reader import chain_of
from lifeloop.journey.ways import BUILT_IN, MAIL_PROVIDERS, NO_WAYS_OUT, provider_of

INBOX, CALL = "inbox", "call:"
KNOWN_AGAIN = 7 * 86_400
"""Seconds for which a receiver of webhooks is asked to keep their ids: longer than tries go on."""

ROUNDS = 3
"""Times what a connection takes at once that are under way between two writes, if it knows calls again: even if none is
answered before its deadline they end within the part of a lease that is kept for the last ones."""


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways out of one project: by channel name for messages, one for all calls."""

    mail: Channel[Envelope]
    inbox: Channel[Envelope]
    calls: Channel[Request]
    others: Mapping[str, Channel[Envelope]] = field(default_factory=dict)
    """The channels that a provider is declared for: texts, pushes, chats."""
    windows: Mapping[str, int] = field(default_factory=dict)
    """For connections that say so: the seconds for which they recognise the key of a request."""
    connections: frozenset[str] = frozenset()
    """The systems that calls go to."""
    webhooks: frozenset[str] = frozenset()
    """The connections that receive webhooks: tried again on a schedule, under the same id."""
    mail_name: str = INBOX
    spare: Mapping[str, Channel[Envelope]] = field(default_factory=dict)
    """Further ways for mail, by name: those that are taken while the first cannot be."""
    pacings: Mapping[str, Pacing] = field(default_factory=dict)
    """How fast each way may be used, by the name that ``name_of`` gives, where that is declared."""

    tells: frozenset[str] = frozenset()
    """Ways that report by themselves what became of a message, and may: the project says what proves them."""

    def name_of(self, kind: str, channel: str, name: str) -> str:
        """Return the name of the way that a message takes if nothing is in the way; of calls: ``call:crm``."""
        if kind == "call":
            return CALL + name.partition(".")[0]
        if kind == "ask" or channel == "email":
            return self.mail_name
        return channel if channel in self.others else INBOX

    def first_for(self, ways: Collection[str]) -> frozenset[str]:
        """Return the channels whose messages take one of these ways first, and of calls the ways themselves."""
        mail = {"email", "ask"} if self.mail_name in ways else set()
        return frozenset({*mail, *(way for way in ways if way in self.others or way.startswith(CALL))})

    def named(self, way: str) -> Channel[Envelope]:
        """Return the way for messages of that name; one that is no longer declared says so, and takes nothing."""
        if way == self.mail_name:
            return self.mail
        found = self.spare.get(way) or self.others.get(way)
        return found or (self.inbox if way == INBOX else Closed(f"'{way}' is no longer a way out of this project"))

    def instead_of(self, way: str) -> str | None:
        """Return the way that is taken while this one cannot be."""
        known = self.pacings.get(way)
        return known.fallback if known and (known.fallback in self.spare or known.fallback in self.others) else None

    def chain(self, way: str) -> tuple[str, ...]:
        """Return a way and those that are taken in its place, in order."""
        found = [way]
        while (instead := self.instead_of(found[-1])) is not None and instead not in found:
            found.append(instead)
        return tuple(found)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all ways, also of those for calls that are paced."""
        calls = (way for way in self.pacings if way.startswith(CALL))
        return tuple(dict.fromkeys((self.mail_name, *self.spare, *self.others, *calls)))

    def abilities(self, way: str) -> Abilities:
        """Return what a way promises, by its name."""
        return self._of_calls(way.removeprefix(CALL)) if way.startswith(CALL) else self.named(way).abilities

    @property
    def forgetful(self) -> tuple[Abilities, ...]:
        """What those ways promise that would not recognise a second sending."""
        calls = (self._of_calls(name) for name in self.connections)
        others = (way.abilities for way in self.everything if way is not self.calls)
        return tuple(one for one in (*others, *calls) if one.key_window is None)

    @property
    def longest_window(self) -> int:
        """Return the seconds for which any way but our own inbox knows a message again, at the most."""
        said = (*(way.abilities.key_window for way in self.everything), *self.windows.values())
        return max((window for window in said if window is not None and window < FOREVER), default=0)

    def limits(self, way: str) -> Limits:
        """Return how fast a way may be used: as declared, else as its provider is known to take it."""
        said = self.pacings.get(way, Pacing())
        known = self.abilities(way)
        return Limits(
            rate=said.rate or known.rate,
            concurrency=said.concurrency or known.concurrency,
            quota=said.quota or known.quota,
            per_request=known.per_request,
        )

    def warming_up(self, way: str, day: date) -> int | None:
        """Return how many messages from each domain a way may take on a day; None: it is not warming up."""
        said = self.pacings.get(way)
        return said.warm_up.allows(day) if said and said.warm_up else None

    def carries_mail(self, way: str) -> bool:
        """Tell whether e-mail leaves by a way: what it carries is from a domain."""
        return way == self.mail_name or way in self.spare

    def of(self, channel: str) -> Channel[Envelope]:
        """Return the way for a channel; one without a provider stays in the inbox."""
        return self.mail if channel == "email" else self.others.get(channel, self.inbox)

    def promise(self, kind: str, channel: str, name: str, way: str | None = None) -> Abilities:
        """Return what the way of one message promises; ``name`` of a call: ``connection.action``.

        ``way``: by which it was handed over already, if it was.
        """
        if kind == "call":
            return self._of_calls(name.partition(".")[0])
        return self.named(way or self.name_of(kind, channel, name)).abilities

    def _of_calls(self, connection: str) -> Abilities:
        """Return what calls of one connection promise. One that knows them again takes more before it is written."""
        known = self.calls.abilities
        takes_webhooks = connection in self.webhooks
        window = known.key_window or self.windows.get(connection) or (KNOWN_AGAIN if takes_webhooks else None)
        at_once = self.pacings.get(CALL + connection, Pacing()).concurrency or known.batch
        return replace(
            known,
            key_window=window,
            pauses=WEBHOOK_PAUSES if takes_webhooks else known.pauses,
            batch=at_once if window is None else at_once * ROUNDS,
        )

    @property
    def everything(self) -> tuple[Channel[Envelope] | Channel[Request], ...]:
        """Every way out, each once."""
        return (self.mail, self.inbox, self.calls, *self.others.values(), *self.spare.values())

    async def close(self) -> None:
        """Let go of every kept connection."""
        for way in self.everything:
            await way.close()


def ways_out(
    catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, *, inbox: LocalInbox, recorder: LocalRecorder
) -> Ways:
    """Read the project's settings. What cannot be used becomes a way that says so, message by message."""
    return Ways(
        mail=_mail(catalogue, environ, clock, inbox),
        inbox=inbox,
        calls=_calls(catalogue, environ, clock, recorder),
        others={way: _provider(way, catalogue, environ, clock) for way in _others(catalogue)},
        windows={name: one.key_window for name, one in catalogue.connections.items() if one.key_window is not None},
        mail_name=catalogue.email,
        spare={way: _mail_by(way, catalogue, environ, clock) for way in _spare(catalogue)},
        pacings={
            **catalogue.pacings,
            **{f"{CALL}{name}": one.pacing for name, one in catalogue.connections.items()},
        },
        connections=frozenset(catalogue.connections),
        tells=frozenset(way for way in {catalogue.email, *catalogue.channels} if reports_back(way, catalogue)),
        webhooks=frozenset(name for name, one in catalogue.connections.items() if one.receives == "webhooks"),
    )


class Closed:
    """A way out whose settings are incomplete: every receipt says what to repair, and nothing is used up."""

    abilities = Abilities(batch=1000)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def send(self, batch: Sequence[Envelope | Request], /) -> Sequence[Receipt]:
        """Refuse, with the sentence that helps."""
        return [Receipt(id=item.id, outcome=Outcome.CONFIGURATION, detail=self.reason) for item in batch]

    async def close(self) -> None:
        """Nothing is held open."""


class CallsHere:
    """In a local project, a connection whose address is not set is recorded instead of called."""

    def __init__(self, real: Channel[Request], recorder: Channel[Request], recorded: frozenset[str]) -> None:
        self._real = real
        self._recorder = recorder
        self._recorded = recorded

    @property
    def abilities(self) -> Abilities:
        """What the real connections promise: the weaker of the two."""
        return self._real.abilities

    async def send(self, batch: Sequence[Request], /) -> Sequence[Receipt]:
        """Send each request its way, and return the receipts in the order of the batch."""
        kept = [request for request in batch if request.connection in self._recorded]
        made = [request for request in batch if request.connection not in self._recorded]
        receipts = [*(await self._recorder.send(kept) if kept else ()), *(await self._real.send(made) if made else ())]
        by_id = {receipt.id: receipt for receipt in receipts}
        return [by_id[request.id] for request in batch]

    async def close(self) -> None:
        """Close both."""
        await self._real.close()
        await self._recorder.close()


def _mail(catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, inbox: LocalInbox) -> Channel[Envelope]:
    return inbox if catalogue.email == INBOX else _mail_by(catalogue.email, catalogue, environ, clock)


def _mail_by(way: str, catalogue: Catalogue, environ: Mapping[str, str], clock: Clock) -> Channel[Envelope]:
    if way != "smtp":
        return _provider(way, catalogue, environ, clock)
    try:
        settings = catalogue.channels.get("smtp", {})
        server, sign = SmtpServer.read(settings, environ), signer(settings, environ)
    except Unset as problem:
        return Closed(f"smtp: {problem}; put it into the environment")
    except KeyError:
        return Closed("smtp: say which mail server under 'host'")
    except (Incomplete, ValueError) as problem:
        return Closed(str(problem))
    return SmtpChannel(server, clock, project=catalogue.project, sign=sign)


def _others(catalogue: Catalogue) -> Iterable[str]:
    """Return what is declared under ``channels`` for messages other than e-mail."""
    mail = {*BUILT_IN, *MAIL_PROVIDERS, *chain_of(catalogue.email, catalogue.pacings)}
    return (way for way in catalogue.channels if way not in mail)


def _spare(catalogue: Catalogue) -> Iterable[str]:
    """Return the ways that mail takes while its first one cannot be taken."""
    chain = chain_of(catalogue.email, catalogue.pacings)[1:]
    return (way for way in chain if way in catalogue.channels.keys() - NO_WAYS_OUT)


def _provider(way: str, catalogue: Catalogue, environ: Mapping[str, str], clock: Clock) -> Channel[Envelope]:
    """Return the way through a provider: one that is written in Python, or one that a file declares."""
    name, given = provider_of(way, catalogue), catalogue.channels.get(way, {})
    try:
        wire = Wire(guard=guard_of(catalogue))
        if name in CLASSES:
            said = resolved(way, takes(name), given, environ)
            check, at_once = partial(checked, project=catalogue.project), _at_once(way, catalogue)
            return ProviderChannel(way, provider(name, said), check, wire, clock, at_once=at_once)
        found = declared(name, catalogue.root)
        if found is None:
            return Closed(f"'{name}' is not a way out, or its file has a mistake; ask:  lifeloop validate")
        border = DeclaredBorder(found, resolved(way, found.takes, given, environ), catalogue.project)
        return ProviderChannel(way, border, border.check, wire, clock)
    except Unset as problem:
        return Closed(f"{way}: {problem}; put it into the environment")
    except (Incomplete, BadNetwork) as problem:
        return Closed(str(problem))


def _at_once(way: str, catalogue: Catalogue) -> int | None:
    """Return how many requests the project wants under way: those of one worker are no fewer, if no other has them."""
    known = catalogue.pacings.get(way)
    return known.concurrency if known else None


class BadNetwork(ValueError):  # noqa: N818  # it names what is bad
    """What is said to be a private network is none."""


def guard_of(catalogue: Catalogue) -> Guard:
    """Return where requests of a project may go.

    Raises:
        BadNetwork: what it names as its private networks are none.
    """
    try:
        return Guard.allowing(catalogue.channels.get("http", {}).get("allow_private", "").split(","))
    except ValueError as problem:
        raise BadNetwork(f"http: allow_private holds something that is not a network: {problem}") from problem


def _calls(catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, recorder: LocalRecorder) -> Channel[Request]:
    try:
        guard = guard_of(catalogue)
    except BadNetwork as problem:
        return Closed(str(problem))
    real = HttpConnections(catalogue.connections, environ, clock, guard=guard)
    if catalogue.environment != "local":
        return real
    unset = frozenset(name for name, known in catalogue.connections.items() if not _is_set(known.base, environ))
    return CallsHere(real, recorder, unset)


def _is_set(setting: str, environ: Mapping[str, str]) -> bool:
    try:
        looked_up(setting, environ)
    except Unset:
        return False
    return True
