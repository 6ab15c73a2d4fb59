"""The kinds of columns that all tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

BIG = BigInteger().with_variant(Integer, "sqlite")

DATA = JSON().with_variant(JSONB, "postgresql")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over some rows only: it stays small however much history there is."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def by_month(key: str) -> dict[str, str]:
    """A table whose rows lie by month on PostgreSQL: see ``months``."""
    return {"postgresql_partition_by": f"RANGE ({key})"}


def number_key() -> Any:
    """A number of its own, as many as there will ever be."""
    return Field(default=None, sa_column=Column(BIG, primary_key=True, autoincrement=True))


def small_key() -> Any:
    """A number of its own, for what there are few of."""
    return Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))


def points_to(target: str, *, kind: Any = BIG, primary_key: bool = False, nullable: bool = False) -> Any:
    """A row of another table."""
    return Field(sa_column=Column(kind, ForeignKey(target), primary_key=primary_key, nullable=nullable))


def moment(*, nullable: bool = False) -> Any:
    """An instant."""
    return Field(default=None, sa_column=Column(BIG, nullable=nullable))


def count(default: int = 0) -> Any:
    """A whole number."""
    return Field(default=default, sa_column=Column(Integer, nullable=False, server_default=text(str(default))))


def words(*, primary_key: bool = False, nullable: bool = False) -> Any:
    """A text."""
    return Field(default=None, sa_column=Column(Text, primary_key=primary_key, nullable=nullable))


def record() -> Any:
    """JSON that the database can read."""
    return Field(sa_column=Column(DATA, nullable=False))
