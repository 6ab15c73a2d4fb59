"""The tables behind the ingest API: who may write, what arrived already, what was refused, who was somebody else."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import BIG, count, moment, points_to, small_key, words


class WriteKey(SQLModel, table=True):
    """A key that lets a system write to us. ``digest``: SHA-256 of the key, which itself is kept nowhere.

    Several rows of one name are one key through its rotations. ``rate``: events a second; NULL for as many as come.
    """

    __tablename__ = "write_key"
    __table_args__ = (UniqueConstraint("digest", name="write_key_digest"),)

    id: int = small_key()
    name: str = words()
    digest: str = words()
    hint: str = words()
    scopes: str = words()
    origins: str = words()
    rate: int | None = moment(nullable=True)
    signing: str | None = words(nullable=True)
    made_at: int = moment()
    expires_at: int | None = moment(nullable=True)


class Alias(SQLModel, table=True):
    """A customer who turned out to be another. ``former_id`` stands in links of mails that were sent before."""

    __tablename__ = "alias"
    __table_args__: ClassVar[Any] = (
        Index("alias_of_customer", "customer_id"),
        UniqueConstraint("former_id", name="alias_former"),
        {"sqlite_with_rowid": False},
    )

    key: str = words(primary_key=True)
    former_id: int = moment()
    customer_id: int = points_to("customer.id")
    at: int = moment()


class Arrival(SQLModel, table=True):
    """What arrived that is no event and brought an id, its ``key``: known again for a while, as events are for ever."""

    __tablename__ = "arrival"
    __table_args__: ClassVar[Any] = (Index("arrival_received", "received_at"), {"sqlite_with_rowid": False})

    source: str = words(primary_key=True)
    key: str = words(primary_key=True)
    digest: int = moment()
    received_at: int = moment()


class Refusal(SQLModel, table=True):
    """What came under an id that already stood for something else: kept to be looked at, counted, never applied."""

    __tablename__ = "refusal"
    __table_args__: ClassVar[Any] = (
        Index("refusal_of_customer", "customer_id"),
        Index("refusal_at", "at"),
        {"sqlite_with_rowid": False},
    )

    source: str = words(primary_key=True)
    message_id: str = words(primary_key=True)
    digest: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    customer_id: int = points_to("customer.id")
    name: str = words()
    at: int = moment()
    times: int = count()
    body: str = words()
