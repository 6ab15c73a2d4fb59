"""What providers reported of messages: each report once, however often it is sent, and what it settles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lifeloop.clock import Instant
from lifeloop.store import marks
from lifeloop.store.transaction import Tx

KEPT_WORDS = 30 * 86_400
"""Seconds that a provider's own words are kept."""
KEPT = 180 * 86_400
"""Seconds that it is known which reports came: longer than any provider tries again."""
KEY = "reports"
"""The name of the project's key that the marks are made with."""
PROOF = ("accepted", "deferred", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "replied")
"""Reports that show that the provider took the message."""
Settled = Literal["sent", "rejected"]
_COLUMNS = dict.fromkeys(("source", "key", "kind", "grade", "message_id", "mark"), "text") | {"at": "bigint"}
_COLUMNS |= {"reason": "text", "raw": "text", "open": "integer"}


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report to keep. ``(source, key)`` says which one it is. ``open``: it waits until its message is settled."""

    source: str
    key: str
    kind: str
    at: Instant
    grade: str = ""
    message_id: str | None = None
    mark: str = ""
    reason: str = ""
    raw: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Softly:
    """How often in a row mail to an address came back for a passing reason, and for how long by now."""

    count: int
    lasting: int


def mark(key: bytes, channel: str, address: str) -> str:
    """Return what stands for an address where only its sameness matters; without the key it can not be guessed."""
    return marks.mark(key, f"{channel}:{marks.plain(address)}")


def keep(tx: Tx, rows: Sequence[ReportRow], now: Instant) -> frozenset[tuple[str, str]]:
    """Write reports; returns which of them were not there yet. The caller holds the customers' locks."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    read = ", ".join(f'r."{name}"' for name in _COLUMNS)
    made = tx.ask(
        f"INSERT INTO report ({names}, received_at) SELECT {read}, :now FROM {tx.table(_COLUMNS)} WHERE true"
        ' ORDER BY r."source", r."key" ON CONFLICT (source, key) DO NOTHING RETURNING source, key',
        rows=[{name: getattr(row, name) for name in _COLUMNS} | {"open": int(row.open)} for row in rows],
        now=now,
    )
    return frozenset((row.source, row.key) for row in made)


def settle(tx: Tx, found: Mapping[str, tuple[Settled, str]], now: Instant) -> tuple[str, ...]:
    """Write what providers say became of messages that were tried; returns those that this settled.

    Whatever we made of a lost answer since: what the provider says holds. One that is being handed over now is left
    to whoever hands it over.
    """
    rows = tx.ask(
        "UPDATE message SET status = r.word, reason = r.why, fence = fence + 1, next_at = NULL,"
        " sent_at = CASE WHEN r.word = 'sent' THEN coalesce(sent_at, CAST(:now AS bigint)) END"
        f" FROM {tx.table({'message': 'text', 'word': 'text', 'why': 'text'})}"
        " WHERE id = r.message AND tries > 0 AND status <> 'attempting' AND status <> r.word RETURNING id",
        rows=[{"message": id_, "word": word, "why": why or None} for id_, (word, why) in sorted(found.items())],
        now=now,
    )
    return tuple(row.id for row in rows)


def proven(tx: Tx, ids: Sequence[str]) -> frozenset[str]:
    """Those of these messages that their provider surely took."""
    rows = tx.ask(
        f"SELECT DISTINCT message_id FROM report WHERE {tx.among('message_id', 'ids', 'text')}"
        f" AND {tx.among('kind', 'kinds', 'text')}",
        ids=list(ids),
        kinds=list(PROOF),
    )
    return frozenset(row.message_id for row in rows)


def softly(tx: Tx, marks: Sequence[str]) -> dict[str, Softly]:
    """How often in a row, since mail last arrived there, each address was answered with a soft bounce."""
    rows = tx.ask(
        "SELECT mark, count(*) AS number, max(at) - min(at) AS lasting FROM report AS soft"
        f" WHERE {tx.among('mark', 'marks', 'text')} AND kind = 'bounced' AND grade = 'soft' AND NOT EXISTS"
        " (SELECT 1 FROM report AS good WHERE good.mark = soft.mark AND good.at >= soft.at"
        " AND good.kind IN ('delivered', 'opened', 'clicked', 'replied')) GROUP BY mark",
        marks=sorted(set(marks)),
    )
    return {row.mark: Softly(int(row.number), int(row.lasting)) for row in rows}


def told(tx: Tx, since: Instant) -> dict[tuple[str, str], int]:
    """How many messages of ours each kind and grade of report was about, of those that came since then."""
    rows = tx.ask(
        "SELECT kind, grade, count(DISTINCT message_id) AS number FROM report"
        " WHERE received_at >= :since AND message_id IS NOT NULL GROUP BY kind, grade",
        since=since,
    )
    return {(row.kind, row.grade): int(row.number) for row in rows}


def has_open(tx: Tx) -> bool:
    """Tell whether a report waits for its message to be settled; takes no lock."""
    return bool(tx.ask("SELECT EXISTS (SELECT 1 FROM report WHERE open = 1) AS found")[0].found)


def open_ones(tx: Tx, limit: int) -> tuple[ReportRow, ...]:
    """Reports that waited for their message, which is settled by now, oldest first."""
    rows = tx.ask(
        "SELECT report.* FROM report JOIN message m ON m.id = report.message_id"
        " WHERE report.open = 1 AND m.status <> 'attempting' ORDER BY report.received_at, report.key LIMIT :limit",
        limit=limit,
    )
    return tuple(_read(row) for row in rows)


def close(tx: Tx, rows: Sequence[ReportRow]) -> None:
    """They wait no longer."""
    tx.run(
        f"UPDATE report SET open = 0 FROM {tx.table({'s': 'text', 'k': 'text'})} WHERE source = r.s AND key = r.k",
        rows=[{"s": row.source, "k": row.key} for row in rows],
    )


def of_message(tx: Tx, message_id: str) -> tuple[ReportRow, ...]:
    """Everything reported of one message, in the order of time."""
    rows = tx.ask("SELECT * FROM report WHERE message_id = :id ORDER BY at, received_at, key", id=message_id)
    return tuple(_read(row) for row in rows)


def forget(tx: Tx, now: Instant) -> None:
    """Let go of providers' words after a while, and later of what they reported."""
    tx.run("UPDATE report SET raw = NULL WHERE received_at < :then AND raw IS NOT NULL", then=now - KEPT_WORDS)
    tx.run("DELETE FROM report WHERE received_at < :then", then=now - KEPT)


def _read(row: Any) -> ReportRow:
    same = {name: getattr(row, name) for name in ReportRow.__dataclass_fields__ if name not in ("raw", "open")}
    return ReportRow(**same, raw=row.raw or "", open=bool(row.open))
