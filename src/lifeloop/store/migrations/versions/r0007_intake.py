"""The ingest API: keys to write with, ids that arrived, what was refused, and customers who were merged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    _write_key()
    _alias()
    _arrival()
    _refusal()


def _write_key() -> None:
    op.create_table(
        "write_key",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("rate", BIG, nullable=True),
        sa.Column("signing", sa.Text(), nullable=True),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest", name="write_key_digest"),
    )


def _alias() -> None:
    op.create_table(
        "alias",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("former_id", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("former_id", name="alias_former"),
        sqlite_with_rowid=False,
    )
    op.create_index("alias_of_customer", "alias", ["customer_id"])


def _arrival() -> None:
    op.create_table(
        "arrival",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("source", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("arrival_received", "arrival", ["received_at"])


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("digest", BIG, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("times", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("source", "message_id", "digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("refusal_of_customer", "refusal", ["customer_id"])
    op.create_index("refusal_at", "refusal", ["at"])
