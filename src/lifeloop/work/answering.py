"""What providers report, taken in: written once, with everything that follows from it, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lifeloop.channel.callbacks.values import Report
from lifeloop.clock import Instant
from lifeloop.store import consents, customers, journeys, ledger, reports
from lifeloop.store.reports import ReportRow
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, Message
from lifeloop.work.answering_effects import Answer, follow, settled_as
from lifeloop.work.workspace import Workspace

BATCH = 500
ABOUT_ADDRESSES = frozenset({"bounced", "rejected", "complained", "unsubscribed"})
"""Reports that say something of the address, whosever message it was."""


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
        answers = _answers(tx, source, channel, list(first.values()), now)
        new = reports.keep(tx, [answer.row for answer in answers], now)
        fresh = [answer for answer in answers if (source, answer.row.key) in new]
        follow(space, tx, [answer for answer in fresh if not answer.row.open], now)
    strange = sum(answer.message is None for answer in fresh)
    return Taken(len(fresh), len(found) - len(fresh), strange)


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
        answers = [_waited(row, messages.get(row.message_id or ""), own) for row in still]
        follow(space, tx, answers, now)
        reports.close(tx, [answer.row for answer in answers])
    return len(answers)


def _waited(row: ReportRow, message: Message | None, own: Mapping[int, Customer]) -> Answer:
    """Return what waited; its address was not kept, so it is theirs only if it still looks the same."""
    channel = message.channel if message else ""
    address = _address(own.get(message.customer_id) if message else None, channel)
    same = bool(address) and reports.mark(channel, address) == row.mark
    return Answer(row, message, channel, address if same else "", listed=row.grade == "listed")


def _answers(tx: Tx, source: str, channel: str, found: Sequence[Report], now: Instant) -> list[Answer]:
    """Find what each report is about, and take the locks of everybody whom it may concern, all at once."""
    ids = _ids(tx, found)
    messages = ledger.find(tx, sorted(set(ids.values())))
    people = _people(tx, [report.recipient for report in found if report.kind in ABOUT_ADDRESSES and report.recipient])
    concerned = {message.customer_id for message in messages.values()} | {
        customer.id for owners in people.values() for customer in owners
    }
    customers.lock(tx, sorted(concerned))
    messages = ledger.find(tx, list(messages))  # read again: now nobody changes them
    own = customers.find(tx, sorted({message.customer_id for message in messages.values()}))
    return [
        _answer(source, channel, report, messages.get(ids.get(report.key, "")), own, people, now) for report in found
    ]


def _ids(tx: Tx, found: Sequence[Report]) -> dict[str, str]:
    """Return our message ids by report: as we gave them along, else by what the provider calls the message."""
    ids = {report.key: report.message for report in found if report.message}
    others = {report.key: report.provider_id for report in found if report.provider_id and not report.message}
    known = ledger.by_provider(tx, list(others.values())) if others else {}
    return ids | {key: known[theirs] for key, theirs in others.items() if theirs in known}


def _people(tx: Tx, addresses: Sequence[str]) -> dict[str, tuple[Customer, ...]]:
    return {address: customers.find_email(tx, address) for address in sorted(set(addresses))}


def _answer(
    source: str,
    channel: str,
    report: Report,
    message: Message | None,
    own: Mapping[int, Customer],
    people: Mapping[str, tuple[Customer, ...]],
    now: Instant,
) -> Answer:
    where = message.channel if message and message.kind == "mail" else channel
    address = report.recipient or _address(own.get(message.customer_id) if message else None, where)
    row = ReportRow(
        source=source,
        key=report.key,
        kind=report.kind,
        at=min(report.at if report.at is not None else now, now),
        grade="listed" if report.listed else report.bounce or "",
        message_id=message.id if message else None,
        mark=reports.mark(where, address) if address else "",
        reason=report.reason,
        raw=report.raw,
        open=settled_as(report.kind) == "rejected" and message is not None and message.status == "attempting",
    )
    owners = people.get(report.recipient or "", ())
    return Answer(row, message, where, address, report.listed, owners, report.by, report.agent)


def _address(customer: Customer | None, channel: str) -> str:
    """Return where a message went, as far as we know it now."""
    known = customer.data.get("email" if channel == "email" else "phone") if customer else None
    return consents.plain(known) if isinstance(known, str) else ""
