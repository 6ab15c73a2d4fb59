"""Whether mail arrives: what providers reported of it lately, and what of that speaks against the sender's own name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store import reports
from lifeloop.store.transaction import Tx
from lifeloop.work.checking import Finding, Level
from lifeloop.work.workspace import Workspace

DAYS = 7
ENOUGH = 50
"""Messages of which must be known what became of them before a share of them says anything."""
BLOCKED, DEAD = 0.05, 0.05
COMPLAINED, TOO_MANY_COMPLAIN = 0.001, 0.003
"""What Gmail asks its senders to stay below, and what it enforces."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How many messages arrived, came back by reason, and were marked as spam."""

    arrived: int = 0
    hard: int = 0
    soft: int = 0
    blocked: int = 0
    """Refused because the sender is not welcome there, which says nothing about the person."""
    complained: int = 0

    @property
    def known(self) -> int:
        """Of how many it is known."""
        return self.arrived + self.hard + self.soft + self.blocked


def arrival(tx: Tx, now: Instant) -> Arrival:
    """Return what was reported in the last days."""
    told = reports.told(tx, now - DAYS * 86_400)
    return Arrival(
        arrived=told.get(("delivered", ""), 0),
        hard=told.get(("bounced", "hard"), 0) + told.get(("rejected", "hard"), 0),
        soft=told.get(("bounced", "soft"), 0),
        blocked=told.get(("bounced", "block"), 0),
        complained=told.get(("complained", ""), 0),
    )


def lately(space: Workspace) -> list[Finding]:
    """Return what is fine and what is not about the project's mail, once enough of it is known."""
    with space.store.reading() as tx:
        found = arrival(tx, space.clock.now())
    if found.known < ENOUGH:
        return []
    back = found.hard + found.soft + found.blocked
    said = f"{found.known:,} messages in {DAYS} days: {back:,} came back, {found.complained:,} marked as spam"
    return list(worries(found)) or [Finding("fine", said)]


def worries(found: Arrival) -> Iterator[Finding]:
    """Yield what speaks against the sender."""
    if found.known < ENOUGH:
        return
    if (share := found.blocked / found.known) > BLOCKED:
        what = f"{share:.1%} of {found.known:,} messages were refused because of who sends them"
        yield Finding("wrong", what, "lifeloop doctor domain YOUR-DOMAIN, and send less until it falls")
    if (share := found.hard / found.known) > DEAD:
        what = f"{share:.1%} of {found.known:,} messages went where nobody is"
        yield Finding("look", what, "where do these addresses come from? Ask for a yes by mail first")
    if (share := found.complained / found.known) > COMPLAINED:
        level: Level = "wrong" if share > TOO_MANY_COMPLAIN else "look"
        yield Finding(level, f"{share:.2%} of {found.known:,} messages were marked as spam; Gmail wants less than 0.1%")
