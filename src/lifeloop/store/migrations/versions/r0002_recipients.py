"""Recipients' own pages: proof of consent, preferences, opt-ins, links and what was counted of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.add_column("consent", sa.Column("wording", sa.Text(), nullable=True))
    op.add_column("consent", sa.Column("version", sa.Text(), nullable=True))
    _preference()
    _opt_in()
    _link()
    _hit()


def _preference() -> None:
    op.create_table(
        "preference",
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("pace", sa.Text(), nullable=True),
        sa.Column("paused_until", BIG, nullable=True),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("customer_id"),
    )


def _opt_in() -> None:
    op.create_table(
        "opt_in",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.Column("confirmed_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("opt_in_of_customer", "opt_in", ["customer_id", "at"])


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "link_count",
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("hour", BIG, autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("link_key", "hour", "by"),
        sqlite_with_rowid=False,
    )


def _hit() -> None:
    op.create_table(
        "hit",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("link_key", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("settled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hit_of_message", "hit", ["message_id", "at"])
    op.create_index(
        "hit_open", "hit", ["at"], sqlite_where=sa.text("settled = 0"), postgresql_where=sa.text("settled = 0")
    )
