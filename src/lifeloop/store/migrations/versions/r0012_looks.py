"""Who must be looked at again and when, instead of everybody every time; calendar starts by time zone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; the next tidying fills the tables."""
    op.create_index("customer_timezone", "customer", ["timezone", "id"])
    op.create_table(
        "segment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("asks_messages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("after_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment_look",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("segment", "customer_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("segment_look_due", "segment_look", ["due_at"])
    op.create_table(
        "occasion",
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("after_id", BIG, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.PrimaryKeyConstraint("journey_id", "place", "zone"),
        sqlite_with_rowid=False,
    )
    op.create_index("occasion_due", "occasion", ["journey_id", "due_at"])
