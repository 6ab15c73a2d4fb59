"""A sample customer of the project: for previews, rehearsals and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from lifeloop.journey.plan import Json


@dataclass(frozen=True, slots=True)
class Person:
    """``people/ana.yaml``. ``things``: objects by kind; ``consents``: topics granted (True) or withdrawn (False)."""

    name: str
    customer: Mapping[str, Json] = field(default_factory=dict)
    things: Mapping[str, tuple[Mapping[str, Json], ...]] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)
    sales: tuple[tuple[str, date], ...] = ()
    """What they bought and when, in sales at which they could say no to being written to."""
