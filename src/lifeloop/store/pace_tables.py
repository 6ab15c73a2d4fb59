"""The tables that all workers share to go no faster than a provider takes: its pace, and who is at its counter."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import SQLModel

from lifeloop.store.columns import count, moment, words


class Pace(SQLModel, table=True):
    """How fast one way out was used, and how it goes there. One row per way; its lock orders all who ask.

    While a way warms up, what each domain sent by it today is counted in a row of its own, ``way@domain``.
    """

    __tablename__ = "pace"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    name: str = words(primary_key=True)
    next_free: int = moment()
    """Millionths of a second: until when the rate is used up, if it were handed out evenly."""
    booked: int = moment()
    day: str = words()
    used: int = count()
    closed_until: int | None = moment(nullable=True)
    slowed: int = count()
    state: str = words()
    retry_at: int | None = moment(nullable=True)
    opened: int = count()
    since: int | None = moment(nullable=True)
    tried: int = count()
    failed: int = count()
    in_a_row: int = count()
    why: str | None = words(nullable=True)


class Seat(SQLModel, table=True):
    """Requests that one batch of one worker may have under way at a way out; it ends by itself if the worker dies."""

    __tablename__ = "seat"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    way: str = words(primary_key=True)
    ticket: str = words(primary_key=True)
    seats: int = count()
    until: int = moment()
