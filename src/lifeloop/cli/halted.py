"""What is halted, since when, by whom and why: in words, and as a part of a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, when, zone_for
from lifeloop.cli.shapes import ANYTHING, INSTANT, TEXT, by_name, fields_of, one_of

if TYPE_CHECKING:
    from lifeloop.engine.breaker import Trip
    from lifeloop.store.halts import HaltRow
    from lifeloop.work.workspace import Workspace

_WHAT = {"what": one_of("journey", "message", "provider"), "name": TEXT, "by": TEXT, "reason": TEXT}
HALT = fields_of(**_WHAT, at=INSTANT, figures=by_name(ANYTHING))
"""One thing that is halted. ``by``: the breaker, or ``hand``; ``figures``: what the breaker saw."""
TRIP = fields_of(**_WHAT)
"""One thing that a breaker has just halted."""


def say_halts(here: Here, space: Workspace, rows: Sequence[HaltRow]) -> None:
    """Say what is halted, and how it goes again."""
    now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    for one in rows:
        by = "by hand" if one.by == "hand" else f"by the breaker {one.by}"
        head = f"The {one.scope} {one.name} is halted since {when(one.at, zone, now)}, {by}:"
        here.out.print(Text(head, "bold red"), one.reason, f"to let it go:  lifeloop release {one.name}", "")


def halt_document(one: HaltRow) -> dict[str, Any]:
    """Return one halt as JSON says it."""
    return {**trip_document(one), "at": iso(one.at), "figures": dict(one.figures)}


def trip_document(one: HaltRow | Trip) -> dict[str, Any]:
    """Return what was halted, by whom and why, as JSON says it."""
    return {"what": one.scope, "name": one.name, "by": one.by, "reason": one.reason}
