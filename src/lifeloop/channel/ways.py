"""Which way out each message takes, read once from the project. Without settings everything stays on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

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


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways out of one project: by channel name for messages, one for all calls."""

    mail: Channel[Envelope]
    inbox: Channel[Envelope]
    calls: Channel[Request]

    def of(self, channel: str) -> Channel[Envelope]:
        """Return the way for a channel; texts and pushes have no provider yet and stay in the inbox."""
        return self.mail if channel == "email" else self.inbox

    async def close(self) -> None:
        """Let go of every kept connection."""
        for way in (self.mail, self.inbox, self.calls):
            await way.close()


def ways_out(
    catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, *, inbox: LocalInbox, recorder: LocalRecorder
) -> Ways:
    """Read the project's settings. What cannot be used becomes a way that says so, message by message."""
    return Ways(
        mail=_mail(catalogue, environ, clock, inbox), inbox=inbox, calls=_calls(catalogue, environ, clock, recorder)
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
    if catalogue.email in CLASSES:
        return _provider(catalogue.email, catalogue, environ, clock)
    if catalogue.email != "smtp":
        return Closed(f"e-mail is set to '{catalogue.email}', which is not a way out; use 'inbox' or 'smtp'")
    try:
        server = SmtpServer.read(catalogue.channels.get("smtp", {}), environ)
    except Unset as problem:
        return Closed(f"smtp: {problem}; put it into the environment")
    except KeyError:
        return Closed("smtp: say which mail server under 'host'")
    except ValueError as problem:
        return Closed(str(problem))
    return SmtpChannel(server, clock, project=catalogue.project)


def _provider(name: str, catalogue: Catalogue, environ: Mapping[str, str], clock: Clock) -> Channel[Envelope]:
    try:
        said = resolved(name, takes(name), catalogue.channels.get(name, {}), environ)
        check = partial(checked, project=catalogue.project)
        return ProviderChannel(name, provider(name, said), check, Wire(guard=_guard(catalogue)), clock)
    except Unset as problem:
        return Closed(f"{name}: {problem}; put it into the environment")
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
