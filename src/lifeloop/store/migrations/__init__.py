"""Bringing the tables of a database up to date, on both kinds, by the scripts beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_ONE_AT_A_TIME = 7140233  # the number of PostgreSQL's lock for migrations: any number, but always this one


class TooNewError(RuntimeError):
    """The database was written by a newer Lifeloop."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"this database was made by a newer version of Lifeloop ({revision}): please update")


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config())


def config() -> Config:
    """Return Alembic's settings for these scripts."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    return settings


def upgrade(connection: Connection) -> None:
    """Run what is missing, in the connection's transaction: all of it or nothing. Concurrent callers wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
    script, settings = _scripts(), config()
    present = MigrationContext.configure(connection).get_current_revision()
    if present == script.get_current_head():
        return
    if present is not None and present not in {revision.revision for revision in script.walk_revisions()}:
        raise TooNewError(present)
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
