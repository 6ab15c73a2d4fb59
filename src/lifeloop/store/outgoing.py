"""Messages on their way out: claimed, gated, marked, settled, and what to do when an answer was lost.

Only ``mark`` makes a message ``attempting``, and only in a transaction that holds its customer's lock. Every
later write names the fence that the mark gave; who lost it changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

from lifeloop.clock import Instant
from lifeloop.store import claims, customers, enrollments, facts, ledger, looks, months
from lifeloop.store.transaction import Rows, Tx, dump
from lifeloop.store.values import (
    EVERYBODY,
    Decision,
    GateFacts,
    Message,
    MessageKind,
    Needs,
    Outcome,
    Run,
    Shard,
    Subject,
)

Resolution = Literal["sent", "rejected", "assumed_sent", "ready", "parked"]
"""What becomes of a message whose answer was lost. ``parked``: it stays uncertain until a person decides."""

PARKED = "parked"
UNCERTAIN = "uncertain"
"""The class of an outcome when it may have arrived: it goes on counting, whatever follows."""
UNTRIED = "not tried"
"""The class of an outcome when nothing was handed over at all: it leaves no attempt behind."""
NEVER_AGAIN = 0
"""An expiry that says: whatever becomes of the try under way, there is no other."""

_DECIDED = dict.fromkeys(("message", "word", "why", "by"), "text") | dict.fromkeys(("until", "meant"), "bigint")
_DECIDED |= {"goes": "integer"}
_OPEN = "status IN ('uncertain', 'held')"
"""Said beside the status itself, letter for letter as the index has it: otherwise SQLite reads the whole table."""
_READY, _OURS = "coalesce(status = 'ready', false)", "coalesce(owner = :owner AND status = 'attempting', false)"
"""What rows must be that are looked up by id, so that PostgreSQL cannot guess how many are. Its statistics are of when
hardly any were: it would look for those first, expect one, and compare each row of the batch with each."""
_BY_ID = itemgetter("message")
"""Rows are written in order of id, so that two writers of the same rows wait for each other and no more."""


def claim_ready(
    tx: Tx,
    now: Instant,
    limit: int,
    *,
    journeys: Sequence[str] | None = None,
    kinds: Collection[MessageKind] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
    but: Collection[str] = (),
) -> tuple[Message, ...]:
    """Take ready messages whose time has come, with their customers' locks: in the order of journeys, then earliest.

    ``but``: leave those of these channels, and calls of these connections, as in ``call:crm``.
    """
    which = claims.Which(journeys, shard, customer=customer, kinds=kinds, but=but)
    ids = claims.claim(tx, "message", now, limit, which)
    return tuple(ledger.find(tx, ids).values()) if ids else ()


def count_ready(
    tx: Tx,
    now: Instant,
    *,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
) -> int:
    """How many messages are ready and due."""
    return claims.count(tx, "message", now, claims.Which(journeys, shard, customer=customer))


def halted(tx: Tx) -> str | None:
    """Why nothing may leave, held until the commit: a halt waits for this transaction, and nobody is marked after."""
    rows = tx.ask(f"SELECT name, reason FROM switch ORDER BY name {tx.locked('FOR SHARE')}")
    return next((row.reason for row in rows if row.reason is not None), None)


def load_gate_facts(
    tx: Tx,
    messages: Sequence[Message],
    since: Instant,
    *,
    kinds: Mapping[str, str] | None = None,
) -> dict[str, GateFacts]:
    """What may forbid these, read now under lock. ``since``: how far back messages count.

    ``kinds``: plan digest to the kind of thing its runs are about, so that texts can read it.

    The switches and the journeys are held until the commit: a halt or a pause waits for it, and nobody is marked
    after it. Consent, suppression and earlier messages are safe under the customers' locks, which ``claim_ready``
    took and every writer of them takes.
    """
    stopped = halted(tx)
    paused = _paused(tx, {message.journey for message in messages})
    runs = enrollments.find(tx, [message.run_id for message in messages if message.run_id is not None])
    subjects = [_about(message, runs, kinds or {}) for message in messages]
    needs = Needs(sent_since=since, answers=False)
    found = {}
    for message, known in zip(messages, facts.load(tx, subjects, needs, statuses=facts.SAID), strict=True):
        run = runs.get(message.run_id) if message.run_id is not None else None
        found[message.id] = GateFacts(
            facts=known,
            halted=stopped,
            paused=message.journey in paused,
            run_status=str(run.state.status) if run else None,
            run_reason=run.state.reason if run else None,
            started_at=run.state.started_at if run else None,
            run_due_at=run.state.due_at if run else None,
        )
    return found


def _about(message: Message, runs: Mapping[int, Run], kinds: Mapping[str, str]) -> Subject:
    run = runs.get(message.run_id) if message.run_id is not None else None
    kind = kinds.get(message.plan) if message.plan else None
    return Subject(message.customer_id, message.run_id, kind, run.object_key if run else None)


def mark(tx: Tx, decisions: Sequence[Decision], now: Instant, *, owner: str, lease_until: Instant) -> dict[str, int]:
    """Write what the gate said; returns the fence of each one that may be handed over. A mark reserves, too."""
    only, values = months.within(tx, "id", [decision.id for decision in decisions])
    marked = tx.ask(
        "UPDATE message SET status = r.word, reason = r.why, next_at = r.until, due_at = coalesce(r.meant, due_at),"
        " fence = fence + r.goes, tries = tries + r.goes, way = coalesce(r.by, way),"
        " owner = CASE WHEN r.goes = 1 THEN :owner END,"
        " lease_until = CASE WHEN r.goes = 1 THEN CAST(:lease_until AS bigint) END,"
        " sent_at = CASE WHEN r.goes = 1 THEN CAST(:now AS bigint) END"
        f" FROM {tx.table(_DECIDED)} WHERE id = r.message{only} AND {_READY} RETURNING id, fence, status",
        rows=sorted((_decided(decision) for decision in decisions), key=_BY_ID),
        owner=owner,
        lease_until=lease_until,
        now=now,
        **values,
    )
    looks.soon_by_messages(tx, [row.id for row in marked])
    return {row.id: row.fence for row in marked if row.status == "attempting"}


def settle(tx: Tx, outcomes: Sequence[Outcome], now: Instant, *, owner: str) -> tuple[str, ...]:
    """Write what came of it, with its attempt; returns the ids whose fence was lost: somebody else has them.

    A reservation is taken back only where the message surely did not leave: one whose answer was lost and that waits
    for a second try keeps it. An answer wakes its run.
    """
    answered = [outcome.id for outcome in outcomes if outcome.answer is not None]
    if answered:
        customers.lock(tx, [message.customer_id for message in ledger.find(tx, answered).values()])
    kept = _settle(tx, outcomes, now, owner)
    _note(tx, [outcome for outcome in outcomes if outcome.id in kept and outcome.outcome != UNTRIED], now)
    woken = [run for id_ in answered if (run := kept.get(id_)) is not None]
    if woken:
        enrollments.wake_runs(tx, woken, now)
    looks.soon_by_messages(tx, list(kept))
    return tuple(outcome.id for outcome in outcomes if outcome.id not in kept)


def has_lost(tx: Tx, now: Instant) -> bool:
    """Tell whether anything waits for ``sweep`` or for the policy of uncertain messages; takes no lock."""
    rows = tx.ask(
        "SELECT EXISTS (SELECT 1 FROM message WHERE lease_until < :now) OR EXISTS (SELECT 1 FROM message"
        f" WHERE {_OPEN} AND status = 'uncertain' AND (reason IS NULL OR reason <> :parked)) AS found",
        now=now,
        parked=PARKED,
    )
    return bool(rows[0].found)


def sweep(tx: Tx, now: Instant) -> tuple[Message, ...]:
    """Attempts whose lease is over become ``uncertain``: whoever had them can no longer settle them."""
    lost = tx.ask(
        "UPDATE message SET status = 'uncertain', fence = fence + 1, owner = NULL, lease_until = NULL,"
        " reason = 'the answer was lost' WHERE id IN (SELECT id FROM message WHERE lease_until < :now"
        f" {tx.locked('FOR UPDATE SKIP LOCKED')}) RETURNING id, fence",
        now=now,
    )
    if not lost:
        return ()
    gone = [Outcome(row.id, row.fence - 1, "uncertain", "uncertain", "the lease ran out") for row in lost]
    _note(tx, gone, now)
    return tuple(ledger.find(tx, [row.id for row in lost]).values())


def uncertain(tx: Tx, limit: int, *, parked: bool = False) -> tuple[Message, ...]:
    """Those whose answer was lost, taken, for the policy to resolve; ``parked``: those left to a person."""
    test = "reason = :parked" if parked else "(reason IS NULL OR reason <> :parked)"
    rows = tx.ask(
        f"SELECT id FROM message WHERE {_OPEN} AND status = 'uncertain' AND {test} ORDER BY id LIMIT :limit"
        f" {tx.locked('FOR UPDATE SKIP LOCKED')}",
        limit=limit,
        parked=PARKED,
    )
    return tuple(ledger.find(tx, [row.id for row in rows]).values())


def ever_uncertain(tx: Tx, ids: Sequence[str]) -> frozenset[str]:
    """Return those of which some try may have arrived, whatever became of later ones."""
    test = f"outcome = 'uncertain' AND {tx.among('message_id', 'ids', 'text')}"
    return frozenset(row.message_id for row in tx.ask(f"SELECT message_id FROM attempt WHERE {test}", ids=list(ids)))


def resolve(tx: Tx, decisions: Sequence[tuple[str, Resolution, str]], now: Instant) -> int:
    """Settle uncertain ones: ``(id, to, reason)``. ``ready`` only where the provider honours our key.

    A message that is tried again keeps its place among what gaps and limits count: the first try may have arrived.
    """
    looks.soon_by_messages(tx, [id_ for id_, _, _ in decisions])
    return tx.run(
        "UPDATE message SET status = CASE WHEN r.word = 'parked' THEN 'uncertain' ELSE r.word END,"
        " reason = CASE WHEN r.word = 'parked' THEN 'parked' ELSE r.why END, fence = fence + 1,"
        " sent_at = CASE WHEN r.word IN ('rejected', 'ready') THEN NULL ELSE sent_at END,"
        " reserved_at = CASE WHEN r.word = 'ready' THEN coalesce(sent_at, reserved_at) ELSE reserved_at END,"
        " next_at = CASE WHEN r.word = 'ready' THEN CAST(:now AS bigint) END"
        f" FROM {tx.table({'message': 'text', 'word': 'text', 'why': 'text'})}"
        " WHERE id = r.message AND status = 'uncertain'",
        rows=[{"message": id_, "word": word, "why": why} for id_, word, why in sorted(decisions)],
        now=now,
    )


def _paused(tx: Tx, names: Collection[str]) -> frozenset[str]:
    rows = tx.ask(
        f"SELECT name, paused_at FROM journey WHERE {tx.among('name', 'names', 'text')} ORDER BY id"
        f" {tx.locked('FOR SHARE')}",
        names=sorted(names),
    )
    return frozenset(row.name for row in rows if row.paused_at is not None)


def _decided(decision: Decision) -> dict[str, Any]:
    if (decision.to == "ready") != (decision.until is not None):
        raise ValueError("a message that stays ready needs a moment to be looked at again, and only that one does")
    return {
        "message": decision.id,
        "word": decision.to,
        "why": decision.reason,
        "until": decision.until,
        "meant": decision.due_at,
        "by": decision.way,
        "goes": 1 if decision.to == "attempting" else 0,
    }


def _settle(tx: Tx, outcomes: Sequence[Outcome], now: Instant, owner: str) -> dict[str, int | None]:
    columns = dict.fromkeys(("message", "word", "why", "provider", "body"), "text")
    only, values = months.within(tx, "id", [outcome.id for outcome in outcomes])
    rows: Rows = tx.ask(
        "UPDATE message SET status = r.word, reason = r.why, next_at = r.retry_at, owner = NULL, lease_until = NULL,"
        " tries = tries - r.unused,"
        " reserved_at = CASE WHEN r.doubt = 1 THEN coalesce(sent_at, reserved_at) ELSE reserved_at END,"
        " sent_at = CASE WHEN r.word IN ('ready', 'rejected', 'held') THEN NULL ELSE sent_at END,"
        " provider_id = coalesce(r.provider, provider_id), answer = coalesce(r.body, answer),"
        " answered_at = CASE WHEN r.body IS NULL THEN answered_at ELSE CAST(:now AS bigint) END"
        f" FROM {tx.table(columns | dict.fromkeys(('held', 'unused', 'doubt'), 'integer') | {'retry_at': 'bigint'})}"
        f" WHERE id = r.message{only} AND fence = r.held AND {_OURS}"
        " RETURNING id, enrollment_id",
        rows=sorted((_outcome(outcome) for outcome in outcomes), key=_BY_ID),
        owner=owner,
        now=now,
        **values,
    )
    return {row.id: row.enrollment_id for row in rows}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if (outcome.to == "ready") != (outcome.retry_at is not None):
        raise ValueError("a message that will be tried again needs a moment, and only that one does")
    return {
        "message": outcome.id,
        "held": outcome.fence,
        "word": outcome.to,
        "why": outcome.reason,
        "provider": outcome.provider_id,
        "retry_at": outcome.retry_at,
        "unused": int(outcome.unused),
        "doubt": int(outcome.outcome == UNCERTAIN and outcome.to in ("ready", "held")),
        "body": None if outcome.answer is None else dump(outcome.answer),
    }


def _note(tx: Tx, outcomes: Sequence[Outcome], now: Instant) -> None:
    columns = {"message": "text", "held": "integer", "word": "text", "why": "text", "raw": "text"}
    with tx.pointing_at_months():
        tx.run(
            'INSERT INTO attempt (message_id, fence, "at", outcome, reason, raw)'
            f" SELECT r.message, r.held, :now, r.word, r.why, r.raw FROM {tx.table(columns)}",
            rows=[
                {"message": each.id, "held": each.fence, "word": each.outcome, "why": each.reason, "raw": each.raw}
                for each in outcomes
            ],
            now=now,
        )
