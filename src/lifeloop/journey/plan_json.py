"""A plan as JSON and back, and its digest: the same plan gives the same letters on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, time
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from lifeloop.journey.plan import Plan

if TYPE_CHECKING:
    from pydantic import TypeAdapter

DIGEST_BYTES = 16


def plan_to_json(plan: Plan) -> str:
    """Return a plan as canonical JSON: keys in order, nothing between the signs."""
    return json.dumps(_plain(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plan_from_json(text: str) -> Plan:
    """Return the plan that ``plan_to_json`` wrote."""
    return _adapter().validate_json(text)


def with_digest(plan: Plan) -> Plan:
    """Return the plan with the digest of everything else in it."""
    written = plan_to_json(replace(plan, digest=""))
    return replace(plan, digest=blake2b(written.encode(), digest_size=DIGEST_BYTES).hexdigest())


@cache
def _adapter() -> TypeAdapter[Plan]:
    # Imported late: most commands never read a plan back, and pydantic takes its time.
    from pydantic import TypeAdapter

    return TypeAdapter(Plan)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, date | time):
        return value.isoformat()
    return value
