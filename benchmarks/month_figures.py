"""Old texts and messages let go on PostgreSQL: a whole month at once, beside the same month deleted by the thousand.

Both months hold the same texts, 700 bytes each, and afterwards the same messages with a try each. Texts are there
alone: what they point at would have to be made, and is not looked at when they go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from measure import Figure, seconds
from shop import DAY, FIRST, database, stores

from lifeloop.clock import Instant
from lifeloop.store import month_ends, months, retention
from lifeloop.store.opening import Store, open_store
from lifeloop.store.transaction import Tx
from lifeloop.work.forgetting import BATCH

_LATER = FIRST + 90 * DAY
_KINDS = {"texts": ("rendered", retention.forget_texts), "messages": ("message", retention.forget_messages)}

_TEXTS = """
INSERT INTO rendered (message_id, at, address, sender, subject, html, text_part, headers)
SELECT '{mark}' || left(md5(CAST(n AS text)), 24), {at}, 'ana@example.com', 'us', 'Hello',
  repeat(md5(CAST(n AS text)), 20), 'Hello', '{{}}' FROM generate_series(1, {many}) n
"""
_MESSAGES = """
INSERT INTO message (id, customer_id, journey_id, due_at, made_at, sent_at, fence, tries, visit, counts, kind, status,
  node, name, channel, topic)
SELECT '{mark}' || left(md5(CAST(n AS text)), 24), 1, 1, {at}, {at}, {at}, 1, 1, 1, true, 'mail', 'sent', 'send-1',
  'shop/one', 'email', 'news' FROM generate_series(1, {many}) n
"""
_TRIES = """
INSERT INTO attempt (message_id, fence, at, outcome, raw)
SELECT id, 1, {at}, 'accepted', '' FROM message WHERE left(id, 8) = '{mark}'
"""


def figures(folder: Path, many: int) -> Iterator[Figure]:
    """``many`` texts in each of the two months, then a third of them as messages."""
    if "PostgreSQL" not in stores():
        return
    with database("PostgreSQL", folder) as url:
        store = open_store(url)
        try:
            store.migrate()
            yield _measured(store, "texts", (_TEXTS,), many)
            yield _measured(store, "messages", (_MESSAGES, _TRIES), many // 3)
        finally:
            store.close()


def _measured(store: Store, what: str, rows: Sequence[str], many: int) -> Figure:
    first, (table, delete) = months.month_of(FIRST), _KINDS[what]
    for month in (first, months.after(first)):
        _fill(store, rows, month, many)
    store.analyze()
    at_once = seconds(lambda: _let_go(store, months.named(table, first)))
    by_rows = seconds(lambda: _delete(store, delete))
    said = f"{what} of a month let go ({many:,})"
    return Figure(said, "PostgreSQL", many / at_once, f"{what}/s", f"by the {BATCH:,}", by_rows / at_once)


def _fill(store: Store, rows: Sequence[str], month: int, many: int) -> None:
    with store.transaction() as tx:
        for table in months.KEYS:
            months.make(tx, months.named(table, month))
        tx.run("SET LOCAL session_replication_role = replica")
        for one in rows:
            tx.run(one.format(mark=months.id_in(month, " " * 8), at=FIRST, many=many))


def _let_go(store: Store, name: str) -> None:
    with store.transaction() as tx:
        month_ends.let_go(tx, name, _LATER)


def _delete(store: Store, delete: Callable[[Tx, Instant, int], int]) -> None:
    gone = BATCH
    while gone == BATCH:
        with store.transaction() as tx:
            gone = delete(tx, _LATER, BATCH)
