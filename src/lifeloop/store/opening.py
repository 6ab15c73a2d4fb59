"""Opening a database: which kind it is, how its transactions begin, and bringing its tables up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lifeloop.store.transaction import Tx


class Store:
    """One database. ``transaction`` writes, ``reading`` reads, both give a ``Tx`` that every other module takes first."""

    url: str
    postgres: bool

    def migrate(self) -> None:
        """Bring the tables up to date; several may call it at once."""
        raise NotImplementedError

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Write: commits at the end, rolls back on an exception. BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL."""
        raise NotImplementedError
        yield

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Read only: takes no write lock."""
        raise NotImplementedError
        yield

    def close(self) -> None:
        """Let go of all connections."""
        raise NotImplementedError


def open_store(url: str) -> Store:
    """Open ``sqlite:///path.db`` or ``postgresql+psycopg://…``; nothing is created before ``migrate``."""
    raise NotImplementedError
