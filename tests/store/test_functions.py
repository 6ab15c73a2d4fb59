"""PostgreSQL reads a wall clock as the engine does: gaps, overlaps, offsets, nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from lifeloop.engine.stamps import instant_in
from lifeloop.engine.zones import zone_named
from lifeloop.store.opening import Store

ZONES = {
    "Europe/Amsterdam": 2026,
    "America/New_York": 2026,
    "Australia/Lord_Howe": 2026,  # half an hour
    "America/Santiago": 2026,  # at midnight
    "Africa/Casablanca": 2026,  # backwards in summer
    "Pacific/Apia": 2011,  # a whole day was left out
    "Asia/Kathmandu": 2026,  # never changes
}


def walls(name: str, year: int) -> list[str]:
    """Wall times around every clock change of a year."""
    zone = zone_named(name)
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(366 * 24)]
    local = [hour.astimezone(zone) for hour in hours]
    changes = [before for before, after in pairwise(local) if before.utcoffset() != after.utcoffset()] or local[:1]
    around = [timedelta(minutes=number * 10 + 5) for number in range(-26 * 6, 26 * 6)]
    return [(change.replace(tzinfo=None) + shift).isoformat() for change in changes for shift in around]


@pytest.mark.postgres
@pytest.mark.parametrize("zone", ZONES)
def test_wall_times_around_clock_changes(world, zone: str) -> None:
    times = walls(zone, ZONES[zone])
    assert instants(world.store, times, zone) == [instant_in(time, zone_named(zone)) for time in times]


def instants(store: Store, texts: list[str], zone: str) -> list[int | None]:
    with store.reading() as tx:
        rows = tx.ask(
            f"SELECT lifeloop_instant(r.text, :zone) AS at FROM {tx.table({'n': 'int', 'text': 'text'})} ORDER BY r.n",  # noqa: S608  # our words
            rows=[{"n": number, "text": text} for number, text in enumerate(texts)],
            zone=zone,
        )
    return [row.at for row in rows]


def test_texts_that_name_an_instant_and_texts_that_do_not(world) -> None:
    texts = [
        *(
            "2026-02-28",
            "2026-02-29",
            "2024-02-29",
            "2100-02-29",
            "2000-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
        ),
        *("0000-01-01", "0001-01-02", "9999-12-31", "2026-01-01T23:59:59Z", "2026-01-01T24:00Z", "2026-01-01T10:60Z"),
        *("2026-01-01T10:00:60Z", "2026-01-01T10:00:59.999999999Z", "2026-01-01T10:00+23:59", "2026-01-01T10:00-2359"),
        *("2026-01-01T10:00+23:60", "2026-01-01T10:00+99:00", "2026-01-01 10:00 Z", "2026-01-01T10:00z", "", "x"),
        *("2026-1-1", "2026-01-01T", "2026-01-01T10", " 2026-01-01T10:00Z\n", "2026-01-01X10:00", "२०२६-01-01"),
    ]
    zone = "Europe/Amsterdam"
    assert instants(world.store, texts, zone) == [instant_in(text, zone_named(zone)) for text in texts]
