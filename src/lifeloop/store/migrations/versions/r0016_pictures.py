"""When the picture of a journey is drawn next, so that counting its people takes a small part of the time only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add; a journey without a row is drawn with its next wave."""
    op.create_table(
        "picture",
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("next_at", BIG, nullable=False),
        sa.Column("stale", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.PrimaryKeyConstraint("journey_id"),
        sqlite_with_rowid=False,
    )
