"""When the picture of a journey is drawn: counting a million people at every wave would be most of what is done."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


def is_due(tx: Tx, journey: str, now: Instant, *, changed: bool) -> bool:
    """Tell whether to draw it now; ``changed`` but too early: it is remembered for whoever asks next."""
    (id_,) = tx.journey_ids([journey]).values()
    rows = tx.ask("SELECT next_at, stale FROM picture WHERE journey_id = :id", id=id_)
    if not rows:
        return True
    if (changed or rows[0].stale) and rows[0].next_at <= now:
        return True
    if changed and not rows[0].stale:
        tx.run("UPDATE picture SET stale = 1 WHERE journey_id = :id", id=id_)
    return False


def drawn(tx: Tx, journey: str, next_at: Instant) -> None:
    """It was drawn, and is not again before a moment."""
    (id_,) = tx.journey_ids([journey]).values()
    tx.run(
        "INSERT INTO picture (journey_id, next_at, stale) VALUES (:id, :next, 0)"
        " ON CONFLICT (journey_id) DO UPDATE SET next_at = excluded.next_at, stale = 0",
        id=id_,
        next=next_at,
    )
