"""Whose database this is: the guard against a restored or copied one."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Instance

STALE_AFTER = 3600


def open_guard(
    tx: Tx, host: str, now: Instant, *, stale_after: int = STALE_AFTER, epoch: int | None = None
) -> Instance:
    """Note that we run here. Held when the last heartbeat is old, the host is new, or the epoch went back.

    ``epoch``: the last one that this host remembers outside of the database. While held, ``journeys.halted`` says
    why: nothing leaves until somebody calls ``accept``.
    """
    known = read(tx)
    if known is None:
        tx.run("INSERT INTO instance (id, epoch, host, heartbeat) VALUES (1, 1, :host, :now)", host=host, now=now)
        return Instance(1, host, now, None)
    doubt = known.held or _doubt(known, host, now, stale_after, epoch)
    if doubt:
        tx.run("UPDATE switch SET reason = :reason, at = :now WHERE name = 'restored'", reason=doubt, now=now)
        return Instance(known.epoch, known.host, known.heartbeat, doubt)
    heartbeat(tx, now)
    return Instance(known.epoch, host, now, None)


def read(tx: Tx) -> Instance | None:
    """What is written; None in a database that nothing ever ran on."""
    rows = tx.ask("SELECT i.epoch, i.host, i.heartbeat, s.reason FROM instance i JOIN switch s ON s.name = 'restored'")
    return Instance(*rows[0]) if rows else None


def heartbeat(tx: Tx, now: Instant) -> None:
    """We are alive."""
    tx.run("UPDATE instance SET heartbeat = :now", now=now)


def accept(tx: Tx, host: str, now: Instant) -> Instance:
    """An operator decided: go on from here, in a new epoch."""
    relocated(tx, host, now)
    tx.run("UPDATE switch SET reason = NULL, at = NULL WHERE name = 'restored'")
    found = read(tx)
    if found is None:
        raise LookupError("nothing has run on this database yet, so there is nothing to accept")
    return found


def relocated(tx: Tx, host: str, now: Instant) -> None:
    """Everything came here from another database: a new epoch on this host. What held it before, holds it still."""
    tx.run("UPDATE instance SET epoch = epoch + 1, host = :host, heartbeat = :now", host=host, now=now)


def _doubt(known: Instance, host: str, now: Instant, stale_after: int, epoch: int | None) -> str | None:
    if known.host != host:
        return f"this database last ran on another machine ({known.host})"
    if epoch is not None and known.epoch < epoch:
        return "this database is older than the last one that ran here: it was restored from a backup"
    if now - known.heartbeat > stale_after:
        return f"nothing ran on this database for {(now - known.heartbeat) // 3600} hours"
    return None
