"""Batches are noted before they begin, so that whoever ends the processes that work on them is found and set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.create_table(
        "begun",
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("picked", sa.Text(), nullable=False),
        sa.Column("alone", BIG, nullable=True),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("ticket"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suspect",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("row_id", BIG, autoincrement=False, nullable=False),
        _count("fence"),
        _count("together"),
        _count("alone"),
        sa.Column("enrollment_id", BIG, nullable=True),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "row_id"),
        sqlite_with_rowid=False,
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
