"""What providers report: delivered and complained on messages, and the reports themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; nothing that is there changes."""
    op.add_column("message", sa.Column("delivered_at", BIG, nullable=True))
    op.add_column("message", sa.Column("complained_at", BIG, nullable=True))
    _partial("message_at_provider", "message", ["provider_id"], "provider_id IS NOT NULL")
    op.create_table(
        "report",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("source", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("report_of_address", "report", ["mark", "at"])
    op.create_index("report_of_message", "report", ["message_id"])
    op.create_index("report_received", "report", ["received_at"])
    _partial("report_open", "report", ["received_at"], "open = 1")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
