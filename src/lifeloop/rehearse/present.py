"""How somebody stands at a moment: what a rehearsal goes on from, where it does not begin with an empty sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine.routing import Routes
from lifeloop.engine.values import Answer, Candidate, Event, Sale, Sent, State, Status
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan

Place = tuple[str, str, str]
"""Journey, trigger, subject: what makes a candidate another one."""


@dataclass(slots=True, eq=False)
class Run:
    """A passage through one journey. ``rests``: the journey is paused, so it is not moved."""

    plan: Plan
    state: State
    subject: str
    key: str
    object_key: str | None = None
    rests: bool = False

    @property
    def active(self) -> bool:
        """Whether it is still on the way."""
        return self.state.status is Status.WAITING

    @property
    def due_at(self) -> Instant | None:
        """When it is looked at next; None when it is over, or rests."""
        return self.state.due_at if self.active and not self.rests else None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody as they are known: ``runs`` with those that are over, ``waiting`` where they may enter and from when.

    ``sent`` and ``answers`` say of which run they are, where that is still on the way. ``members``: the segments they
    were in when those were last worked out.
    """

    person: Person
    events: tuple[Event, ...] = ()
    sent: tuple[tuple[Run | None, Sent], ...] = ()
    answers: tuple[tuple[Run, Answer], ...] = ()
    runs: tuple[Run, ...] = ()
    waiting: Mapping[Place, Candidate] = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    suppressed: frozenset[str] = frozenset()
    paused_until: Instant | None = None
    pace: Literal["weekly"] | None = None
    sales: tuple[Sale, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What all lives of one rehearsal stand on. ``live``: journeys whose starts are written down with each customer.

    Of all other journeys the starts are counted from the customers' data, as they are when a journey goes live.
    """

    routes: Routes
    live: frozenset[str] = frozenset()
