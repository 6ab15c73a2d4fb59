"""History lies by month on PostgreSQL. What was there stays where it is, as the part before all months.

Rows are not copied, but for the few old ids that look as if they named a month. Every foreign key is checked anew:
about a minute for ten million messages. SQLite keeps its tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

KEYS = {"message": "id", "attempt": "message_id", "rendered": "message_id", "visit": "enrollment_id"}
FIRST = {"visit": str(202611 * 10**9)} | dict.fromkeys(("message", "attempt", "rendered"), "'ff202611'")
"""Keys from here on may name a month."""
PRIMARY = {
    "message": "id",
    "attempt": "message_id, fence",
    "rendered": "message_id",
    "visit": "enrollment_id, seq",
}
POINTERS = {
    "message": {"customer_id": "customer", "enrollment_id": "enrollment", "journey_id": "journey"},
    "attempt": {"message_id": "message"},
    "rendered": {"message_id": "message"},
    "visit": {"enrollment_id": "enrollment"},
}
TO_MESSAGES = ("attempt", "rendered", "hit")
INDEXES = {
    "message_asked": "message (name) WHERE kind = 'ask' AND answered_at IS NULL",
    "message_at_provider": "message (provider_id) WHERE provider_id IS NOT NULL",
    "message_due": "message (journey_id, next_at) WHERE next_at IS NOT NULL",
    "message_failed": "message (name) WHERE kind = 'call' AND status IN ('rejected', 'held')",
    "message_lease": "message (lease_until) WHERE lease_until IS NOT NULL",
    "message_of_customer": "message (customer_id, made_at)",
    "message_of_run": "message (enrollment_id)",
    "message_open": "message (status) WHERE status IN ('uncertain', 'held')",
    "rendered_at": "rendered (at)",
}


def upgrade() -> None:
    """Put each table under one of its own name that knows months, as what came before them."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in TO_MESSAGES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_message_id_fkey")
    for name in INDEXES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('_', '_before_', 1)}")
    for table in KEYS:
        _set_aside(table)
        _make(table)
        _take_in(table)
    op.execute("ALTER TABLE hit ADD FOREIGN KEY (message_id) REFERENCES message (id)")


def _set_aside(table: str) -> None:
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(f"ALTER INDEX {table}_pkey RENAME TO {table}_before_pkey")


def _make(table: str) -> None:
    pointers = "".join(
        f", CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column}) REFERENCES {target} (id)"
        for column, target in POINTERS[table].items()
    )
    op.execute(
        f"CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS,"
        f" PRIMARY KEY ({PRIMARY[table]}){pointers}) PARTITION BY RANGE ({KEYS[table]})"
    )
    for name, what in INDEXES.items():
        if what.startswith(f"{table} "):
            op.execute(f"CREATE INDEX {name} ON {what}")
    op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _take_in(table: str) -> None:
    """Attach what was there; a database that is new has nothing before its months."""
    before, key, first = f"{table}_before", KEYS[table], FIRST[table]
    if op.get_bind().scalar(sa.text(f"SELECT NOT EXISTS (SELECT 1 FROM {before})")):
        op.execute(f"DROP TABLE {before}")
        return
    columns = ", ".join(f'"{name}"' for name in _columns(before))
    op.execute(
        f"WITH late AS (DELETE FROM {before} WHERE {key} >= {first} RETURNING {columns})"
        f" INSERT INTO {table} ({columns}) SELECT {columns} FROM late"
    )
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ({first})")


def _columns(table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
