"""Alembic's way in: runs the scripts on the connection that ``upgrade`` hands over."""

from __future__ import annotations

from alembic import context

from lifeloop.store.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
