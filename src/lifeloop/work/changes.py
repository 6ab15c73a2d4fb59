"""How the files of a project stand to what is live: what a publication would change, and whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lifeloop.store import enrollments, journeys
from lifeloop.store.values import JourneyRow
from lifeloop.work.workspace import Workspace

How = Literal["new", "changed", "same", "removed", "broken"]


@dataclass(frozen=True, slots=True)
class Change:
    """What publishing would do to one journey. ``people``: how many are on the way, who keep the plan they began."""

    journey: str
    how: How
    people: int


def changes(space: Workspace) -> tuple[Change, ...]:
    """Return what publishing would do, journey by journey; without those long gone that nobody is on the way in."""
    with space.store.reading() as tx:
        rows = {row.name: row for row in journeys.rows(tx)}
        names = sorted(rows.keys() | space.project.journeys.keys())
        people = {name: sum(count for _, count, _ in enrollments.standing(tx, name)) for name in rows}
    found = (Change(name, _how(space, name, rows.get(name)), people.get(name, 0)) for name in names)
    return tuple(one for one in found if one.how != "removed" or one.people or rows[one.journey].digest is not None)


def is_new(space: Workspace) -> bool:
    """Tell whether nothing was ever published here."""
    with space.store.reading() as tx:
        return not journeys.rows(tx)


def differing(space: Workspace) -> tuple[str, ...]:
    """Return the journeys that are not live as they are written."""
    return tuple(one.journey for one in changes(space) if one.how in ("new", "changed"))


def _how(space: Workspace, name: str, row: JourneyRow | None) -> How:
    journey = space.project.journeys.get(name)
    if journey is None:
        return "removed"
    if journey.plan is None:
        return "broken"
    if row is None or row.digest is None:
        return "new"
    return "same" if row.digest == journey.plan.digest else "changed"
