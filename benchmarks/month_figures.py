"""Old texts let go on PostgreSQL: a whole month at once, beside the same month deleted by the thousand.

Both months hold the same texts, 700 bytes each. Only the texts themselves are there: what they point at would have to
be made, and is not looked at when they go.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from measure import Figure, seconds
from shop import DAY, FIRST, database, stores

from lifeloop.store import month_ends, months, retention
from lifeloop.store.opening import Store, open_store
from lifeloop.work.forgetting import BATCH

_TEXTS = """
INSERT INTO rendered (message_id, at, address, sender, subject, html, text_part, headers)
SELECT '{mark}' || left(md5(CAST(n AS text)), 24), {at}, 'ana@example.com', 'us', 'Hello',
  repeat(md5(CAST(n AS text)), 20), 'Hello', '{{}}' FROM generate_series(1, {many}) n
"""


def figures(folder: Path, many: int) -> Iterator[Figure]:
    """``many`` texts in each of the two months."""
    if "PostgreSQL" not in stores():
        return
    first = months.month_of(FIRST)
    with database("PostgreSQL", folder) as url:
        store = open_store(url)
        try:
            store.migrate()
            for month in (first, months.after(first)):
                _fill(store, month, many)
            store.analyze()
            at_once = seconds(lambda: _let_go(store, months.named("rendered", first)))
            yield _figure(many, at_once, seconds(lambda: _delete(store)))
        finally:
            store.close()


def _figure(many: int, at_once: float, by_rows: float) -> Figure:
    what = f"texts of a month let go ({many:,})"
    return Figure(what, "PostgreSQL", many / at_once, "texts/s", f"by the {BATCH:,}", by_rows / at_once)


def _fill(store: Store, month: int, many: int) -> None:
    with store.transaction() as tx:
        for table in months.KEYS:
            months.make(tx, months.named(table, month))
        tx.run("SET LOCAL session_replication_role = replica")
        tx.run(_TEXTS.format(mark=months.id_in(month, " " * 8), at=FIRST, many=many))


def _let_go(store: Store, name: str) -> None:
    with store.transaction() as tx:
        month_ends.let_go(tx, name, FIRST + DAY)


def _delete(store: Store) -> None:
    gone = BATCH
    while gone == BATCH:
        with store.transaction() as tx:
            gone = retention.forget_texts(tx, FIRST + DAY, BATCH)
