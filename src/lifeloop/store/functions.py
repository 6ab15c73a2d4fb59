"""The one question that SQL cannot ask both databases in the same words: which instant a text names.

SQLite calls the engine's own Python function. PostgreSQL has a function of its own, which follows the table at
the head of ``lifeloop.engine.conditions`` and the promise of ``lifeloop.engine.zones``: a wall time that does not
exist is the first instant after the gap, one that happens twice is the first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, event

from lifeloop.engine.stamps import instant_in
from lifeloop.engine.zones import zone_named
from lifeloop.store.tables import METADATA

POSTGRES = r"""
CREATE OR REPLACE FUNCTION lifeloop_instant(value text, zone text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
  part text[] := regexp_match(value, '^\s*([0-9]{4})-([0-9]{2})-([0-9]{2})'
    '(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?)?\s*$');
  hours int; minutes int; seconds int; shift bigint;
  wall timestamp; said bigint; found bigint; earlier bigint; low bigint; high bigint; middle bigint; before bigint;
BEGIN
  IF part IS NULL OR part[1] = '0000' OR part[2] NOT BETWEEN '01' AND '12' OR part[3] NOT BETWEEN '01' AND '31' THEN
    RETURN NULL;
  END IF;
  hours := coalesce(part[4], '0')::int; minutes := coalesce(part[5], '0')::int; seconds := coalesce(part[6], '0')::int;
  IF hours > 23 OR minutes > 59 OR seconds > 59 OR part[3]::int > extract(day FROM
      make_date(part[1]::int, part[2]::int, 1) + interval '1 month' - interval '1 day') THEN
    RETURN NULL;
  END IF;
  wall := make_timestamp(part[1]::int, part[2]::int, part[3]::int, hours, minutes, seconds);
  said := extract(epoch FROM wall)::bigint;
  IF part[7] IS NOT NULL THEN
    RETURN said;
  END IF;
  IF part[8] IS NOT NULL THEN
    shift := part[9]::int * 3600 + part[10]::int * 60;
    RETURN CASE WHEN shift >= 86400 THEN NULL WHEN part[8] = '+' THEN said - shift ELSE said + shift END;
  END IF;
  found := extract(epoch FROM wall AT TIME ZONE zone)::bigint;
  IF lifeloop_wall(found, zone) <> said THEN  -- a gap: look for the moment the clock changed
    before := said - found; low := said - (lifeloop_wall(found, zone) - found); high := found;
    WHILE low < high LOOP
      middle := (low + high) / 2;
      IF lifeloop_wall(middle, zone) - middle <> before THEN high := middle; ELSE low := middle + 1; END IF;
    END LOOP;
    RETURN low;
  END IF;
  earlier := said - (lifeloop_wall(found - 86400, zone) - (found - 86400));
  IF earlier < found AND lifeloop_wall(earlier, zone) = said THEN  -- it happens twice: the first time counts
    RETURN earlier;
  END IF;
  RETURN found;
END $body$
"""
POSTGRES_WALL = """
CREATE OR REPLACE FUNCTION lifeloop_wall(instant bigint, zone text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $body$ SELECT extract(epoch FROM to_timestamp(instant) AT TIME ZONE zone)::bigint $body$
"""

for _function in (POSTGRES_WALL, POSTGRES):
    _ddl = DDL(_function)  # type: ignore[no-untyped-call]  # SQLAlchemy left it so
    event.listen(METADATA, "after_create", _ddl.execute_if(dialect="postgresql"))


def teach_sqlite(connection: Any) -> None:
    """Give a SQLite connection the same function."""
    connection.create_function("lifeloop_instant", 2, _instant, deterministic=True)


def _instant(text: object, zone: object) -> int | None:
    known = zone_named(zone if isinstance(zone, str) else None)
    return instant_in(text, known) if isinstance(text, str) and known else None
