"""The table behind the pictures that operators see of journeys."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Integer
from sqlmodel import SQLModel

from lifeloop.store.columns import count, moment, points_to


class Picture(SQLModel, table=True):
    """When a journey's people may be counted again for its picture; ``stale``: something has happened since."""

    __tablename__ = "picture"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    journey_id: int = points_to("journey.id", kind=Integer, primary_key=True)
    next_at: int = moment()
    stale: int = count()
