"""Made-up but believable data from the catalogue's types, for previews: the same words give the same data, always."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Attribute, AttributeType, Catalogue
from lifeloop.journey.plan import Json
from lifeloop.message.names import Use, declared

_NAMES: tuple[tuple[str, str], ...] = (
    ("first_name", "Robin"),
    ("last_name", "Jansen"),
    ("name", "Robin Jansen"),
    ("city", "Rotterdam"),
    ("product", "the starter kit"),
    ("comment", "It was a little scratched"),
    ("subject", "A question about my bill"),
    ("reason", "I am moving house"),
    ("solution", "a new reader in the post"),
    ("offer", "10%"),
    ("about", "the delivery"),
)
_BY_FILTER: dict[str, AttributeType] = {
    "money": "money",
    "number": "number",
    "int": "number",
    "float": "number",
    "round": "number",
    "date": "date",
    "days_left": "date",
    "time": "datetime",
}


def sample_value(attribute: Attribute, now: Instant) -> Json:
    """Return a believable value of an attribute."""
    if attribute.choices:
        return attribute.choices[_figure(attribute.name, len(attribute.choices))]
    if attribute.low is not None or attribute.high is not None:
        low, high = int(attribute.low or 0), int(attribute.high if attribute.high is not None else 10)
        return low + _figure(attribute.name, high - low + 1)
    return _of_type(attribute, now)


def _of_type(attribute: Attribute, now: Instant) -> Json:
    name = attribute.name
    day = datetime.fromtimestamp(now, UTC) + timedelta(days=14 + _figure(name, 60))
    match attribute.type:
        case "number":
            return 1 + _figure(name, 9)
        case "money":
            return [59.9, 120, 24.5, 480][_figure(name, 4)]
        case "date":
            return day.date().isoformat()
        case "datetime":
            return day.replace(hour=10, minute=0, second=0).isoformat()
        case "boolean":
            return True
        case "email":
            return "robin@example.com"
        case "phone":
            return "+31 6 1234 5678"
        case "length":
            return "1 month"
        case _:
            return _text(name)


def _text(name: str) -> str:
    known = next((text for part, text in _NAMES if part in name), None)
    if known is not None:
        return known
    if name.endswith(("_id", "_number")) or name == "id":
        return f"{name[:1].upper()}-{100 + _figure(name, 900)}"
    return name.replace("_", " ")


def _figure(name: str, below: int) -> int:
    """Return a figure that depends on the name alone."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) % max(1, below)


def fill_in(context: dict[str, Any], uses: Iterable[Use], catalogue: Catalogue, now: Instant) -> tuple[str, ...]:
    """Put made-up data under the names that a text reads and the context lacks; return those names.

    What a customer lacks and the text can do without stays missing: that is what they would get.
    """
    made_up: list[str] = []
    for use in uses:
        root, _, rest = use.name.partition(".")
        key = rest.partition(".")[0]
        if use.spared and root not in {"event", "start"}:
            continue
        record = context.setdefault(root, {}) if rest else context
        name = key or root
        if isinstance(record, dict) and record.get(name) is None:
            record[name] = sample_value(_attribute(use, root, name, catalogue), now)
            made_up.append(use.name)
    return tuple(dict.fromkeys(made_up))


def _attribute(use: Use, root: str, name: str, catalogue: Catalogue) -> Attribute:
    """Return what is declared, else what the text's own filters expect."""
    known = (declared("event" if root == "start" else root, catalogue) or {}).get(name)
    if known is not None:
        return known
    found = re.search(rf"{re.escape(use.name)}\s*(?:\|\s*default\([^)]*\)\s*)?\|\s*(\w+)", use.piece.text)
    looks_counted = name in {"chapter", "round", "count", "days", "years"} or name.endswith(("_days", "_count"))
    return Attribute(name, _BY_FILTER.get(found[1] if found else "", "number" if looks_counted else "text"))
