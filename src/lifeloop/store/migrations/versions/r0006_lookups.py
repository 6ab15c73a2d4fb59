"""Questions about lost answers, people by their phone, and marks of addresses that are made with a key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add, and let go of the marks made without a key: soft bounces are counted anew."""
    op.create_table(
        "lookup",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "nth"),
        sqlite_with_rowid=False,
    )
    phone = sa.text("phone IS NOT NULL")
    op.create_index("customer_phone", "customer", ["phone"], sqlite_where=phone, postgresql_where=phone)
    op.execute("UPDATE report SET mark = ''")
