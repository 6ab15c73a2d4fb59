"""The tables behind recipients' own pages: what they prefer, what they were asked, which links they were sent."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import BIG, count, moment, number_key, partial_index, points_to, words


class Preference(SQLModel, table=True):
    """How often somebody wants to hear from us. ``pace``: ``weekly``, or NULL for as often as the project says."""

    __tablename__ = "preference"

    customer_id: int = points_to("customer.id", primary_key=True)
    pace: str | None = words(nullable=True)
    paused_until: int | None = moment(nullable=True)
    at: int = moment()


class Sale(SQLModel, table=True):
    """A sale in which we got an address: what lets us write to our own customers about similar things (soft opt-in).

    ``offered``: they could say no to it right there, at no cost. ``entity``: the company that sold.
    """

    __tablename__ = "sale"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = points_to("customer.id", primary_key=True)
    reference: str = words(primary_key=True)
    at: int = moment()
    recorded_at: int = moment()
    product: str = words()
    entity: str = words()
    offered: bool = Field()
    source: str = words()


class OptIn(SQLModel, table=True):
    """Somebody asked for a topic and has not said yes by mail yet. ``evidence``: how they asked."""

    __tablename__ = "opt_in"
    __table_args__ = (Index("opt_in_of_customer", "customer_id", "at"),)

    id: str = words(primary_key=True)
    customer_id: int = points_to("customer.id")
    topic: str = words()
    wording: str = words()
    version: str = words()
    source: str = words()
    evidence: str = words()
    at: int = moment()
    expires_at: int = moment()
    confirmed_at: int | None = moment(nullable=True)


class Link(SQLModel, table=True):
    """Where a click leads. Only what stands here is ever redirected to."""

    __tablename__ = "link"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    key: str = words(primary_key=True)
    url: str = words()
    journey: str = words()
    node: str = words()
    made_at: int = moment()


class Hit(SQLModel, table=True):
    """One opening or click of one person who said yes to it. ``settled`` 0: not yet judged with those around it."""

    __tablename__ = "hit"
    __table_args__ = (
        Index("hit_of_message", "message_id", "at"),
        partial_index("hit_open", "at", where="settled = 0"),
    )

    id: int = number_key()
    message_id: str = Field(sa_column=Column(Text, ForeignKey("message.id"), nullable=False))
    link_key: str | None = words(nullable=True)
    what: str = words()
    at: int = moment()
    by: str = words()
    settled: int = count()


class LinkCount(SQLModel, table=True):
    """How often a link was followed in an hour, by people and by machines. Nobody can be told apart in it."""

    __tablename__ = "link_count"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    link_key: str = words(primary_key=True)
    hour: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    by: str = words(primary_key=True)
    number: int = count()
