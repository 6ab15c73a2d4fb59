"""Links that were sent, and what was noted of openings and clicks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx

HOUR = 3600
What = Literal["opened", "clicked"]
By = Literal["person", "proxy", "prefetch", "bot"]
"""Who it was: somebody, somebody through their mail program's own server, a program looking ahead, a scanner."""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Where a link of a step leads. ``key`` is derived from the rest."""

    key: str
    url: str
    journey: str
    node: str


@dataclass(frozen=True, slots=True)
class HitRow:
    """One opening or click of one message."""

    id: int
    message_id: str
    link_key: str | None
    what: What
    at: Instant
    by: By


def keep_links(tx: Tx, rows: Sequence[LinkRow], now: Instant) -> None:
    """Write links that are not there yet; one that is there never changes."""
    columns = {"key": "text", "url": "text", "journey": "text", "node": "text"}
    tx.run(
        "INSERT INTO link (key, url, journey, node, made_at) SELECT r.key, r.url, r.journey, r.node, :now"
        f" FROM {tx.table(columns)} WHERE true ORDER BY r.key ON CONFLICT (key) DO NOTHING",
        rows=[{name: getattr(row, name) for name in columns} for row in rows],
        now=now,
    )


def target(tx: Tx, key: str) -> str | None:
    """Where a link leads."""
    rows = tx.ask("SELECT url FROM link WHERE key = :key", key=key)
    return rows[0].url if rows else None


def count(tx: Tx, key: str, by: By, now: Instant) -> None:
    """Count one more click in this hour, of nobody in particular."""
    tx.run(
        'INSERT INTO link_count (link_key, hour, "by", number) VALUES (:key, :hour, :by, 1)'
        ' ON CONFLICT (link_key, hour, "by") DO UPDATE SET number = link_count.number + 1',
        key=key,
        hour=now // HOUR * HOUR,
        by=by,
    )


def counts(tx: Tx, journey: str) -> Mapping[tuple[str, str, By], int]:
    """How often the links of a journey were followed, by step, address and who."""
    rows = tx.ask(
        'SELECT l.node, l.url, c."by", sum(c.number) AS number FROM link_count c JOIN link l ON l.key = c.link_key'
        " WHERE l.journey = :journey GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        journey=journey,
    )
    return {(row.node, row.url, row.by): int(row.number) for row in rows}


def add(tx: Tx, message_id: str, link_key: str | None, what: What, by: By, now: Instant) -> None:
    """Note one, to be judged with those around it later; not of a message that goes at this very moment."""
    tx.run(
        'INSERT INTO hit (message_id, link_key, what, "at", "by")'
        " SELECT m.id, CAST(:link AS text), CAST(:what AS text), CAST(:now AS bigint), CAST(:by AS text)"
        f" FROM message m WHERE m.id = :message {tx.locked('FOR KEY SHARE')}",
        message=message_id,
        link=link_key,
        what=what,
        now=now,
        by=by,
    )


def unjudged(tx: Tx, before: Instant, limit: int) -> tuple[str, ...]:
    """Messages with hits up to then that were not judged yet, oldest first."""
    rows = tx.ask(
        'SELECT message_id FROM hit WHERE settled = 0 AND "at" <= :before GROUP BY message_id'
        ' ORDER BY min("at"), message_id LIMIT :limit',
        before=before,
        limit=limit,
    )
    return tuple(row.message_id for row in rows)


def of_messages(tx: Tx, ids: Sequence[str]) -> dict[str, list[HitRow]]:
    """All hits of these messages, oldest first."""
    rows = tx.ask(f'SELECT * FROM hit WHERE {tx.among("message_id", "ids", "text")} ORDER BY "at", id', ids=list(ids))
    found: dict[str, list[HitRow]] = {id_: [] for id_ in ids}
    for row in rows:
        found[row.message_id].append(HitRow(row.id, row.message_id, row.link_key, row.what, row.at, row.by))
    return found


def settle(tx: Tx, judged: Sequence[tuple[int, By]]) -> None:
    """Write what they were found to be."""
    tx.run(
        f'UPDATE hit SET "by" = r.word, settled = 1 FROM {tx.table({"hit": "bigint", "word": "text"})}'
        " WHERE id = r.hit",
        rows=[{"hit": id_, "word": by} for id_, by in sorted(judged)],
    )
