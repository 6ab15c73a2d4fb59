"""Who may enter a journey, who is on the way, and what their moves leave behind: frozen rows, as in ``values``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lifeloop.clock import Instant
from lifeloop.engine.values import Candidate, State, Visited


class NewCandidate(NamedTuple):
    """Somebody who may enter. Unique per journey, customer, trigger and ``subject``.

    ``subject``: the object key of a date start, the event's ``seq``, the moment of a calendar start; what makes
    this start another one than the last.
    """

    customer_id: int
    candidate: Candidate
    subject: str = ""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A stored candidate, claimed."""

    id: int
    customer_id: int
    key: str
    subject: str
    candidate: Candidate


class NewRun(NamedTuple):
    """An enrollment to write. ``entry_key`` is unique per customer and journey; one active run per ``subject``."""

    customer_id: int
    journey: str
    plan: str
    state: State
    entry_key: str = ""
    subject: str = ""
    object_key: str | None = None


class Run(NamedTuple):
    """An enrollment as it was claimed. ``fence`` must be handed back unchanged when the move is saved."""

    id: int
    customer_id: int
    key: str
    journey: str
    plan: str
    entry_key: str
    subject: str
    object_key: str | None
    fence: int
    state: State
    kept: str | None = None
    """What it remembers, as it is stored: most moves hand it back unread."""


class Saved(NamedTuple):
    """One moved run: the ``fence`` it was claimed with, its new state, and the run as it was claimed."""

    id: int
    fence: int
    state: State
    before: Run | None = None


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier or present run, for ``again``."""

    id: int
    customer_id: int
    entry_key: str
    subject: str
    status: str
    started_at: Instant


class Line(NamedTuple):
    """One ``Visited`` of one move: under which fence the run was claimed, and its place in the move."""

    run_id: int
    fence: int
    place: int
    visited: Visited
