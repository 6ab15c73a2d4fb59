"""Rendered messages as they were handed over, for the inbox page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import months
from lifeloop.store.transaction import Tx, dump, load
from lifeloop.store.values import InboxFilter, InboxLine, InboxPerson, InboxTally, Rendered

_COLUMNS = dict.fromkeys(("message_id", "address", "sender", "subject", "html", "text_part", "headers"), "text")
_FROM = (
    " FROM rendered d JOIN message m ON m.id = d.message_id JOIN customer c ON c.id = m.customer_id"
    " JOIN journey j ON j.id = m.journey_id"
)
_LINE = (
    'd.message_id, d."at", c.key, d.address, d.sender, d.subject, j.name AS journey,'
    " m.node, m.name, m.channel, m.status"
)
_DAY = 86_400


def add(tx: Tx, rows: Sequence[Rendered], at: Instant) -> None:
    """Keep what was handed over; the same message again replaces it. Of somebody who was erased nothing is kept."""
    last = {row.message_id: row for row in rows}
    only, values = months.within(tx, "m.id", last)
    with tx.pointing_at_months():
        tx.run(
            f'INSERT INTO rendered ({", ".join(_COLUMNS)}, "at")'
            f" SELECT {', '.join(f'r.{name}' for name in _COLUMNS)}, :at FROM {tx.table(_COLUMNS)}"
            f" WHERE EXISTS (SELECT 1 FROM message m WHERE m.id = r.message_id{only})"
            " ON CONFLICT (message_id) DO UPDATE SET at = excluded.at,"
            f" {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS if name != 'message_id')}",
            rows=[_row(row) for row in last.values()],
            at=at,
            **values,
        )


def search(tx: Tx, wanted: InboxFilter, *, offset: int = 0, limit: int = 50) -> tuple[InboxLine, ...]:
    """Mails that fit, newest first."""
    where, values = _where(wanted)
    rows = tx.ask(
        f'SELECT {_LINE}{_FROM}{where} ORDER BY d."at" DESC, d.message_id LIMIT :limit OFFSET :offset',
        limit=limit,
        offset=offset,
        **values,
    )
    return tuple(InboxLine(*row) for row in rows)


def count(tx: Tx, wanted: InboxFilter) -> int:
    """How many fit."""
    where, values = _where(wanted)
    return int(tx.ask(f"SELECT count(*) AS number{_FROM}{where}", **values)[0].number)


def find(tx: Tx, message_id: str) -> tuple[InboxLine, Rendered] | None:
    """One mail."""
    rows = tx.ask(f"SELECT {_LINE}, d.html, d.text_part, d.headers{_FROM} WHERE d.message_id = :id", id=message_id)
    if not rows:
        return None
    *line, html, text, headers = rows[0]
    found = InboxLine(*line)
    return found, Rendered(message_id, found.to, found.sender, found.subject, html, text, load(headers))


def everything(tx: Tx, page: int = 1000) -> Iterator[tuple[Any, ...]]:
    """Every mail letter for letter, oldest first: when, and all that was handed over but our id. Read in pages."""
    said = ", ".join(f"d.{name}" for name in _COLUMNS if name != "message_id")
    after: tuple[Instant, str] = (-1, "")
    while rows := tx.ask(
        f'SELECT d.message_id, d."at", {said} FROM rendered d WHERE (d."at", d.message_id) > (:at, :id)'
        ' ORDER BY d."at", d.message_id LIMIT :limit',
        at=after[0],
        id=after[1],
        limit=page,
    ):
        yield from (tuple(row[1:]) for row in rows)
        after = (rows[-1].at, rows[-1].message_id)


def subjects(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    """The subjects of mails, by the id of the message."""
    rows = tx.ask(
        f"SELECT d.message_id, d.subject FROM rendered d WHERE {tx.among('d.message_id', 'ids', 'text')}", ids=list(ids)
    )
    return {row.message_id: row.subject for row in rows}


def days(tx: Tx) -> tuple[tuple[Instant, int], ...]:
    """Days (UTC midnight) with mail, and how many: for the day slider."""
    rows = tx.ask(f'SELECT "at" - "at" % {_DAY} AS day, count(*) AS number FROM rendered GROUP BY 1 ORDER BY 1')
    return tuple((row.day, row.number) for row in rows)


def tally(tx: Tx, wanted: InboxFilter) -> tuple[InboxTally, ...]:
    """How many fit, by day, journey and step, in one statement: for the histogram and the lists beside it."""
    where, values = _where(wanted)
    rows = tx.ask(
        f'SELECT d."at" - d."at" % {_DAY} AS day, j.name AS journey, m.node, count(*) AS number{_FROM}{where}'
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        **values,
    )
    return tuple(InboxTally(*row) for row in rows)


def people(tx: Tx, limit: int = 12) -> tuple[InboxPerson, ...]:
    """Customers with mail, from most journeys first, then most mails, then by key."""
    rows = tx.ask(
        f"SELECT c.key, count(*) AS number, count(DISTINCT m.journey_id) AS journeys{_FROM} WHERE m.kind = 'mail'"
        " GROUP BY c.key ORDER BY 3 DESC, 2 DESC, 1 LIMIT :limit",
        limit=limit,
    )
    return tuple(InboxPerson(*row) for row in rows)


def _where(wanted: InboxFilter) -> tuple[str, dict[str, Any]]:
    tests: dict[str, tuple[str, Any]] = {
        "journey": ("j.name = :journey", wanted.journey),
        "node": ("m.node = :node", wanted.node),
        "kind": ("m.kind = :kind", wanted.kind),
        "customer": ("c.key = :customer", wanted.key),
        "since": ('d."at" >= :since', wanted.since),
        "until": ('d."at" < :until', wanted.until),
        "words": (_WORDS, f"%{_plain(wanted.text)}%" if wanted.text else None),
    }
    used = {name: test for name, test in tests.items() if test[1] is not None}
    where = " AND ".join(sql for sql, _ in used.values())
    return (f" WHERE {where}" if where else ""), {name: value for name, (_, value) in used.items()}


_WORDS = "(lower(d.subject) LIKE lower(:words) ESCAPE '!' OR lower(d.address) LIKE lower(:words) ESCAPE '!')"


def _plain(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _row(row: Rendered) -> dict[str, str]:
    return {
        "message_id": row.message_id,
        "address": row.to,
        "sender": row.sender,
        "subject": row.subject,
        "html": row.html,
        "text_part": row.text,
        "headers": dump(row.headers),
    }
