"""The tables by which it is found out who ends the processes that work on them."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import BIG, count, moment, words


class Begun(SQLModel, table=True):
    """A batch that a process is about to take: the row goes with its commit, so one that stays tells of a death.

    ``kind``: ``candidate`` or ``enrollment``. ``picked``: JSON of what it takes. ``alone``: the only row it takes.
    """

    __tablename__ = "begun"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    ticket: str = words(primary_key=True)
    kind: str = words()
    picked: str = words()
    alone: int | None = moment(nullable=True)
    at: int = moment()


class Suspect(SQLModel, table=True):
    """A row that was in hand when a process died: how often ``together`` with others, how often ``alone``.

    Once set aside for good, a candidate is a failed run (``enrollment_id``), and ``kept`` is JSON of what it was.
    """

    __tablename__ = "suspect"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    kind: str = words(primary_key=True)
    row_id: int = Field(sa_column=Column(BIG, primary_key=True, autoincrement=False))
    fence: int = count()
    together: int = count()
    alone: int = count()
    enrollment_id: int | None = moment(nullable=True)
    kept: str | None = words(nullable=True)
