"""A database that was moved away takes no writes any more, from nobody: not from a worker that was forgotten either.

The database itself refuses, by a trigger on each table, so that it holds for processes that were started before and for
those that are frozen just now. Reading goes on.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store.tables import METADATA
from lifeloop.store.transaction import CLOSED, Tx

_SWITCH = "closed"
_DEEDS = ("INSERT", "UPDATE", "DELETE")


def close(tx: Tx, why: str, now: Instant) -> None:
    """Refuse every write from this commit on, with these words; ``status`` and ``doctor`` say them, too."""
    tx.run("INSERT INTO switch (name, reason, at) VALUES (:name, :why, :now)", name=_SWITCH, why=why, now=now)
    said = f"{CLOSED}{why}".replace("'", "''")
    if tx.postgres:
        tx.run(_POSTGRES.format(said=said))
    for table in METADATA.sorted_tables:
        _wall(tx, table.name, said)


def reopen(tx: Tx) -> None:
    """Take writes again."""
    for table in METADATA.sorted_tables:
        for name in ["closed"] if tx.postgres else [f"closed_{table.name}_{deed.lower()}" for deed in _DEEDS]:
            tx.run(f"DROP TRIGGER IF EXISTS {name}" + (f" ON {table.name}" if tx.postgres else ""))
    if tx.postgres:
        tx.run("DROP FUNCTION IF EXISTS lifeloop_closed()")
    tx.run("DELETE FROM switch WHERE name = :name", name=_SWITCH)


def why_closed(tx: Tx) -> str | None:
    """Return the words it was closed with; None while it is open."""
    found = tx.ask("SELECT reason FROM switch WHERE name = :name", name=_SWITCH)
    return found[0].reason if found else None


_POSTGRES = """CREATE FUNCTION lifeloop_closed() RETURNS trigger LANGUAGE plpgsql AS $closed$
BEGIN RAISE EXCEPTION USING MESSAGE = '{said}'; END $closed$"""


def _wall(tx: Tx, table: str, said: str) -> None:
    if tx.postgres:
        tx.run(
            f"CREATE TRIGGER closed BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION lifeloop_closed()"
        )
        return
    for deed in _DEEDS:
        tx.run(
            f"CREATE TRIGGER closed_{table}_{deed.lower()} BEFORE {deed} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
        )
