"""The tables, as SQLModel classes: columns, keys, checks and indexes. Rows of these classes never leave the store.

Whole numbers for keys and times; a text is kept once and pointed at. What conditions ask about is JSON that the
database can read (``jsonb`` on PostgreSQL); what only we read back is plain text.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import DDL, CheckConstraint, Column, Index, Integer, UniqueConstraint, event, text
from sqlmodel import Field, SQLModel

from lifeloop.store import (  # they are part of the same tables
    erased_tables,  # noqa: F401
    halt_tables,  # noqa: F401
    intake_tables,  # noqa: F401
    message_tables,  # noqa: F401
    pace_tables,  # noqa: F401
    picture_tables,  # noqa: F401
    recipient_tables,  # noqa: F401
    report_tables,  # noqa: F401
    suspect_tables,  # noqa: F401
)
from lifeloop.store.columns import (
    BIG,
    DATA,
    by_month,
    count,
    moment,
    number_key,
    partial_index,
    points_to,
    record,
    small_key,
    words,
)
from lifeloop.store.months import KEYS

FINAL = "('completed', 'stopped', 'failed')"


class Customer(SQLModel, table=True):
    """A person we may write to; the row's lock orders everything that happens to them."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("key", name="customer_key"),
        Index("customer_email", text("lower(email)")),
        partial_index("customer_phone", "phone", where="phone IS NOT NULL"),
        Index("customer_timezone", "timezone", "id"),
    )

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
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False, **by_month("enrollment_id")}

    enrollment_id: int = points_to("enrollment.id", primary_key=True)
    seq: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    at: int = moment()
    visit: int = count()
    what: str = words()
    node: str | None = words(nullable=True)
    detail: str | None = words(nullable=True)
    data: str | None = words(nullable=True)


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


class Segment(SQLModel, table=True):
    """A segment that live journeys start from. ``digest``: the meaning by which its members were worked out.

    ``after_id``: a new meaning has been asked of customers up to this one; NULL: of everybody.
    """

    __tablename__ = "segment"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    name: str = words(primary_key=True)
    digest: str = words()
    asks_messages: int = count()
    after_id: int | None = moment(nullable=True)


class SegmentLook(SQLModel, table=True):
    """When somebody's membership must be worked out again: time may change it then. 0: something happened."""

    __tablename__ = "segment_look"
    __table_args__: ClassVar[Any] = (Index("segment_look_due", "due_at"), {"sqlite_with_rowid": False})

    segment: str = words(primary_key=True)
    customer_id: int = points_to("customer.id", primary_key=True)
    due_at: int = moment()


class Occasion(SQLModel, table=True):
    """When a calendar start comes round next for the customers of one time zone.

    ``place``: which of the plan's triggers. ``zone``: as customers were told it; empty: who has none; ``*``: everybody.
    ``after_id``: once it has come, how far calling in its people has got.
    """

    __tablename__ = "occasion"
    __table_args__: ClassVar[Any] = (Index("occasion_due", "journey_id", "due_at"), {"sqlite_with_rowid": False})

    journey_id: int = points_to("journey.id", kind=Integer, primary_key=True)
    place: int = Field(sa_column=Column(Integer, primary_key=True, nullable=False))
    zone: str = words(primary_key=True)
    due_at: int = moment()
    after_id: int = Field(default=0, sa_column=Column(BIG, nullable=False, server_default="0"))


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


METADATA = SQLModel.metadata

for _name in KEYS:  # months come later: see ``months``
    _default = DDL(f"CREATE TABLE {_name}_default PARTITION OF {_name} DEFAULT")  # type: ignore[no-untyped-call]
    event.listen(METADATA.tables[_name], "after_create", _default.execute_if(dialect="postgresql"))
