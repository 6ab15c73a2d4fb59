"""How fast each way out may be used, who is at its counter, and by which way a message left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.add_column("message", sa.Column("way", sa.Text(), nullable=True))
    op.create_table(
        "pace",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_free", BIG, nullable=False),
        sa.Column("booked", BIG, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        _count("used"),
        sa.Column("closed_until", BIG, nullable=True),
        _count("slowed"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("retry_at", BIG, nullable=True),
        _count("opened"),
        sa.Column("since", BIG, nullable=True),
        _count("tried"),
        _count("failed"),
        _count("in_a_row"),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seat",
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        _count("seats"),
        sa.Column("until", BIG, nullable=False),
        sa.PrimaryKeyConstraint("way", "ticket"),
        sqlite_with_rowid=False,
    )


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
