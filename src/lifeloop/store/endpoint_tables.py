"""The table of outside systems that do not take what they are given."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import SQLModel

from lifeloop.store.columns import moment, words

FAILED_CALL = "kind = 'call' AND status IN ('rejected', 'held')"
"""Calls that nobody took and that are not tried any more: they wait for a person."""


class Endpoint(SQLModel, table=True):
    """A connection that is in trouble; one without a row is well. ``disabled_at``: nothing is sent there since."""

    __tablename__ = "endpoint"
    __table_args__: ClassVar[Any] = {"sqlite_with_rowid": False}

    name: str = words(primary_key=True)
    failing_since: int = moment()
    reason: str = words()
    disabled_at: int | None = moment(nullable=True)
