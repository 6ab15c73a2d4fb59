"""What stays of people who were erased: nothing that says who they were to anybody who cannot name them first."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from lifeloop.store.columns import moment, number_key, words


class ProjectKey(SQLModel, table=True):
    """The project's own secrets, made once: ``erased`` keys the hashes of erased people's addresses."""

    __tablename__ = "project_key"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    name: str = words(primary_key=True)
    value: str = words()


class Erasure(SQLModel, table=True):
    """The log of erasures. ``mark``: keyed hash of an id or address, so that asking twice is answered."""

    __tablename__ = "erasure"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    mark: str = words(primary_key=True)
    at: int = moment()


class KeptConsent(SQLModel, table=True):
    """Proof of what an erased person once said. ``mark``: keyed hash of their address, or of their id."""

    __tablename__ = "kept_consent"
    __table_args__ = (Index("kept_consent_of", "mark"),)

    id: int = number_key()
    mark: str = words()
    channel: str = words()
    topic: str = words()
    granted: bool = Field()
    at: int = moment()
    recorded_at: int = moment()
    source: str = words()
    method: str = words()
    wording: str | None = words(nullable=True)
    version: str | None = words(nullable=True)
