"""Outside systems in trouble, calls that wait for a person, and questions that are open however their mail fared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.create_table(
        "endpoint",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failing_since", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("disabled_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    _index("message_failed", "kind = 'call' AND status IN ('rejected', 'held')")
    op.drop_index("message_asked", "message")
    _index("message_asked", "kind = 'ask' AND answered_at IS NULL")


def _index(name: str, where: str) -> None:
    op.create_index(name, "message", ["name"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
