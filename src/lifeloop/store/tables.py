"""The tables, as SQLModel classes: columns, keys, checks and indexes. Rows of these classes never leave the store.

Whole numbers for keys and times; a text is kept once and pointed at. What conditions ask about is JSON that the
database can read (``jsonb`` on PostgreSQL); what only we read back is plain text.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

BIG = BigInteger().with_variant(Integer, "sqlite")

DATA = JSON().with_variant(JSONB, "postgresql")

FINAL = "('completed', 'stopped', 'failed')"
MESSAGE_STATUSES = (
    "('ready', 'attempting', 'sent', 'rejected', 'uncertain', 'assumed_sent', 'suppressed', 'capped', 'expired',"
    " 'cancelled', 'held')"
)

OPEN_ASK = "kind = 'ask' AND status = 'sent' AND answered_at IS NULL"


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over some rows only: it stays small however much history there is."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def _key() -> Any:
    return Field(default=None, sa_column=Column(BIG, primary_key=True, autoincrement=True))


def _int_key() -> Any:
    return Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))


def _to(target: str, *, kind: Any = BIG, primary_key: bool = False, nullable: bool = False) -> Any:
    return Field(sa_column=Column(kind, ForeignKey(target), primary_key=primary_key, nullable=nullable))


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(BIG, nullable=nullable))


def _number(default: int = 0) -> Any:
    return Field(default=default, sa_column=Column(Integer, nullable=False, server_default=text(str(default))))


def _text(*, primary_key: bool = False, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, primary_key=primary_key, nullable=nullable))


def _data() -> Any:
    return Field(sa_column=Column(DATA, nullable=False))


class Customer(SQLModel, table=True):
    """A person we may write to; the row's lock orders everything that happens to them."""

    __tablename__ = "customer"
    __table_args__ = (UniqueConstraint("key", name="customer_key"), Index("customer_email", text("lower(email)")))

    id: int = _key()
    key: str = _text()
    email: str | None = _text(nullable=True)
    phone: str | None = _text(nullable=True)
    locale: str | None = _text(nullable=True)
    timezone: str | None = _text(nullable=True)
    data: dict[str, Any] = _data()
    created_at: int = _moment()
    updated_at: int = _moment()


class Thing(SQLModel, table=True):
    """A contract, an order, a subscription of a customer."""

    __tablename__ = "object"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = _to("customer.id", primary_key=True)
    kind: str = _text(primary_key=True)
    key: str = _text(primary_key=True)
    fields: dict[str, Any] = Field(sa_column=Column("fields", DATA, nullable=False))
    updated_at: int = _moment()


class Event(SQLModel, table=True):
    """The inbox of facts; ``digest`` tells a repetition from another body under the same id."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("source", "message_id", name="event_once"),
        Index("event_of_customer", "customer_id", "name", "seq"),
        {"sqlite_autoincrement": True},
    )

    seq: int = _key()
    source: str = _text()
    message_id: str = _text()
    customer_id: int = _to("customer.id")
    name: str = _text()
    at: int = _moment()
    received_at: int = _moment()
    digest: int = _moment()
    data: dict[str, Any] = _data()


class Journey(SQLModel, table=True):
    """Which plan is live. The gate reads ``paused_at`` under a lock: a pause holds from its commit on."""

    __tablename__ = "journey"
    __table_args__ = (UniqueConstraint("name", name="journey_name"),)

    id: int = _int_key()
    name: str = _text()
    plan_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    paused_at: int | None = _moment(nullable=True)
    reason: str | None = _text(nullable=True)
    published_at: int = _moment()


class Plan(SQLModel, table=True):
    """A compiled journey by digest; never changed."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("digest", name="plan_digest"),)

    id: int = _int_key()
    journey_id: int = _to("journey.id", kind=Integer)
    digest: str = _text()
    body: str = _text()
    made_at: int = _moment()


class Candidate(SQLModel, table=True):
    """Somebody who may enter, and from when."""

    __tablename__ = "candidate"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey_id", "trigger", "subject", name="candidate_once"),
        Index("candidate_due", "journey_id", "due_at"),
    )

    id: int = _key()
    journey_id: int = _to("journey.id", kind=Integer)
    customer_id: int = _to("customer.id")
    due_at: int = _moment()
    trigger: str = _text()
    subject: str = _text()
    start: str | None = _text(nullable=True)
    event_seq: int | None = _moment(nullable=True)
    object_key: str | None = _text(nullable=True)


class Enrollment(SQLModel, table=True):
    """One customer's passage through one journey; ``fence`` grows with every move."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey_id", "entry_key", name="enrollment_once"),
        _partial("enrollment_active", "customer_id", "journey_id", "subject", where="status = 'waiting'", unique=True),
        _partial("enrollment_due", "journey_id", "due_at", where="due_at IS NOT NULL"),
        CheckConstraint(
            f"(status = 'waiting' AND due_at IS NOT NULL) OR (status IN {FINAL} AND due_at IS NULL)",
            name="enrollment_one_state",
        ),
        CheckConstraint("fence >= 0 AND visit >= 0", name="enrollment_grows"),
    )

    id: int = _key()
    customer_id: int = _to("customer.id")
    due_at: int | None = _moment(nullable=True)
    deadline: int | None = _moment(nullable=True)
    since: int = _moment()
    since_seq: int = _moment()
    started_at: int = _moment()
    converted_at: int | None = _moment(nullable=True)
    fence: int = _number()
    visit: int = _number()
    journey_id: int = _to("journey.id", kind=Integer)
    plan_id: int = _to("plan.id", kind=Integer)
    status: str = _text()
    node: str | None = _text(nullable=True)
    entry_key: str = _text()
    subject: str = _text()
    object_key: str | None = _text(nullable=True)
    reason: str | None = _text(nullable=True)
    kept: str | None = _text(nullable=True)


class Visit(SQLModel, table=True):
    """The append-only history of runs. ``seq`` is derived from the move's fence, so a move is written once."""

    __tablename__ = "visit"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    enrollment_id: int = _to("enrollment.id", primary_key=True)
    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    at: int = _moment()
    visit: int = _number()
    what: str = _text()
    node: str | None = _text(nullable=True)
    detail: str | None = _text(nullable=True)
    data: str | None = _text(nullable=True)


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
        _partial("message_due", "journey_id", "next_at", where="next_at IS NOT NULL"),
        _partial("message_lease", "lease_until", where="lease_until IS NOT NULL"),
        Index(
            "message_open",
            "status",
            sqlite_where=text("status IN ('uncertain', 'held')"),
            postgresql_where=text("status IN ('uncertain', 'held')"),
        ),
        _partial("message_asked", "name", where=OPEN_ASK),
        Index("message_of_customer", "customer_id", "made_at"),
        Index("message_of_run", "enrollment_id"),
        {"sqlite_with_rowid": False},
    )

    id: str = _text(primary_key=True)
    customer_id: int = _to("customer.id")
    enrollment_id: int | None = _to("enrollment.id", nullable=True)
    due_at: int = _moment()
    made_at: int = _moment()
    next_at: int | None = _moment(nullable=True)
    sent_at: int | None = _moment(nullable=True)
    lease_until: int | None = _moment(nullable=True)
    expires_at: int | None = _moment(nullable=True)
    opened_at: int | None = _moment(nullable=True)
    clicked_at: int | None = _moment(nullable=True)
    replied_at: int | None = _moment(nullable=True)
    bounced_at: int | None = _moment(nullable=True)
    answered_at: int | None = _moment(nullable=True)
    fence: int = _number()
    tries: int = _number()
    visit: int = _number()
    journey_id: int = _to("journey.id", kind=Integer)
    counts: bool = Field()
    kind: str = _text()
    status: str = _text()
    node: str = _text()
    name: str = _text()
    channel: str = _text()
    topic: str = _text()
    owner: str | None = _text(nullable=True)
    provider_id: str | None = _text(nullable=True)
    reason: str | None = _text(nullable=True)
    data: str | None = _text(nullable=True)
    answer: str | None = _text(nullable=True)


class Attempt(SQLModel, table=True):
    """Every try of a message. Append-only."""

    __tablename__ = "attempt"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    fence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: int = _moment()
    outcome: str = _text()
    reason: str | None = _text(nullable=True)
    raw: str = _text()


class Consent(SQLModel, table=True):
    """Everything ever said about permission. Append-only."""

    __tablename__ = "consent"
    __table_args__ = (Index("consent_of_customer", "customer_id", "id"),)

    id: int = _key()
    customer_id: int = _to("customer.id")
    channel: str = _text()
    topic: str = _text()
    granted: bool = Field()
    at: int = _moment()
    recorded_at: int = _moment()
    source: str = _text()
    evidence: str = _text()


class Permission(SQLModel, table=True):
    """The present permission, as the ledger adds up."""

    __tablename__ = "permission"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = _to("customer.id", primary_key=True)
    topic: str = _text(primary_key=True)
    channel: str = _text(primary_key=True)
    granted: bool = Field()
    at: int = _moment()


class Suppression(SQLModel, table=True):
    """Addresses never to write to, in small letters."""

    __tablename__ = "suppression"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    address: str = _text(primary_key=True)
    channel: str = _text(primary_key=True)
    reason: str = _text()
    at: int = _moment()


class SegmentMember(SQLModel, table=True):
    """Who was in a segment when it was last worked out, for joins and leaves."""

    __tablename__ = "segment_member"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    segment: str = _text(primary_key=True)
    customer_id: int = _to("customer.id", primary_key=True)


class Switch(SQLModel, table=True):
    """Reasons why nothing may leave: ``kill`` and ``restored``. Both rows always exist, so that they can be locked."""

    __tablename__ = "switch"

    name: str = _text(primary_key=True)
    reason: str | None = _text(nullable=True)
    at: int | None = _moment(nullable=True)


class Instance(SQLModel, table=True):
    """Whose database this is: one row."""

    __tablename__ = "instance"
    __table_args__ = (CheckConstraint("id = 1", name="instance_only_one"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    epoch: int = _number()
    host: str = _text()
    heartbeat: int = _moment()


class Rendered(SQLModel, table=True):
    """What was handed over, word for word, for the inbox page."""

    __tablename__ = "rendered"
    __table_args__ = (Index("rendered_at", "at"),)

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    at: int = _moment()
    address: str = _text()
    sender: str = _text()
    subject: str = _text()
    html: str = _text()
    text_part: str = _text()
    headers: str = _text()


METADATA = SQLModel.metadata
