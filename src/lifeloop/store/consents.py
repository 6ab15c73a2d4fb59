"""Permission given and taken, and addresses never to write to.

Everything here takes the customers' locks first, as the gate does: once a refusal is committed, no message that it
forbids is marked any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import customers, facts, marks
from lifeloop.store.transaction import Tx
from lifeloop.store.values import ConsentRow, SuppressionRow

_COLUMNS = {
    "customer_id": "bigint",
    "channel": "text",
    "topic": "text",
    "granted": "boolean",
    "at": "bigint",
    "source": "text",
    "evidence": "text",
    "wording": "text",
    "version": "text",
}
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_READ = ", ".join(f'r."{name}"' for name in _COLUMNS)


def record(tx: Tx, rows: Sequence[ConsentRow], now: Instant) -> int:
    """Write permission; the newest word holds, and of two at once the stricter.

    Taking permission cancels what was ready to leave on that topic, in the same commit; returns how many.
    """
    customers.lock(tx, [row.customer_id for row in rows])
    tx.run(
        f"INSERT INTO consent ({_NAMES}, recorded_at) SELECT {_READ}, :now FROM {tx.table(_COLUMNS)}",
        rows=[_row(row) for row in rows],
        now=now,
    )
    newest = {
        (row.customer_id, row.topic, row.channel): _row(row)
        for row in sorted(rows, key=lambda row: (row.at, not row.granted))
    }
    tx.run(
        'INSERT INTO permission (customer_id, channel, topic, granted, "at")'
        f' SELECT r.customer_id, r.channel, r.topic, r.granted, r."at" FROM {tx.table(_COLUMNS)} WHERE true'
        " ON CONFLICT (customer_id, topic, channel) DO UPDATE SET granted = excluded.granted, at = excluded.at"
        " WHERE excluded.at > permission.at OR (excluded.at = permission.at AND NOT excluded.granted)",
        rows=list(newest.values()),
    )
    return _cancel(tx, [row for row in rows if not row.granted])


def unsubscribe(
    tx: Tx, customer_id: int, topic: str, now: Instant, *, channel: str = "*", source: str = "", evidence: str = ""
) -> int:
    """Take permission; returns how many ready messages were cancelled.

    A *no* on all channels also ends what was granted for one channel, which would win otherwise.
    """
    channels = [channel, *(_granted_channels(tx, customer_id, topic) if channel == "*" else ())]
    rows = [ConsentRow(customer_id, topic, False, now, each, source, evidence) for each in channels]
    return record(tx, rows, now)


def of_customer(tx: Tx, customer_id: int) -> dict[str, bool]:
    """Present permission by topic, or ``channel/topic``."""
    return facts.consents_of(tx, [customer_id]).get(customer_id, {})


def history(tx: Tx, customer_id: int) -> tuple[ConsentRow, ...]:
    """Everything ever said, in the order we learned it."""
    rows = tx.ask("SELECT * FROM consent WHERE customer_id = :id ORDER BY id", id=customer_id)
    return tuple(
        ConsentRow(
            row.customer_id,
            row.topic,
            bool(row.granted),
            row.at,
            row.channel,
            row.source,
            row.evidence,
            row.wording or "",
            row.version or "",
        )
        for row in rows
    )


def suppress(tx: Tx, rows: Sequence[SuppressionRow]) -> None:
    """Never write to these addresses again."""
    places = {(row.channel, plain(row.address)): row for row in rows}
    customers.lock(tx, _owners(tx, [address for _, address in places]))
    tx.run(
        'INSERT INTO suppression (address, channel, reason, "at") SELECT r.address, r.channel, r.reason, r."at"'
        f" FROM {tx.table({'address': 'text', 'channel': 'text', 'reason': 'text', 'at': 'bigint'})} WHERE true"
        " ON CONFLICT (address, channel) DO NOTHING",
        rows=[
            {"address": address, "channel": channel, "reason": row.reason, "at": row.at}
            for (channel, address), row in places.items()
        ],
    )


def unsuppress(tx: Tx, channel: str, address: str, *, reason: str | None = None) -> bool:
    """They asked for it themselves. With a ``reason`` only what was written for it is taken back; tells whether any."""
    return (
        tx.run(
            f"DELETE FROM suppression WHERE {tx.among('address', 'names', 'text')} AND channel = :channel"
            + ("" if reason is None else " AND reason = :reason"),
            names=_names(tx, address),
            channel=channel,
            **({} if reason is None else {"reason": reason}),
        )
        > 0
    )


def expire(tx: Tx, reason: str, before: Instant) -> int:
    """Let go of what stands against addresses for a reason that passes, once it was written before then."""
    return tx.run('DELETE FROM suppression WHERE reason = :reason AND "at" < :before', reason=reason, before=before)


def suppressed(tx: Tx, address: str) -> tuple[SuppressionRow, ...]:
    """What stands against an address, also where only its mark was kept."""
    rows = tx.ask(
        f"SELECT * FROM suppression WHERE {tx.among('address', 'names', 'text')} ORDER BY channel, address",
        names=_names(tx, address),
    )
    return tuple(SuppressionRow(row.channel, row.address, row.reason, row.at) for row in rows)


def plain(address: str) -> str:
    """Return an address as it is compared: in small letters, as both databases make them (ASCII only)."""
    return marks.plain(address)


def _names(tx: Tx, address: str) -> list[str]:
    """Return what an address may be written as: itself, and its mark once somebody was erased."""
    key = marks.key_of(tx)
    return [plain(address), *([marks.mark(key, address)] if key else ())]


def _granted_channels(tx: Tx, customer_id: int, topic: str) -> list[str]:
    customers.lock(tx, [customer_id])
    rows = tx.ask(
        "SELECT channel FROM permission WHERE customer_id = :id AND topic = :topic AND granted AND channel <> '*'"
        " ORDER BY channel",
        id=customer_id,
        topic=topic,
    )
    return [row.channel for row in rows]


def _owners(tx: Tx, addresses: Sequence[str]) -> list[int]:
    rows = tx.ask(
        f"SELECT c.id FROM customer c WHERE {tx.among('lower(c.email)', 'addresses', 'text')}"
        f" OR {tx.among('c.phone', 'addresses', 'text')}",
        addresses=list(addresses),
    )
    return [row.id for row in rows]


def _cancel(tx: Tx, refused: Sequence[ConsentRow]) -> int:
    if not refused:
        return 0
    return tx.run(
        "UPDATE message SET status = 'cancelled', next_at = NULL, reason = 'unsubscribed'"
        f" FROM {tx.table(_COLUMNS)} JOIN permission p"
        " ON p.customer_id = r.customer_id AND p.topic = r.topic AND p.channel = r.channel AND NOT p.granted"
        " WHERE message.customer_id = r.customer_id AND message.topic = r.topic AND message.kind = 'mail'"
        " AND (r.channel = '*' OR message.channel = r.channel) AND message.status IN ('ready', 'held')",
        rows=[_row(row) for row in refused],
    )


def _row(row: ConsentRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}
