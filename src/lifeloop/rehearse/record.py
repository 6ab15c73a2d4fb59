"""Changing one value inside a record, and naming a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lifeloop.engine.values import Record
from lifeloop.journey.catalogue import ObjectType
from lifeloop.journey.plan import Json


def inside(record: Record, path: Sequence[str], value: Json) -> Record:
    """Return a record with one value changed, however deep it lies."""
    first, *rest = path
    if not rest:
        return {**record, first: value}
    below = record.get(first)
    return {**record, first: cast("Json", inside(below if isinstance(below, dict) else {}, rest, value))}


def key_of(thing: Record, kind: ObjectType) -> str:
    """Return what makes a thing this one among its owner's."""
    return str(thing.get(kind.key))
