"""The tables behind breakers: what is halted, the counts that breakers judge by, and what was said to whom lately."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import BIG, count, moment, number_key, partial_index, points_to, words


class Halt(SQLModel, table=True):
    """Something that nothing leaves of, since when and why; once released, the record of it.

    ``scope``: ``journey``, ``message`` or ``provider``. ``by``: the breaker, or ``hand``. ``figures``: JSON of what
    the breaker saw. ``calm_until``: when what had gathered has left, at the pace of the release.
    """

    __tablename__ = "halt"
    __table_args__: ClassVar[Any] = (
        partial_index("halt_standing", "scope", "name", where="released_at IS NULL", unique=True),
    )

    id: int = number_key()
    scope: str = words()
    name: str = words()
    at: int = moment()
    by: str = words()
    reason: str = words()
    figures: str = words()
    released_at: int | None = moment(nullable=True)
    calm_until: int | None = moment(nullable=True)


class Tally(SQLModel, table=True):
    """How often something happened within one stretch of ten minutes. Nobody can be told apart in it."""

    __tablename__ = "tally"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    scope: str = words(primary_key=True)
    name: str = words(primary_key=True)
    what: str = words(primary_key=True)
    stretch: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    number: int = count()


class Said(SQLModel, table=True):
    """The same words to the same person: ``digest`` stands for message and data, ``message_id`` said them last."""

    __tablename__ = "said"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    customer_id: int = points_to("customer.id", primary_key=True)
    digest: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    message_id: str = words()
    at: int = moment()
