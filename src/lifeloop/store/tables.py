"""The tables, as SQLModel classes: columns, keys, checks and indexes. Rows of these classes never leave the store.

Whole numbers for keys and times; a text is kept once and pointed at. What conditions ask about is JSON that the
database can read (``jsonb`` on PostgreSQL); what only we read back is plain text.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from lifeloop.store import erased_tables, recipient_tables, report_tables  # noqa: F401  # they are part of the same tables
from lifeloop.store.columns import (
    BIG,
    DATA,
    count,
    moment,
    number_key,
    partial_index,
    points_to,
    record,
    small_key,
    words,
)

FINAL = "('completed', 'stopped', 'failed')"
MESSAGE_STATUSES = (
    "('ready', 'attempting', 'sent', 'rejected', 'uncertain', 'assumed_sent', 'suppressed', 'capped', 'expired',"
    " 'cancelled', 'held')"
)

OPEN_ASK = "kind = 'ask' AND status = 'sent' AND answered_at IS NULL"


class Customer(SQLModel, table=True):
    """A person we may write to; the row's lock orders everything that happens to them."""

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("key", name="customer_key"), Index("customer_email", text("lower(email)")))

    id: int = number_key()
    key: str = words()
    email: str | None = words(nullable=True)
    phone: str | None = words(nullable=True)
    locale: str | None = words(nullable=True)
    timezone: str | None = words(nullable=True)
    data: dict[str, Any] = record()
    created_at: int = moment()
    updated_at: int = moment()


class Thing(SQLModel, table=True):
    """A contract, an order, a subscription of a customer."""

    __tablename__ = "object"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = points_to("customer.id", primary_key=True)
    kind: str = words(primary_key=True)
    key: str = words(primary_key=True)
    fields: dict[str, Any] = Field(sa_column=Column("fields", DATA, nullable=False))
    updated_at: int = moment()


class Event(SQLModel, table=True):
    """The inbox of facts; ``digest`` tells a repetition from another body under the same id."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("source", "message_id", name="event_once"),
        Index("event_of_customer", "customer_id", "name", "seq"),
        {"sqlite_autoincrement": True},
    )

    seq: int = number_key()
    source: str = words()
    message_id: str = words()
    customer_id: int = points_to("customer.id")
    name: str = words()
    at: int = moment()
    received_at: int = moment()
    digest: int = moment()
    data: dict[str, Any] = record()


class Journey(SQLModel, table=True):
    """Which plan is live. The gate reads ``paused_at`` under a lock: a pause holds from its commit on."""

    __tablename__ = "journey"
    __table_args__ = (UniqueConstraint("name", name="journey_name"),)

    id: int = small_key()
    name: str = words()
    plan_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    paused_at: int | None = moment(nullable=True)
    reason: str | None = words(nullable=True)
    published_at: int = moment()


class Plan(SQLModel, table=True):
    """A compiled journey by digest; never changed."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("digest", name="plan_digest"),)

    id: int = small_key()
    journey_id: int = points_to("journey.id", kind=Integer)
    digest: str = words()
    body: str = words()
    made_at: int = moment()


class Candidate(SQLModel, table=True):
    """Somebody who may enter, and from when."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey_id", "trigger", "subject", name="candidate_once"),
        Index("candidate_due", "journey_id", "due_at"),
    )

    id: int = number_key()
    journey_id: int = points_to("journey.id", kind=Integer)
    customer_id: int = points_to("customer.id")
    due_at: int = moment()
    trigger: str = words()
    subject: str = words()
    start: str | None = words(nullable=True)
    event_seq: int | None = moment(nullable=True)
    object_key: str | None = words(nullable=True)


class Enrollment(SQLModel, table=True):
    """One customer's passage through one journey; ``fence`` grows with every move."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey_id", "entry_key", name="enrollment_once"),
        partial_index(
            "enrollment_active", "customer_id", "journey_id", "subject", where="status = 'waiting'", unique=True
        ),
        partial_index("enrollment_due", "journey_id", "due_at", where="due_at IS NOT NULL"),
        CheckConstraint(
            f"(status = 'waiting' AND due_at IS NOT NULL) OR (status IN {FINAL} AND due_at IS NULL)",
            name="enrollment_one_state",
        ),
        CheckConstraint("fence >= 0 AND visit >= 0", name="enrollment_grows"),
    )

    id: int = number_key()
    customer_id: int = points_to("customer.id")
    due_at: int | None = moment(nullable=True)
    deadline: int | None = moment(nullable=True)
    since: int = moment()
    since_seq: int = moment()
    started_at: int = moment()
    converted_at: int | None = moment(nullable=True)
    fence: int = count()
    visit: int = count()
    journey_id: int = points_to("journey.id", kind=Integer)
    plan_id: int = points_to("plan.id", kind=Integer)
    status: str = words()
    node: str | None = words(nullable=True)
    entry_key: str = words()
    subject: str = words()
    object_key: str | None = words(nullable=True)
    reason: str | None = words(nullable=True)
    kept: str | None = words(nullable=True)


class Visit(SQLModel, table=True):
    """The append-only history of runs. ``seq`` is derived from the move's fence, so a move is written once."""

    __tablename__ = "visit"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    enrollment_id: int = points_to("enrollment.id", primary_key=True)
    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    at: int = moment()
    visit: int = count()
    what: str = words()
    node: str | None = words(nullable=True)
    detail: str | None = words(nullable=True)
    data: str | None = words(nullable=True)


class Message(SQLModel, table=True):
    """The outbox and the ledger in one: a row with ``sent_at`` is a reservation that gaps and limits count.

    ``sent_at`` is set with the mark, in the gate's transaction under the customer's lock, and taken back only
    when the message surely did not leave. So counting rows is counting reservations, and no second table can differ.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"status IN {MESSAGE_STATUSES}", name="message_status"),
        CheckConstraint("(status = 'ready') = (next_at IS NOT NULL)", name="message_ready_has_a_time"),
        CheckConstraint(
            "(status = 'attempting') = (lease_until IS NOT NULL) AND (status <> 'attempting' OR owner IS NOT NULL)",
            name="message_attempt_has_an_owner",
        ),
        CheckConstraint(
            "(status IN ('attempting', 'sent', 'uncertain', 'assumed_sent')) = (sent_at IS NOT NULL)",
            name="message_reserved",
        ),
        partial_index("message_due", "journey_id", "next_at", where="next_at IS NOT NULL"),
        partial_index("message_lease", "lease_until", where="lease_until IS NOT NULL"),
        Index(
            "message_open",
            "status",
            sqlite_where=text("status IN ('uncertain', 'held')"),
            postgresql_where=text("status IN ('uncertain', 'held')"),
        ),
        partial_index("message_asked", "name", where=OPEN_ASK),
        partial_index("message_at_provider", "provider_id", where="provider_id IS NOT NULL"),
        Index("message_of_customer", "customer_id", "made_at"),
        Index("message_of_run", "enrollment_id"),
        {"sqlite_with_rowid": False},
    )

    id: str = words(primary_key=True)
    customer_id: int = points_to("customer.id")
    enrollment_id: int | None = points_to("enrollment.id", nullable=True)
    due_at: int = moment()
    made_at: int = moment()
    next_at: int | None = moment(nullable=True)
    sent_at: int | None = moment(nullable=True)
    lease_until: int | None = moment(nullable=True)
    expires_at: int | None = moment(nullable=True)
    opened_at: int | None = moment(nullable=True)
    clicked_at: int | None = moment(nullable=True)
    replied_at: int | None = moment(nullable=True)
    bounced_at: int | None = moment(nullable=True)
    answered_at: int | None = moment(nullable=True)
    delivered_at: int | None = moment(nullable=True)
    complained_at: int | None = moment(nullable=True)
    fence: int = count()
    tries: int = count()
    visit: int = count()
    journey_id: int = points_to("journey.id", kind=Integer)
    counts: bool = Field()
    kind: str = words()
    status: str = words()
    node: str = words()
    name: str = words()
    channel: str = words()
    topic: str = words()
    owner: str | None = words(nullable=True)
    provider_id: str | None = words(nullable=True)
    reason: str | None = words(nullable=True)
    data: str | None = words(nullable=True)
    answer: str | None = words(nullable=True)


class Attempt(SQLModel, table=True):
    """Every try of a message. Append-only."""

    __tablename__ = "attempt"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    fence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: int = moment()
    outcome: str = words()
    reason: str | None = words(nullable=True)
    raw: str = words()


class Consent(SQLModel, table=True):
    """Everything ever said about permission. Append-only."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_of_customer", "customer_id", "id"),)

    id: int = number_key()
    customer_id: int = points_to("customer.id")
    channel: str = words()
    topic: str = words()
    granted: bool = Field()
    at: int = moment()
    recorded_at: int = moment()
    source: str = words()
    evidence: str = words()
    wording: str | None = words(nullable=True)
    version: str | None = words(nullable=True)


class Permission(SQLModel, table=True):
    """The present permission, as the ledger adds up."""

    __tablename__ = "permission"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = points_to("customer.id", primary_key=True)
    topic: str = words(primary_key=True)
    channel: str = words(primary_key=True)
    granted: bool = Field()
    at: int = moment()


class Suppression(SQLModel, table=True):
    """Addresses never to write to, in small letters."""

    __tablename__ = "suppression"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    address: str = words(primary_key=True)
    channel: str = words(primary_key=True)
    reason: str = words()
    at: int = moment()


class SegmentMember(SQLModel, table=True):
    """Who was in a segment when it was last worked out, for joins and leaves."""

    __tablename__ = "segment_member"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    segment: str = words(primary_key=True)
    customer_id: int = points_to("customer.id", primary_key=True)


class Switch(SQLModel, table=True):
    """Reasons why nothing may leave: ``kill`` and ``restored``. Both rows always exist, so that they can be locked."""

    __tablename__ = "switch"

    name: str = words(primary_key=True)
    reason: str | None = words(nullable=True)
    at: int | None = moment(nullable=True)


class Instance(SQLModel, table=True):
    """Whose database this is: one row."""

    __tablename__ = "instance"
    __table_args__ = (CheckConstraint("id = 1", name="instance_only_one"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    epoch: int = count()
    host: str = words()
    heartbeat: int = moment()


class Rendered(SQLModel, table=True):
    """What was handed over, word for word, for the inbox page."""

    __tablename__ = "rendered"
    __table_args__ = (Index("rendered_at", "at"),)

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    at: int = moment()
    address: str = words()
    sender: str = words()
    subject: str = words()
    html: str = words()
    text_part: str = words()
    headers: str = words()


METADATA = SQLModel.metadata
