"""Reads ``delivery``: hours, gap, limit, topic, time zone, holidays."""

from __future__ import annotations

from functools import cache
from typing import Literal
from zoneinfo import available_timezones

from lifeloop.journey.catalogue import Delivery
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.known import Known, check_topic
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_hours, read_limit
from lifeloop.journey.nearest import nearest
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar
from lifeloop.journey.words import DELIVERY

_HOLIDAYS: tuple[Literal["avoid", "ignore"], ...] = ("avoid", "ignore")


def read_delivery(node: Node, known: Known, report: Report) -> Delivery:
    """Return what a journey says about delivery; what it does not say is None."""
    block = one_block(node, "delivery", report)
    if block is None:
        return Delivery()
    check_keys(block, tuple(word.name for word in DELIVERY), 'to "delivery"', report)
    said = {key: _said(block, key, report) for key in ("hours", "gap", "limit", "topic", "timezone")}
    holidays = block.value("holidays")
    return Delivery(
        hours=read_hours(said["hours"], report) if said["hours"] else None,
        gap=read_length(said["gap"], report) if said["gap"] else None,
        limit=read_limit(said["limit"], report) if said["limit"] else None,
        topic=check_topic(said["topic"], known, report) if said["topic"] else None,
        timezone=_zone(said["timezone"], report) if said["timezone"] else None,
        holidays=one_of(holidays, "holidays", _HOLIDAYS, report) if holidays is not None else None,
    )


def _said(block: Map, key: str, report: Report) -> Scalar | None:
    node = block.value(key)
    return one_text(node, key, report) if node is not None else None


def _zone(scalar: Scalar, report: Report) -> str:
    if scalar.text == "customer" or scalar.text in _zones():
        return scalar.text
    near = nearest(scalar.text, ("customer", *_zones()))
    label = f'did you mean "{near}"?' if near else "write customer, or a place such as Europe/Lisbon"
    fixes = (Suggestion(near),) if near else ()
    report.add("J128", f'there is no time zone "{scalar.text}"', scalar.place, label=label, suggestions=fixes)
    return "customer"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
