"""Which way out each message takes, read once from the project. Without settings everything stays on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import declared
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.http import HttpConnections
from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import Incomplete, resolved
from lifeloop.channel.secret import Unset, looked_up
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Abilities, Channel, Envelope, Receipt, Request
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.ways import BUILT_IN, MAIL_PROVIDERS, provider_of


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

    def of(self, channel: str) -> Channel[Envelope]:
        """Return the way for a channel; one without a provider stays in the inbox."""
        return self.mail if channel == "email" else self.others.get(channel, self.inbox)

    def promise(self, kind: str, channel: str, name: str) -> Abilities:
        """Return what the way of one message promises; ``name`` of a call: ``connection.action``."""
        if kind == "call":
            window = self.windows.get(name.partition(".")[0])
            known = self.calls.abilities
            return replace(known, key_window=known.key_window or window)
        return self.mail.abilities if kind == "ask" else self.of(channel).abilities

    @property
    def everything(self) -> tuple[Channel[Envelope] | Channel[Request], ...]:
        """Every way out, each once."""
        return (self.mail, self.inbox, self.calls, *self.others.values())

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
    if catalogue.email == "inbox":
        return inbox
    if catalogue.email != "smtp":
        return _provider(catalogue.email, catalogue, environ, clock)
    try:
        server = SmtpServer.read(catalogue.channels.get("smtp", {}), environ)
    except Unset as problem:
        return Closed(f"smtp: {problem}; put it into the environment")
    except KeyError:
        return Closed("smtp: say which mail server under 'host'")
    except ValueError as problem:
        return Closed(str(problem))
    return SmtpChannel(server, clock, project=catalogue.project)


def _others(catalogue: Catalogue) -> Iterable[str]:
    """Return what is declared under ``channels`` for messages other than e-mail."""
    mail = {*BUILT_IN, *MAIL_PROVIDERS, catalogue.email}
    return (way for way in catalogue.channels if way not in mail)


def _provider(way: str, catalogue: Catalogue, environ: Mapping[str, str], clock: Clock) -> Channel[Envelope]:
    """Return the way through a provider: one that is written in Python, or one that a file declares."""
    name, given = provider_of(way, catalogue), catalogue.channels.get(way, {})
    try:
        wire = Wire(guard=_guard(catalogue))
        if name in CLASSES:
            said = resolved(way, takes(name), given, environ)
            return ProviderChannel(way, provider(name, said), partial(checked, project=catalogue.project), wire, clock)
        found = declared(name, catalogue.root)
        if found is None:
            return Closed(f"'{name}' is not a way out, or its file has a mistake; ask:  lifeloop validate")
        border = DeclaredBorder(found, resolved(way, found.takes, given, environ), catalogue.project)
        return ProviderChannel(way, border, border.check, wire, clock)
    except Unset as problem:
        return Closed(f"{way}: {problem}; put it into the environment")
    except (Incomplete, BadNetwork) as problem:
        return Closed(str(problem))


class BadNetwork(ValueError):  # noqa: N818  # it names what is bad
    """What is said to be a private network is none."""


def _guard(catalogue: Catalogue) -> Guard:
    try:
        return Guard.allowing(catalogue.channels.get("http", {}).get("allow_private", "").split(","))
    except ValueError as problem:
        raise BadNetwork(f"http: allow_private holds something that is not a network: {problem}") from problem


def _calls(catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, recorder: LocalRecorder) -> Channel[Request]:
    try:
        guard = _guard(catalogue)
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
