"""What is to be said, what became of it, and what it was word for word: by month on PostgreSQL."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import by_month, count, moment, partial_index, points_to, words
from lifeloop.store.endpoint_tables import FAILED_CALL

MESSAGE_STATUSES = (
    "('ready', 'attempting', 'sent', 'rejected', 'uncertain', 'assumed_sent', 'suppressed', 'capped', 'expired',"
    " 'cancelled', 'held')"
)
OPEN_ASK = "kind = 'ask' AND answered_at IS NULL"


class Message(SQLModel, table=True):
    """The outbox and the ledger in one: a row with ``sent_at`` is a reservation that gaps and limits count.

    ``sent_at`` is set with the mark, in the gate's transaction under the customer's lock, and taken back only
    when the message surely did not leave. So counting rows is counting reservations, and no second table can differ.
    ``reserved_at``: an earlier try may have arrived, so the row counts from then on, whatever becomes of later tries.
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
        partial_index("message_failed", "name", where=FAILED_CALL),
        partial_index("message_at_provider", "provider_id", where="provider_id IS NOT NULL"),
        Index("message_of_customer", "customer_id", "made_at"),
        Index("message_of_run", "enrollment_id"),
        {"sqlite_with_rowid": False, **by_month("id")},
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
    reserved_at: int | None = moment(nullable=True)
    way: str | None = words(nullable=True)


class Attempt(SQLModel, table=True):
    """Every try of a message. Append-only."""

    __tablename__ = "attempt"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False, **by_month("message_id")}

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    fence: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: int = moment()
    outcome: str = words()
    reason: str | None = words(nullable=True)
    raw: str = words()


class Rendered(SQLModel, table=True):
    """What was handed over, word for word, for the inbox page."""

    __tablename__ = "rendered"
    __table_args__ = (Index("rendered_at", "at"), by_month("message_id"))

    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), primary_key=True))
    at: int = moment()
    address: str = words()
    sender: str = words()
    subject: str = words()
    html: str = words()
    text_part: str = words()
    headers: str = words()
