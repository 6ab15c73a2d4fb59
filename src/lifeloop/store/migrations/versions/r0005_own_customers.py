"""Sales as the ground for writing to own customers; messages whose earlier try may have arrived go on counting."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.add_column("message", sa.Column("reserved_at", BIG, nullable=True))
    op.create_table(
        "sale",
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("customer_id", "reference"),
        sqlite_with_rowid=False,
    )
