"""The ``delivery`` block, of a project or of a journey: hours, gap, limit, topic, time zone, holidays, volume."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from zoneinfo import available_timezones

from lifeloop.journey.breakers_reader import read_rate
from lifeloop.journey.catalogue import Delivery
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_hours, read_limit
from lifeloop.journey.nearest import nearest
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar
from lifeloop.journey.words import DELIVERY

_HOLIDAYS = ("avoid", "ignore")
_RECOVERY = ("wait", "skip", "send")


def read_delivery(node: Node, report: Report, topics: Iterable[str] = ()) -> Delivery:
    """Return what a ``delivery`` block says; what is not said, or not sound, is None. ``topics``: the declared ones."""
    block = one_block(node, "delivery", report)
    if block is None:
        return Delivery()
    check_keys(block, [word.name for word in DELIVERY], "to delivery", report)
    said = {key: _text(block, key, report) for key in ("hours", "gap", "limit", "topic", "timezone", "volume")}
    hours, gap, limit, topic, zone, volume = said.values()
    holidays, recovery = block.value("holidays"), block.value("recovery")
    return Delivery(
        hours=read_hours(hours, report) if hours else None,
        gap=read_length(gap, report) if gap else None,
        limit=read_limit(limit, report) if limit else None,
        topic=_topic(topic, topics, report) if topic else None,
        timezone=_zone_or_customer(zone, report) if zone else None,
        holidays=one_of(holidays, "holidays", _HOLIDAYS, report) if holidays else None,  # type: ignore[arg-type]
        recovery=one_of(recovery, "recovery", _RECOVERY, report) if recovery else None,  # type: ignore[arg-type]
        volume=read_rate(volume, report) if volume else None,
    )


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones that are known here."""
    return frozenset(available_timezones())


def read_zone(scalar: Scalar, report: Report) -> str | None:
    """Return the name of a time zone, such as ``Europe/Lisbon``."""
    if scalar.text in time_zones():
        return scalar.text
    near = nearest(scalar.text, time_zones()) or _zone_of_city(scalar.text)
    label = f'did you mean "{near}"?' if near else "write a region and a city, for example Europe/Lisbon"
    fixes = (Suggestion(near),) if near else ()
    report.add("J184", f'there is no time zone "{scalar.text}"', scalar.place, label=label, suggestions=fixes)
    return None


def _zone_of_city(text: str) -> str | None:
    city = text.strip().replace(" ", "_").lower()
    return next((zone for zone in sorted(time_zones()) if zone.lower().endswith(f"/{city}")), None)


def _zone_or_customer(scalar: Scalar, report: Report) -> str | None:
    return scalar.text if scalar.text == "customer" else read_zone(scalar, report)


def _topic(scalar: Scalar, topics: Iterable[str], report: Report) -> str | None:
    known = list(topics)
    if scalar.text in known or scalar.text == "service":
        return scalar.text
    near = nearest(scalar.text, known)
    label = f'did you mean "{near}"?' if near else "topics are declared in lifeloop.yaml, with their legal basis"
    fixes = (Suggestion(near),) if near else ()
    report.add("J161", f'there is no topic "{scalar.text}"', scalar.place, label=label, suggestions=fixes)
    return None


def _text(block: Map, key: str, report: Report) -> Scalar | None:
    node = block.value(key)
    return one_text(node, key, report) if node is not None else None
