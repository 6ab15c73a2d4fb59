"""Who may be the reason that processes die, found from outside of the transaction that dies with them.

A batch is noted before it begins, in a commit of its own, and the first statement of its transaction takes the note
away: so the note goes with the commit, is locked while the batch is worked on, and stays if the process dies. A note
that stays and that nobody has locked tells of a death, and whoever finds it writes down who was in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.values import Candidate
from lifeloop.store import candidates, claims
from lifeloop.store.claims import Due
from lifeloop.store.transaction import Rows, Tx, dump, load
from lifeloop.store.values import NewCandidate, Shard

LOST_AFTER = 30
"""Seconds after which a note that nobody has locked is a dead one's, wherever its process ran."""
TOGETHER = 2
"""Deaths among others after which somebody is tried alone."""
ALONE = 3
"""Deaths alone after which somebody is set aside."""
REASON = "set aside: whatever process looked at it alone died of it"


@dataclass(frozen=True, slots=True)
class Noted:
    """A batch that is about to begin: how many of which due rows; ``alone``: the only one."""

    ticket: str
    kind: Due
    which: claims.Which
    limit: int
    alone: int | None = None


@dataclass(frozen=True, slots=True)
class Suspects:
    """Who is not taken together with others: those never tried alone, those tried, and those in hand or set aside."""

    untried: tuple[int, ...] = ()
    tried: tuple[int, ...] = ()
    busy: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """Return them all."""
        return (*self.untried, *self.tried, *self.busy)


def note(tx: Tx, batch: Noted, now: Instant) -> None:
    """A batch is about to begin."""
    which = batch.which
    picked = {"journeys": which.journeys, "shard": [which.shard.index, which.shard.count], "node": which.node}
    tx.run(
        'INSERT INTO begun (ticket, kind, picked, alone, "at") VALUES (:ticket, :kind, :picked, :alone, :now)',
        ticket=batch.ticket,
        kind=batch.kind,
        picked=dump({**picked, "limit": batch.limit}),
        alone=batch.alone,
        now=now,
    )


def end(tx: Tx, ticket: str) -> None:
    """Take a note away with this transaction: the first thing a batch does, and what is done about one that failed."""
    tx.run("DELETE FROM begun WHERE ticket = :ticket", ticket=ticket)


def take_dead(tx: Tx, now: Instant, is_gone: Callable[[str], bool]) -> tuple[Noted, ...]:
    """Take away the notes of batches whose process died; ``is_gone``: whether that is known of a ticket's."""
    rows = tx.ask(f'SELECT ticket, kind, picked, alone, "at" FROM begun {tx.locked("FOR UPDATE SKIP LOCKED")}')
    dead = [row for row in rows if row[-1] <= now - LOST_AFTER or is_gone(row.ticket)]
    for row in dead:
        end(tx, row.ticket)
    return tuple(_noted(*row[:-1]) for row in dead)


def _noted(ticket: str, kind: Due, picked: str, alone: int | None) -> Noted:
    said = load(picked)
    which = claims.Which(said["journeys"], Shard(*said["shard"]), said["node"])
    return Noted(ticket, kind, which, said["limit"], alone)


def blame(tx: Tx, batch: Noted, now: Instant) -> None:
    """Write down who was in hand when a batch's process died: they are the first again, unless others have them."""
    alone = batch.alone is not None
    ids = [batch.alone] if alone else claims.claim(tx, batch.kind, now, batch.limit, batch.which)
    _add(tx, batch.kind, tx.among("id", "ids"), together=int(not alone), alone=int(alone), ids=ids)


def _add(tx: Tx, kind: Due, where: str, *, together: int, alone: int, **values: object) -> None:
    """Count for these rows; who has moved since is somebody new."""
    fence = "fence" if kind == "enrollment" else "0"
    same = "CASE WHEN suspect.fence = excluded.fence THEN suspect.{0} ELSE 0 END + excluded.{0}"
    tx.run(
        "INSERT INTO suspect (kind, row_id, fence, together, alone)"
        f" SELECT '{kind}', id, {fence}, :together, :alone FROM {kind} WHERE {where}"
        f" ON CONFLICT (kind, row_id) DO UPDATE SET together = {same.format('together')},"
        f" alone = {same.format('alone')}, fence = excluded.fence",
        together=together,
        alone=alone,
        **values,
    )


def standing(tx: Tx, kind: Due) -> Suspects:
    """Return whom nobody takes together with others just now."""
    rows = tx.ask(
        "SELECT s.row_id, s.alone, b.ticket FROM suspect s LEFT JOIN begun b ON b.kind = s.kind AND b.alone = s.row_id"
        f" WHERE s.kind = :kind AND s.together >= {TOGETHER} AND {_still(kind)} ORDER BY s.alone, s.row_id",
        kind=kind,
    )
    free = [row for row in rows if row.ticket is None and row.alone < ALONE]
    return Suspects(
        untried=tuple(row.row_id for row in free if not row.alone),
        tried=tuple(row.row_id for row in free if row.alone),
        busy=tuple(row.row_id for row in rows if row not in free),
    )


def guilty(tx: Tx, kind: Due) -> list[int]:
    """Return who ended process after process alone, and is not set aside yet."""
    rows = tx.ask(
        f"SELECT s.row_id FROM suspect s WHERE s.kind = :kind AND s.alone >= {ALONE} AND {_still(kind)}", kind=kind
    )
    return [row.row_id for row in rows]


def keep_out(tx: Tx, ids: Collection[int], now: Instant) -> None:
    """Make failed runs of these candidates, so that an operator sees them; what they were is kept for a release."""
    for row in candidates.load(tx, list(ids)):
        start = row.candidate
        (made,) = tx.ask(
            "INSERT INTO enrollment (customer_id, journey_id, plan_id, status, since, since_seq, started_at, entry_key,"
            " subject, object_key, reason) SELECT :who, j.id, (SELECT max(p.id) FROM plan p WHERE p.journey_id = j.id),"
            " 'failed', :now, 0, :now, :key, :subject, :thing, :reason FROM journey j WHERE j.name = :journey"
            " RETURNING id",
            who=row.customer_id,
            key=f"aside:{row.id}",
            subject=row.subject,
            thing=start.object_key,
            journey=start.journey,
            now=now,
            reason=REASON,
        )
        kept = {"due_at": start.due_at, "trigger": start.trigger, "start": start.start, "event_seq": start.event_seq}
        tx.run(
            "UPDATE suspect SET enrollment_id = :run, kept = :kept WHERE kind = 'candidate' AND row_id = :id",
            run=made.id,
            kept=dump(kept),
            id=row.id,
        )
    candidates.delete(tx, list(ids))


def forget(tx: Tx) -> None:
    """Forget suspects who have moved since: it was not them."""
    for kind in ("candidate", "enrollment"):
        still = _still(kind)
        tx.run(f"DELETE FROM suspect AS s WHERE s.kind = '{kind}' AND s.kept IS NULL AND NOT ({still})")


def _still(kind: Due) -> str:
    """Return SQL for "it has not moved since it was suspected"."""
    same = "AND t.fence = s.fence AND t.status = 'waiting'" if kind == "enrollment" else ""
    return f"EXISTS (SELECT 1 FROM {kind} t WHERE t.id = s.row_id {same})"


def count_aside(tx: Tx, journeys: Sequence[str] | None) -> int:
    """Return how many are set aside in these journeys (None: in all)."""
    return len(_aside(tx, journeys))


def release(tx: Tx, journeys: Sequence[str] | None, now: Instant) -> int:
    """Try those who were set aside again; returns how many. Who has begun anew since stays aside."""
    found = _aside(tx, journeys)
    _move_on(tx, [row.id for row in found if row.kept is None], now)
    _let_in(tx, [row for row in found if row.kept is not None])
    return len(found)


def _aside(tx: Tx, journeys: Sequence[str] | None) -> Rows:
    some = "" if journeys is None else f" AND {tx.among('j.name', 'names', 'text')}"
    return tx.ask(
        "SELECT e.id, e.customer_id, e.subject, e.object_key, j.name AS journey, s.kept FROM enrollment e"
        " JOIN journey j ON j.id = e.journey_id LEFT JOIN suspect s ON s.enrollment_id = e.id"
        f" WHERE e.status = 'failed' AND e.reason = :reason{some} ORDER BY e.id",
        reason=REASON,
        **({} if journeys is None else {"names": list(journeys)}),
    )


def _move_on(tx: Tx, ids: Sequence[int], now: Instant) -> None:
    """Let runs wait as they did, for the moment they had; they are tried alone at first."""
    tx.run(
        "UPDATE enrollment SET status = 'waiting', due_at = coalesce(deadline, :now), reason = NULL, fence = fence + 1"
        f" WHERE {tx.among('id', 'ids')} AND NOT EXISTS (SELECT 1 FROM enrollment o WHERE o.status = 'waiting' AND"
        " o.customer_id = enrollment.customer_id AND o.journey_id = enrollment.journey_id"
        " AND o.subject = enrollment.subject)",
        ids=ids,
        now=now,
    )
    _add(tx, "enrollment", f"{tx.among('id', 'ids')} AND status = 'waiting'", together=TOGETHER, alone=0, ids=ids)


def _let_in(tx: Tx, rows: Rows) -> None:
    """Make candidates again of failed runs that never were runs."""
    ids = [row.id for row in rows]
    tx.run(f"DELETE FROM suspect WHERE {tx.among('enrollment_id', 'ids')}", ids=ids)
    tx.run(f"DELETE FROM enrollment WHERE {tx.among('id', 'ids')}", ids=ids)
    made = [
        NewCandidate(
            row.customer_id, Candidate(journey=row.journey, object_key=row.object_key, **load(row.kept)), row.subject
        )
        for row in rows
    ]
    if made:
        candidates.add(tx, made)
