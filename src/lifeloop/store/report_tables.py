"""What providers told: the reports that came by themselves, and what was asked about messages whose answer was lost."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, Index, Integer
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import count, moment, partial_index, words


class Report(SQLModel, table=True):
    """One report. ``mark`` stands for the address without giving it away. ``open`` 1: it waits for our own commit."""

    __tablename__ = "report"
    __table_args__: ClassVar[Any] = (
        Index("report_of_address", "mark", "at"),
        Index("report_of_message", "message_id"),
        Index("report_received", "received_at"),
        partial_index("report_open", "received_at", where="open = 1"),
        {"sqlite_with_rowid": False},
    )

    source: str = words(primary_key=True)
    key: str = words(primary_key=True)
    kind: str = words()
    grade: str = words()
    message_id: str | None = words(nullable=True)
    mark: str = words()
    at: int = moment()
    received_at: int = moment()
    reason: str = words()
    raw: str | None = words(nullable=True)
    open: int = count()


class Lookup(SQLModel, table=True):
    """One question to a provider about one message. ``said`` None: it was asked, and no answer was written."""

    __tablename__ = "lookup"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    message_id: str = words(primary_key=True)
    nth: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: int = moment()
    said: str | None = words(nullable=True)
