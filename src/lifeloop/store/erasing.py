"""Taking one person out of every table. What may stay: keyed hashes of their addresses, and proof without a name.

Which rows are about somebody follows from the names of columns: whatever points at a customer, at one of their runs or
at one of their messages is theirs. So a table that is added later is cleared, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from sqlite3 import OperationalError
from typing import Any
from urllib.parse import quote

from sqlalchemy import Table

from lifeloop.clock import Instant
from lifeloop.store import customers, marks, reports
from lifeloop.store.opening import BUSY_SECONDS, Store
from lifeloop.store.tables import METADATA
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer

ALL_CHANNELS = "*"
REASON = "erased"
LEAVING = "attempting"
PATIENCE = 2000
"""Milliseconds to wait for others before a database file is left as it is."""
ADDRESSED = ("email", "sms", "whatsapp")
"""Channels whose messages go to an address of the customer's."""
_METHOD = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Remains:
    """What is in the database about somebody: rows by table, in the order in which they go."""

    counts: Mapping[str, int]
    addresses: int = 0
    """Addresses of theirs that stay as keyed hashes."""
    proofs: int = 0
    """Words of consent that stay as proof, without a name."""
    leaving: int = 0
    """Messages that are being handed over at this moment."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure needs to know besides whom. ``secret``: the project's key, if it has none yet."""

    now: Instant
    secret: bytes = field(repr=False)
    personal: Collection[str] = ()
    """Attributes whose values name somebody, besides their id and their addresses."""
    may_return: bool = False
    """Nothing is kept against their addresses, except what stood there already."""


def look(tx: Tx, customer: Customer) -> Remains:
    """Return what is in the database about somebody."""
    counts = {name: _count(tx, name, where, customer.id) for name, where in paths().items()}
    rows = tx.ask(
        "SELECT status FROM message WHERE customer_id = :who AND status = :word", who=customer.id, word=LEAVING
    )
    found = {name: count for name, count in counts.items() if count}
    if personal := len(_links(tx, customer)):
        found["link"] = personal
    return Remains(found, len(addresses_of(tx, customer)), counts["consent"], len(rows))


def erase(tx: Tx, customer: Customer, how: Erased) -> Remains:
    """Take everything about somebody out, under their lock; the commit is the moment from which it holds."""
    customers.lock(tx, [customer.id])
    found = look(tx, customer)
    key = marks.keep_key(tx, how.secret)
    addresses = addresses_of(tx, customer)
    _keep_proof(tx, customer, key, how.personal)
    _hide(tx, addresses, key, how)
    _note(tx, {marks.mark(key, text) for text in (customer.key, *addresses)}, how.now)
    _forget_links(tx, _links(tx, customer))
    _forget_reports(tx, addresses)
    for name, where in paths().items():
        tx.run(f"DELETE FROM {name} WHERE {where}", who=customer.id)
    return found


def erased_at(tx: Tx, who: str) -> Instant | None:
    """Return when somebody of this id or address was erased; None when that never happened."""
    key = marks.key_of(tx)
    rows = tx.ask('SELECT "at" FROM erasure WHERE mark = :mark', mark=marks.mark(key, who)) if key else ()
    return int(rows[0][0]) if rows else None


def compact(store: Store) -> bool:
    """Let a database file forget what was deleted in it; False when others are at it just now.

    PostgreSQL writes over deleted rows by itself, in the course of its own tidying.
    """
    if store.postgres:
        return True
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except OperationalError:
            return False  # somebody else writes, or reads what was there before
        finally:
            driver.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    return not busy


@cache
def paths() -> Mapping[str, str]:
    """Return which rows of each table are about the customer ``:who``, in the order in which they can go."""
    last_first = [table for table in reversed(METADATA.sorted_tables) if table.name != "customer"]
    last_first.sort(key=lambda table: bool(table.foreign_keys))
    found = ((table.name, _about(table)) for table in last_first)
    return {name: where for name, where in found if where is not None} | {"customer": "id = :who"}


def _about(table: Table) -> str | None:
    if "customer_id" in table.columns:
        return "customer_id = :who"
    for between in ("message", "enrollment"):
        if f"{between}_id" in table.columns:
            return f"{between}_id IN (SELECT id FROM {between} WHERE customer_id = :who)"
    return None


def _count(tx: Tx, name: str, where: str, who: int) -> int:
    return int(tx.ask(f"SELECT count(*) AS number FROM {name} WHERE {where}", who=who)[0].number)


def addresses_of(tx: Tx, customer: Customer) -> tuple[str, ...]:
    """Return the addresses somebody has and had, as far as we know, as they are compared."""
    own = [customer.data.get("email"), customer.data.get("phone")]
    rows = tx.ask(
        "SELECT DISTINCT d.address FROM rendered d JOIN message m ON m.id = d.message_id"
        " WHERE m.customer_id = :who AND m.kind = 'mail'",
        who=customer.id,
    )
    texts = [text for text in (*own, *(row.address for row in rows)) if isinstance(text, str) and text]
    return tuple(dict.fromkeys(marks.plain(text) for text in texts if text != customer.key))


def _keep_proof(tx: Tx, customer: Customer, key: bytes, personal: Collection[str]) -> None:
    """Keep what was said, when and on which words; who said it can be shown only by who can name them."""
    address = next((text for name in ("email", "phone") if isinstance(text := customer.data.get(name), str)), None)
    names = _names(customer, personal)
    rows = tx.ask("SELECT * FROM consent WHERE customer_id = :who ORDER BY id", who=customer.id)
    for row in rows:
        tx.run(
            'INSERT INTO kept_consent (mark, channel, topic, granted, "at", recorded_at, source, method, wording,'
            " version) VALUES (:mark, :channel, :topic, :granted, :at, :recorded, :source, :method, :wording,"
            " :version)",
            mark=marks.mark(key, address or customer.key),
            channel=row.channel,
            topic=row.topic,
            granted=bool(row.granted),
            at=row.at,
            recorded=row.recorded_at,
            source=_unnamed(row.source, names),
            method=_unnamed(_method(row.evidence), names),
            wording=_unnamed(row.wording or "", names) or None,
            version=_unnamed(row.version or "", names) or None,
        )


def _names(customer: Customer, personal: Collection[str]) -> list[str]:
    values = [customer.key, *(customer.data.get(name) for name in ("email", "phone", *personal))]
    return [value.casefold() for value in values if isinstance(value, str) and value]


def _unnamed(text: str, names: Collection[str]) -> str:
    """Return a text that names nobody; one that does is not kept."""
    return "" if any(name in text.casefold() for name in names) else text


def _method(evidence: str) -> str:
    try:
        said = json.loads(evidence or "{}")
    except ValueError:
        return ""
    method = said.get("method") if isinstance(said, dict) else None
    return method if isinstance(method, str) and _METHOD.fullmatch(method) else ""


def _hide(tx: Tx, addresses: Collection[str], key: bytes, how: Erased) -> None:
    """Put marks in the place of suppressed addresses, and suppress them all unless they may come back."""
    for address in addresses:
        hidden = marks.mark(key, address)
        tx.run(
            'INSERT INTO suppression (address, channel, reason, "at") SELECT CAST(:hidden AS text), channel, reason,'
            ' "at" FROM suppression WHERE address = :address ON CONFLICT (address, channel) DO NOTHING',
            hidden=hidden,
            address=address,
        )
        tx.run("DELETE FROM suppression WHERE address = :address", address=address)
        if not how.may_return:
            tx.run(
                'INSERT INTO suppression (address, channel, reason, "at") VALUES (:hidden, :channel, :reason, :now)'
                " ON CONFLICT (address, channel) DO NOTHING",
                hidden=hidden,
                channel=ALL_CHANNELS,
                reason=REASON,
                now=how.now,
            )


def _note(tx: Tx, found: Collection[str], now: Instant) -> None:
    tx.run(
        f'INSERT INTO erasure (mark, "at") SELECT r.mark, :now FROM {tx.table({"mark": "text"})} WHERE true'
        " ON CONFLICT (mark) DO UPDATE SET at = excluded.at",
        rows=[{"mark": each} for each in sorted(found)],
        now=now,
    )


def _links(tx: Tx, customer: Customer) -> list[str]:
    """Return the links that lead somewhere with this person's address or id in it."""
    addresses = [text for name in ("email", "phone") if isinstance(text := customer.data.get(name), str) and text]
    inside = [f"%{_escaped(form)}%" for text in addresses for form in {text, quote(text), quote(text, safe="")}]
    key = _escaped(quote(customer.key, safe=""))
    inside += [f"%={key}", f"%={key}&%", f"%/{key}", f"%/{key}/%", f"%/{key}?%"]
    tests = " OR ".join(f"lower(url) LIKE lower(:p{number}) ESCAPE '!'" for number in range(len(inside)))
    values = {f"p{number}": pattern for number, pattern in enumerate(inside)}
    return [row.key for row in tx.ask(f"SELECT key FROM link WHERE {tests}", **values)]


def _escaped(text: str) -> str:
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in text)


def _forget_links(tx: Tx, keys: list[str]) -> None:
    if keys:
        tx.run(f"DELETE FROM link_count WHERE {tx.among('link_key', 'keys', 'text')}", keys=keys)
        tx.run(f"DELETE FROM link WHERE {tx.among('key', 'keys', 'text')}", keys=keys)


def _forget_reports(tx: Tx, addresses: Collection[str]) -> None:
    """Delete what providers reported of an address without naming a message."""
    key = marks.key_of(tx, reports.KEY)
    if key is None:
        return
    found = [reports.mark(key, channel, address) for channel in ADDRESSED for address in addresses]
    tx.run(f"DELETE FROM report WHERE {tx.among('mark', 'marks', 'text')}", marks=found)
