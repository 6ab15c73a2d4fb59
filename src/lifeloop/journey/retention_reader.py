"""How long a project keeps what happened: ``retention: {texts: 90 days, events: 2 years}``. Nothing said: for ever."""

from __future__ import annotations

from lifeloop.journey.catalogue import Retention
from lifeloop.journey.lengths import read_length
from lifeloop.journey.shape import check_keys, one_block, one_text
from lifeloop.journey.source import Map, Node, Report

KEYS = ("texts", "events", "attempts", "visits", "messages")
YEAR, MONTHS = 365, 12


def read_retention(node: Node | None, report: Report) -> Retention:
    """Return after how many days each kind of history goes."""
    block = one_block(node, "retention", report) if node is not None else None
    if block is None:
        return Retention()
    check_keys(block, KEYS, "to retention", report)
    return Retention(**{key: _days(block, key, report) for key in KEYS})


def _days(block: Map, key: str, report: Report) -> int | None:
    node = block.value(key)
    text = one_text(node, key, report) if node is not None else None
    length = read_length(text, report) if text is not None else None
    if text is None or length is None:
        return None
    if length.seconds or length.working_days or not (length.days or length.months):
        report.add("J184", f'"{text.text}" is not a number of days', text.place, label="write  90 days  or  2 years")
        return None
    return length.days + length.months * YEAR // MONTHS
