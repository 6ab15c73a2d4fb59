"""The ``breakers`` block of a project: ``{bounces: 3%, duplicate: off}``; and ``volume``, which journeys declare."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from lifeloop.journey.breakers import DAY, Breakers, Rate
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_limit
from lifeloop.journey.shape import check_keys, one_block, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar

OFF = "off"
SPAN = 7 * DAY
"""For how many seconds counts are kept."""
_NAMES = tuple(field.name for field in fields(Breakers))
_SHARE = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)\s*%")


def read_breakers(node: Node | None, report: Report) -> Breakers:
    """Return the thresholds of a project; what is not said, or not soundly, is as always."""
    block = one_block(node, "breakers", report) if node is not None else None
    if block is None:
        return Breakers()
    check_keys(block, _NAMES, "to breakers", report)
    return replace(Breakers(), **{name: value for name in _NAMES for value in _said(block, name, report)})


def read_rate(text: Scalar, report: Report) -> Rate | None:
    """Return ``2000 per day``: how many of all messages together, whoever gets them."""
    limit = read_limit(text, report)
    seconds = _seconds(limit.per, text, report) if limit else None
    return Rate(limit.count, seconds) if limit and seconds else None


def _said(block: Map, name: str, report: Report) -> list[Any]:
    """Return the value of one key, as a list of one; an empty one when it is not there or not sound."""
    node = block.value(name)
    text = one_text(node, name, report) if node is not None else None
    if text is None:
        return []
    if text.text == OFF and name != "release":  # what had gathered never leaves all at once
        return [False if name == "volume" else None]
    found = _READERS.get(name, _share)(text, report)
    return [] if found is None else [found]


def _share(text: Scalar, report: Report) -> Fraction | None:
    found = _SHARE.fullmatch(text.text.strip())
    if found and (share := Fraction(found[1]) / 100):
        return share
    report.add("J186", f'"{text.text}" is not a share', text.place, label="write, for example,  5%  or  0.1%  or  off")
    return None


def _usual(text: Scalar, report: Report) -> bool | None:
    if text.text == "usual":
        return True
    label = "write  usual  or  off; what a journey may send is declared under delivery:  volume: 2000 per day"
    report.add("J186", f'"{text.text}" cannot stand here', text.place, label=label)
    return None


def _length(text: Scalar, report: Report) -> int | None:
    length = read_length(text, report)
    return _seconds(length, text, report) if length else None


def _seconds(length: Length, text: Scalar, report: Report) -> int | None:
    seconds = length.days * DAY + length.seconds
    if not (length.months or length.working_days) and 0 < seconds <= SPAN:
        return seconds
    label = "say it in minutes, hours or days, 7 days at the most"
    report.add("J186", f'breakers do not look as far as "{text.text}"', text.place, label=label)
    return None


_READERS: dict[str, Callable[[Scalar, Report], Any]] = {"volume": _usual, "duplicate": _length, "release": read_rate}
