"""Values from outside as both databases can keep them: no character and no number that JSON does not know."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from lifeloop.engine.values import Record
from lifeloop.journey.plan import Json

_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
UNREADABLE = "\ufffd"
"""What stands for a character that cannot be kept."""


def clean(value: Any) -> Json:
    """Return a value without what cannot be kept: such characters are replaced, such numbers are unknown."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return dict(clean_record(value))
    if isinstance(value, list | tuple):
        return [clean(one) for one in value]
    found: Json = value
    return found


def clean_record(record: Mapping[str, Any]) -> Record:
    """Return a record whose names and values can be kept."""
    return {clean_text(name): clean(value) for name, value in record.items()}


def clean_text(text: str) -> str:
    """Return a text with what cannot be kept marked as unreadable."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNKEEPABLE.sub(UNREADABLE, text)
