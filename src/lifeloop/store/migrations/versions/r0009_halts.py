"""What is halted, the counts that breakers judge by, and what was said to whom lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    _halt()
    op.create_table(
        "tally",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("stretch", BIG, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", "what", "stretch"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "said",
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("digest", BIG, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("customer_id", "digest"),
        sqlite_with_rowid=False,
    )


def _halt() -> None:
    op.create_table(
        "halt",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("released_at", BIG, nullable=True),
        sa.Column("calm_until", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    standing = sa.text("released_at IS NULL")
    op.create_index(
        "halt_standing", "halt", ["scope", "name"], unique=True, sqlite_where=standing, postgresql_where=standing
    )
