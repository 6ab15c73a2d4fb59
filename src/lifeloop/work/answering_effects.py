"""What follows from a provider's report: for the message, for the address, for the permission, for the journeys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lifeloop.channel.callbacks.values import Reader
from lifeloop.clock import Instant
from lifeloop.journey.plan import Json
from lifeloop.store import consents, customers, events, halts, hits, looks, reports
from lifeloop.store.reports import ReportRow, Settled
from lifeloop.store.transaction import Tx, dump
from lifeloop.store.values import Customer, EventRow, Message, Receipt, SuppressionRow
from lifeloop.work.hits import Coming, may_be_noted, who
from lifeloop.work.leaving import tell, withdraw
from lifeloop.work.receipts import Noted, note_receipts
from lifeloop.work.routing import route_events
from lifeloop.work.workspace import Workspace

SOFT_TIMES, SOFT_LASTING = 5, 14 * 86_400
"""So many soft bounces in a row, over so many seconds, and an address counts as dead."""
SOFT_FOR = 90 * 86_400
"""For so many seconds; then it is tried once more."""
SOFT, OPTED_OUT = "soft_bounce", "opted_out"
"""Why an address is left alone: for a while, and until its owner writes START."""
TOLD: dict[str, Receipt] = {
    "delivered": "delivered", "bounced": "bounced", "rejected": "bounced", "failed": "bounced",
    "complained": "complained", "replied": "replied",
}  # fmt: skip
"""What becomes a receipt, and so an event: refused by them or by the provider, it did not arrive."""
READERS: dict[str, hits.What] = {"opened": "opened", "clicked": "clicked"}
SIGNALS = ("bounced", "complained", "unsubscribed")
"""Reports of which too many halt a journey."""
SOURCE = "provider"


@dataclass(frozen=True, slots=True)
class Answer:
    """One report with what it is about. ``address``: where it went; ``owners``: whose address that is now."""

    row: ReportRow
    message: Message | None
    channel: str
    address: str
    listed: bool = False
    owners: tuple[Customer, ...] = ()
    by: Reader | None = None
    agent: str = ""
    word: str = ""
    doubted: bool = False
    """It is about one message, and comes from somebody other than who got it."""

    @property
    def mail(self) -> Message | None:
        """The message, if it went to a customer; a question went to a colleague."""
        return self.message if self.message is not None and self.message.kind == "mail" else None

    @property
    def is_dead(self) -> bool:
        """Whether it says that nobody is there: it came back, or was refused for that before it was taken."""
        return self.row.kind in ("bounced", "rejected") and self.row.grade == "hard"


def follow(space: Workspace, tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """Let everything follow. The caller holds the locks of everybody concerned."""
    _settle(tx, answers, now)
    _note(space, tx, answers, now)
    _suppress(tx, answers, now)
    _withdraw(space, tx, answers, now)
    _opt(space, tx, answers, now)
    _count_readers(space, tx, answers)
    _count_signals(tx, answers, now)


def settled_as(kind: str) -> Settled | None:
    """Return what a report makes of a message that was tried; None: nothing."""
    if kind in reports.PROOF:
        return "sent"
    return "rejected" if kind in ("rejected", "failed") else None


def _settle(tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """Settle lost answers by what the provider knows. A refusal is later than an acceptance, whatever came first."""
    found: dict[str, tuple[Settled, str]] = {}
    for answer in sorted(answers, key=lambda each: each.row.at):
        word = settled_as(answer.row.kind)
        if answer.message is None or word is None or _is_older(answer, word):
            continue
        before = found.get(answer.message.id)
        if before is None or before[0] != "rejected":
            found[answer.message.id] = (word, _why(answer) if word == "rejected" else "")
    if found:
        reports.settle(tx, found, now)


def _is_older(answer: Answer, word: Settled) -> bool:
    """Tell whether a message was refused after it was taken: a report of the taking, come late, changes nothing."""
    message = answer.message
    refused = message is not None and message.status == "rejected" and "bounced" in message.receipts
    return word == "sent" and refused


def _why(answer: Answer) -> str:
    word = "did not try" if answer.row.kind == "rejected" else "failed"
    return f"the provider {word}: {answer.row.reason}" if answer.row.reason else f"the provider {word}"


def _note(space: Workspace, tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    noted: list[Noted] = []
    for answer in answers:
        what, message = TOLD.get(answer.row.kind), answer.mail
        if what is None or message is None:
            continue
        back = "bounced" in message.receipts or any(
            TOLD.get(other.row.kind) == "bounced" for other in answers if other.message == message
        )
        if what != "delivered" or not back:  # what came back has not arrived, whichever was told first
            noted.append((message, what, answer.row.at))
    more = _more(answers)
    note_receipts(space, tx, noted, now, more)
    _tell(space, tx, [(message, what, at) for message, what, at in noted if what not in message.receipts], more, now)


def _more(answers: Iterable[Answer]) -> dict[tuple[str, Receipt], dict[str, Json]]:
    """Return what the event of each receipt says beside the message: how it came back, what was asked for."""
    found: dict[tuple[str, Receipt], dict[str, Json]] = {}
    for answer in sorted(answers, key=lambda each: -each.row.at):  # the first one is told, so it has the last word
        what = TOLD.get(answer.row.kind)
        if answer.mail is None or what is None:
            continue
        if what == "bounced":
            kind = answer.row.grade if answer.row.kind == "bounced" or answer.is_dead else answer.row.kind
            found[answer.mail.id, what] = {"bounce": kind}
        elif answer.word:
            found[answer.mail.id, what] = {"word": answer.word}
    return found


def _tell(
    space: Workspace,
    tx: Tx,
    noted: Iterable[Noted],
    more: Mapping[tuple[str, Receipt], Mapping[str, Json]],
    now: Instant,
) -> None:
    """Let journeys know that somebody complained, or cannot be reached: events about the customer, each once."""
    rows = {
        (message.id, what): EventRow(
            SOURCE,
            f"{message.id}:{what}",
            message.customer_id,
            what,
            at,
            {"message": message.name, **more.get((message.id, what), {})},
        )
        for message, what, at in noted
        if what in ("bounced", "complained")
    }
    if rows:
        added = events.add(tx, list(rows.values()), now)
        looks.soon(tx, [event.customer_id for event in added.new])
        route_events(space, tx, added.new, now)


def _suppress(tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """Never write again to addresses where nobody is, or whose owner complained."""
    about = [answer for answer in answers if answer.address and (answer.message is None or answer.mail is not None)]
    found = [(answer, reason) for answer in about if (reason := _against(answer))]
    soft = [answer for answer in about if answer.row.kind == "bounced" and answer.row.grade == "soft"]
    if soft:
        counts = reports.softly(tx, [answer.row.mark for answer in soft])
        found += [
            (answer, SOFT)
            for answer in soft
            if (count := counts.get(answer.row.mark)) and count.count >= SOFT_TIMES and count.lasting >= SOFT_LASTING
        ]
    if found:
        consents.suppress(tx, [SuppressionRow(one.channel, one.address, reason, now) for one, reason in found])


def _against(answer: Answer) -> str | None:
    if answer.row.kind == "complained":
        return "complaint"
    if answer.is_dead:
        return "hard_bounce"
    return "provider_list" if answer.row.kind == "rejected" and answer.listed else None


def _withdraw(space: Workspace, tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """End the topic that somebody left, or all of them after a complaint."""
    for answer in answers:
        if answer.row.kind not in ("unsubscribed", "complained") or (answer.message and not answer.mail):
            continue
        if answer.doubted:
            continue
        said: dict[str, Json] = {"provider": answer.row.source, "report": answer.row.key, "what": answer.row.kind}
        evidence = dump(said | ({"message": answer.message.id} if answer.message else {}))
        for customer in _whom(tx, answer):
            topics = _topics(space, answer)
            withdraw(space, tx, customer, topics, now, source=answer.row.source, evidence=evidence)


def _opt(space: Workspace, tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """Let journeys know who left a whole channel; START takes their STOP back, and nothing that others said."""
    for answer in sorted(answers, key=lambda each: each.row.at):
        if answer.row.kind not in ("opted_out", "opted_in") or not answer.address:
            continue
        if answer.row.kind == "opted_out":
            what = "unsubscribed"
            consents.suppress(tx, [SuppressionRow(answer.channel, answer.address, OPTED_OUT, now)])
        elif consents.unsuppress(tx, answer.channel, answer.address, reason=OPTED_OUT):
            what = "resubscribed"
        else:
            continue
        for customer in answer.owners or _whom(tx, answer):
            tell(space, tx, customer, [(what, {"channel": answer.channel})], now)


def _whom(tx: Tx, answer: Answer) -> tuple[Customer, ...]:
    if answer.mail is None:
        return answer.owners
    return tuple(customers.find(tx, [answer.mail.customer_id]).values())


def _topics(space: Workspace, answer: Answer) -> list[str]:
    known = space.catalogue.topics
    named = known.get(answer.mail.topic) if answer.mail else None
    if answer.row.kind == "unsubscribed" and named is not None and (named.basis == "consent" or named.counts):
        return [named.name]
    return [name for name, topic in known.items() if topic.basis == "consent"]


def _count_readers(space: Workspace, tx: Tx, answers: Sequence[Answer]) -> None:
    """Note openings and clicks as our own pages do: only of who agreed, to be judged with those around them."""
    for answer in answers:
        what, message = READERS.get(answer.row.kind), answer.mail
        if what is None or message is None or not may_be_noted(space, tx, message.id):
            continue
        by = answer.by or (who(what, Coming(answer.agent)) if answer.agent else "person")
        hits.add(tx, message.id, None, what, by, answer.row.at)


def _count_signals(tx: Tx, answers: Sequence[Answer], now: Instant) -> None:
    """Count for the breakers what people made of a journey's messages, each message once."""
    for what in SIGNALS:
        halts.count_messages(tx, what, [one.mail.id for one in answers if one.mail and _is_signal(one, what)], now)


def _is_signal(answer: Answer, what: str) -> bool:
    means = answer.is_dead if what == "bounced" else answer.row.kind == what
    return means and answer.mail is not None and what not in answer.mail.receipts
