"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lifeloop.store.functions import POSTGRES, POSTGRES_WALL

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DATA = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


STATUSES = (
    "('ready', 'attempting', 'sent', 'rejected', 'uncertain', 'assumed_sent', 'suppressed', 'capped', 'expired',"
    " 'cancelled', 'held')"
)


def upgrade() -> None:
    """Make every table, those pointed at first."""
    _customer()
    _instance()
    _journey()
    _suppression()
    _switch()
    _candidate()
    _consent()
    _event()
    _object()
    _permission()
    _plan()
    _segment_member()
    _enrollment()
    _message()
    _visit()
    _attempt()
    _rendered()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRES_WALL)
        op.execute(POSTGRES)
    op.execute("INSERT INTO switch (name) VALUES ('kill'), ('restored')")


def _customer() -> None:
    op.create_table(
        "customer",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("data", DATA, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="customer_key"),
    )
    op.create_index("customer_email", "customer", [sa.literal_column("lower(email)")])


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("heartbeat", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name="instance_only_one"),
        sa.PrimaryKeyConstraint("id"),
    )


def _journey() -> None:
    op.create_table(
        "journey",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=True),
        sa.Column("paused_at", BIG, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("published_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="journey_name"),
    )


def _suppression() -> None:
    op.create_table(
        "suppression",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("address", "channel"),
        sqlite_with_rowid=False,
    )


def _switch() -> None:
    op.create_table(
        "switch",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )


def _candidate() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=True),
        sa.Column("event_seq", BIG, nullable=True),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "journey_id", "trigger", "subject", name="candidate_once"),
    )
    op.create_index("candidate_due", "candidate", ["journey_id", "due_at"])


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("consent_of_customer", "consent", ["customer_id", "id"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("digest", BIG, nullable=False),
        sa.Column("data", DATA, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("source", "message_id", name="event_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_of_customer", "event", ["customer_id", "name", "seq"])


def _object() -> None:
    op.create_table(
        "object",
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fields", DATA, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("customer_id", "kind", "key"),
        sqlite_with_rowid=False,
    )


def _permission() -> None:
    op.create_table(
        "permission",
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("customer_id", "topic", "channel"),
        sqlite_with_rowid=False,
    )


def _plan() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest", name="plan_digest"),
    )


def _segment_member() -> None:
    op.create_table(
        "segment_member",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.PrimaryKeyConstraint("segment", "customer_id"),
        sqlite_with_rowid=False,
    )


def _enrollment() -> None:
    op.create_table(
        "enrollment",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=True),
        sa.Column("deadline", BIG, nullable=True),
        sa.Column("since", BIG, nullable=False),
        sa.Column("since_seq", BIG, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("converted_at", BIG, nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("visit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("kept", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'waiting' AND due_at IS NOT NULL)"
            " OR (status IN ('completed', 'stopped', 'failed') AND due_at IS NULL)",
            name="enrollment_one_state",
        ),
        sa.CheckConstraint("fence >= 0 AND visit >= 0", name="enrollment_grows"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer_id", "journey_id", "entry_key", name="enrollment_once"),
    )
    op.create_index(
        "enrollment_active",
        "enrollment",
        ["customer_id", "journey_id", "subject"],
        unique=True,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "enrollment_due",
        "enrollment",
        ["journey_id", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG, nullable=True),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("made_at", BIG, nullable=False),
        sa.Column("next_at", BIG, nullable=True),
        sa.Column("sent_at", BIG, nullable=True),
        sa.Column("lease_until", BIG, nullable=True),
        sa.Column("expires_at", BIG, nullable=True),
        sa.Column("opened_at", BIG, nullable=True),
        sa.Column("clicked_at", BIG, nullable=True),
        sa.Column("replied_at", BIG, nullable=True),
        sa.Column("bounced_at", BIG, nullable=True),
        sa.Column("answered_at", BIG, nullable=True),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("visit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'attempting') = (lease_until IS NOT NULL) AND (status <> 'attempting' OR owner IS NOT NULL)",
            name="message_attempt_has_an_owner",
        ),
        sa.CheckConstraint("(status = 'ready') = (next_at IS NOT NULL)", name="message_ready_has_a_time"),
        sa.CheckConstraint(
            "(status IN ('attempting', 'sent', 'uncertain', 'assumed_sent')) = (sent_at IS NOT NULL)",
            name="message_reserved",
        ),
        sa.CheckConstraint(f"status IN {STATUSES}", name="message_status"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"]),
        sa.ForeignKeyConstraint(["journey_id"], ["journey.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "message_asked",
        "message",
        ["name"],
        sqlite_where=sa.text("kind = 'ask' AND status = 'sent' AND answered_at IS NULL"),
        postgresql_where=sa.text("kind = 'ask' AND status = 'sent' AND answered_at IS NULL"),
    )
    op.create_index(
        "message_due",
        "message",
        ["journey_id", "next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "message_lease",
        "message",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index("message_of_customer", "message", ["customer_id", "made_at"])
    op.create_index("message_of_run", "message", ["enrollment_id"])
    op.create_index(
        "message_open",
        "message",
        ["status"],
        sqlite_where=sa.text("status IN ('uncertain', 'held')"),
        postgresql_where=sa.text("status IN ('uncertain', 'held')"),
    )


def _visit() -> None:
    op.create_table(
        "visit",
        sa.Column("enrollment_id", BIG, nullable=False),
        sa.Column("seq", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("visit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["enrollment_id"], ["enrollment.id"]),
        sa.PrimaryKeyConstraint("enrollment_id", "seq"),
        sqlite_with_rowid=False,
    )


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("message_id", "fence"),
        sqlite_with_rowid=False,
    )


def _rendered() -> None:
    op.create_table(
        "rendered",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text_part", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("rendered_at", "rendered", ["at"])
