"""How texts are written: ``render: {processes: 2, seconds: 1, megabytes: 256}``."""

from __future__ import annotations

from lifeloop.journey.catalogue import Rendering
from lifeloop.journey.shape import check_keys, one_block, one_text
from lifeloop.journey.source import Map, Node, Report

LIMITS = {"processes": (0, 64), "seconds": (1, 60), "megabytes": (32, 4096)}
"""The least and the most of each."""


def read_rendering(node: Node | None, report: Report) -> Rendering:
    """Return in how many processes texts are written, and what one text may take."""
    block = one_block(node, "render", report) if node is not None else None
    if block is None:
        return Rendering()
    check_keys(block, LIMITS, "to render", report)
    said = {key: number for key in LIMITS if (number := _number(block, key, report)) is not None}
    return Rendering(**said)


def _number(block: Map, key: str, report: Report) -> int | None:
    node, (least, most) = block.value(key), LIMITS[key]
    text = one_text(node, key, report) if node is not None else None
    if text is None:
        return None
    if text.text.isascii() and text.text.isdigit() and least <= int(text.text) <= most:
        return int(text.text)
    report.add("J184", f'{key} cannot be "{text.text}"', text.place, label=f"a whole number from {least} to {most}")
    return None
