"""What providers report, taken in: written once, with everything that follows from it, in one commit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.channel.callbacks.values import Report
from lifeloop.clock import Instant
from lifeloop.store import consents, customers, journeys, ledger, marks, reports
from lifeloop.store.reports import ReportRow
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, Message
from lifeloop.work.answering_effects import Answer, follow, settled_as
from lifeloop.work.workspace import Workspace

BATCH = 500
ABOUT_ADDRESSES = frozenset({"bounced", "rejected", "complained", "unsubscribed", "opted_out", "opted_in", "replied"})
"""Reports that say something of the address, whosever message it was."""
ANSWERED_WITHIN = 30 * 86_400
"""Seconds for which somebody who writes to us, and does not say to what, is taken to answer our latest message."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request held: how many reports were new, known already, and about no message of ours."""

    new: int = 0
    known: int = 0
    strange: int = 0


def take_reports(space: Workspace, source: str, channel: str, found: Sequence[Report]) -> Taken:
    """Write what a provider reported, and let everything follow, in one commit. The same again changes nothing."""
    if not found:
        return Taken()
    now = space.clock.now()
    first = {report.key: report for report in reversed(found)}
    with space.store.transaction() as tx:
        journeys.hold(tx)
        fresh = take(space, tx, source, channel, list(first.values()), now)
    strange = sum(answer.message is None for answer in fresh)
    return Taken(len(fresh), len(found) - len(fresh), strange)


def take(
    space: Workspace, tx: Tx, source: str, channel: str, found: Sequence[Report], now: Instant
) -> tuple[Answer, ...]:
    """Write reports in a commit of somebody else's, who holds the journeys; returns those that are new."""
    answers = _answers(tx, source, channel, found, now)
    new = reports.keep(tx, [answer.row for answer in answers], now)
    fresh = tuple(answer for answer in answers if (source, answer.row.key) in new)
    follow(space, tx, [answer for answer in fresh if not answer.row.open], now)
    return fresh


def settle_reports(space: Workspace, now: Instant) -> int:
    """Let follow what came before our own commit: a refusal of a message that was still being handed over."""
    with space.store.reading() as tx:
        waiting = reports.open_ones(tx, BATCH) if reports.has_open(tx) else ()
    if not waiting:
        return 0
    with space.store.transaction() as tx:
        journeys.hold(tx)
        messages = ledger.find(tx, sorted({row.message_id or "" for row in waiting}))
        people = sorted({message.customer_id for message in messages.values()})
        customers.lock(tx, people)
        still = [row for row in reports.open_ones(tx, BATCH) if row.message_id in messages]  # others settle, too
        messages, own = ledger.find(tx, list(messages)), customers.find(tx, people)
        key = _key(tx)
        answers = [_waited(key, row, messages.get(row.message_id or ""), own) for row in still]
        follow(space, tx, answers, now)
        reports.close(tx, [answer.row for answer in answers])
    return len(answers)


def _waited(key: bytes, row: ReportRow, message: Message | None, own: Mapping[int, Customer]) -> Answer:
    """Return what waited; its address was not kept, so it is theirs only if it still looks the same."""
    channel = message.channel if message else ""
    address = _address(own.get(message.customer_id) if message else None, channel)
    same = bool(address) and reports.mark(key, channel, address) == row.mark
    return Answer(row, message, channel, address if same else "", listed=row.grade == "listed")


@dataclass(frozen=True, slots=True)
class _About:
    """What a batch of reports is about, read under everybody's locks."""

    key: bytes = field(repr=False)
    ids: Mapping[str, str]
    """Message ids by report."""
    messages: Mapping[str, Message]
    own: Mapping[int, Customer]
    """The customers of those messages."""
    people: Mapping[str, tuple[Customer, ...]]
    """Whose address is which."""


def _answers(tx: Tx, source: str, channel: str, found: Sequence[Report], now: Instant) -> list[Answer]:
    """Find what each report is about, and take the locks of everybody whom it may concern, all at once."""
    addresses = {report.recipient for report in found if report.kind in ABOUT_ADDRESSES and report.recipient}
    people = customers.find_addresses(tx, channel, addresses) if addresses else {}
    ids = _ids(tx, found)
    ids |= _latest(tx, channel, [report for report in found if report.key not in ids], people, now)
    messages = ledger.find(tx, sorted(set(ids.values())))
    concerned = {message.customer_id for message in messages.values()} | {
        customer.id for owners in people.values() for customer in owners
    }
    customers.lock(tx, sorted(concerned))
    messages = ledger.find(tx, list(messages))  # read again: now nobody changes them
    own = customers.find(tx, sorted({message.customer_id for message in messages.values()}))
    about = _About(_key(tx), ids, messages, own, people)
    return [_answer(source, channel, report, about, now) for report in found]


def _key(tx: Tx) -> bytes:
    return marks.keep_key(tx, secrets.token_bytes(32), reports.KEY)


def _ids(tx: Tx, found: Sequence[Report]) -> dict[str, str]:
    """Return our message ids by report: as we gave them along, else by what the provider calls the message."""
    ids = {report.key: report.message for report in found if report.message}
    others = {report.key: report.provider_id for report in found if report.provider_id and not report.message}
    known = ledger.by_provider(tx, list(others.values())) if others else {}
    return ids | {key: known[theirs] for key, theirs in others.items() if theirs in known}


def _latest(
    tx: Tx, channel: str, found: Sequence[Report], people: Mapping[str, tuple[Customer, ...]], now: Instant
) -> dict[str, str]:
    """Return what is answered by those who do not say it, and whose address is one person's: the latest message."""
    senders = {
        report.key: owners[0].id
        for report in found
        if report.recipient and (report.kind == "replied" or (report.kind == "unsubscribed" and not report.believed))
        if len(owners := people.get(consents.plain(report.recipient), ())) == 1
    }
    if not senders:
        return {}
    known = ledger.latest_to(tx, channel, set(senders.values()), now - ANSWERED_WITHIN)
    return {key: known[who] for key, who in senders.items() if who in known}


def _answer(source: str, channel: str, report: Report, about: _About, now: Instant) -> Answer:
    message = about.messages.get(about.ids.get(report.key, ""))
    where = message.channel if message and message.kind == "mail" else channel
    address = _concerned(report, _address(about.own.get(message.customer_id) if message else None, where))
    row = ReportRow(
        source=source,
        key=report.key,
        kind=report.kind,
        at=min(report.at if report.at is not None else now, now),
        grade="listed" if report.listed else report.bounce or "",
        message_id=message.id if message else None,
        mark=reports.mark(about.key, where, address) if address else "",
        reason=report.reason,
        raw=report.raw,
        open=settled_as(report.kind) == "rejected" and message is not None and message.status == "attempting",
    )
    owners = about.people.get(consents.plain(report.recipient or ""), ()) if report.believed else ()
    return Answer(
        row=row,
        message=message,
        channel=where,
        address=address,
        listed=report.listed,
        owners=owners,
        by=report.by,
        agent=report.agent,
        word=report.word,
        doubted=not report.believed and not address,
    )


def _concerned(report: Report, ours: str) -> str:
    """Return the address that a report speaks of. One that is not believed speaks of none but where our mail went."""
    if report.believed or not report.recipient:
        return report.recipient or ours
    return ours if consents.plain(report.recipient) == ours else ""


def _address(customer: Customer | None, channel: str) -> str:
    """Return where a message went, as far as we know it now."""
    known = customer.data.get("email" if channel == "email" else "phone") if customer else None
    return consents.plain(known) if isinstance(known, str) else ""
