"""Batches that survive one who ends the process, whatever it is: memory, a crash, ``kill -9``.

An error in the engine is caught where it happens (``moving``). Death cannot be: so each batch is noted before it begins
(``lifeloop.store.suspects``), and whoever comes after the dead finds the note. Those who were in hand twice are tried
alone, the others go on without them; who dies alone as well is set aside, and an operator sees it.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count

from lifeloop.clock import Instant
from lifeloop.store import claims, enrollments, suspects
from lifeloop.store.claims import Due, Picked
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.suspects import Noted
from lifeloop.store.transaction import Tx
from lifeloop.work.moving import Moved, Which
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)

_US = f"{os.uname().nodename}:{{pid}}:{secrets.token_hex(8)}"
_NUMBERS = count()
Work = Callable[[Workspace, Instant, Which], Moved]


def carefully(space: Workspace, kind: Due, now: Instant, which: Which, work: Work) -> Moved:
    """Do one batch, and before it those who must be tried alone. ``work``: takes the batch in one transaction.

    What writes nothing, nothing is noted of; nor of a rehearsal, nor of a single customer's wave.
    """
    if which.dry_run or which.customer is not None or not space.live:
        return work(space, now, which)
    done = Moved()
    while True:
        batch, picked = _begin(space, kind, now, which)
        moved = _work(space, now, replace(which, ticket=batch.ticket, picked=picked), work)
        done = _both(done, moved)
        if batch.alone is None:
            return done


def _begin(space: Workspace, kind: Due, now: Instant, which: Which) -> tuple[Noted, Picked]:
    with space.store.transaction() as tx:
        _bury(tx, now)
        picked = _picked(tx, kind, now, which)
        alone = next(iter(picked.only)) if picked.only else None
        scope = claims.Which(which.journeys, which.shard, which.node)
        batch = Noted(_ticket(), kind, scope, which.limit, alone)
        suspects.note(tx, batch, now)
    return batch, picked


def _ticket() -> str:
    return f"{_US.format(pid=os.getpid())}:{next(_NUMBERS)}"


def _picked(tx: Tx, kind: Due, now: Instant, which: Which) -> Picked:
    """Return whom to take: somebody who was never tried alone, or everybody else, or at last who died alone before."""
    known = suspects.standing(tx, kind)
    if not known.all:
        return claims.ANY
    for ids in (known.untried, None, known.tried):
        picked = Picked(without=known.all) if ids is None else Picked(only=ids)
        found = claims.claim(tx, kind, now, 1, claims.Which(which.journeys, which.shard, which.node, picked=picked))
        if found:
            return picked if ids is None else Picked(only=found)
    return Picked(without=known.all)


def _work(space: Workspace, now: Instant, which: Which, work: Work) -> Moved:
    """Do a batch; of one that wrote nothing the note goes separately."""
    done = Moved()
    try:
        done = work(space, now, which)
    finally:
        if not done.claimed:
            with suppress(StoreBusy, StoreUnreachable), space.store.transaction() as tx:
                suspects.end(tx, which.ticket)
    return done


def _bury(tx: Tx, now: Instant) -> None:
    """Find out who was in hand when others died, and set aside who did it alone."""
    dead = suspects.take_dead(tx, now, _is_gone)
    for batch in dead:
        log.warning("a process died while it worked on %s: %s", batch.kind, batch.ticket)
        known = suspects.standing(tx, batch.kind)
        suspects.blame(tx, replace(batch, which=replace(batch.which, picked=Picked(without=known.all))), now)
    for kind in {batch.kind for batch in dead if batch.alone is not None}:
        _set_aside(tx, kind, suspects.guilty(tx, kind), now)


def _set_aside(tx: Tx, kind: Due, ids: list[int], now: Instant) -> None:
    if ids:
        log.error("set aside, because whatever process looked at them died: %s %s", kind, ids)
    if kind == "enrollment":
        enrollments.fail(tx, ids, suspects.REASON, now)
    else:
        suspects.keep_out(tx, ids, now)


def _is_gone(ticket: str) -> bool:
    """Tell whether the process behind a ticket is known to be dead: it ran here, and does not any more."""
    host, pid, life, _ = ticket.rsplit(":", 3)
    if host != os.uname().nodename:
        return False
    if int(pid) == os.getpid():
        return life != _US.rpartition(":")[2]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _both(one: Moved, other: Moved) -> Moved:
    return Moved(
        one.claimed + other.claimed,
        one.moved + other.moved,
        max(one.latest, other.latest),
        one.failed | other.failed,
        one.trips + other.trips,
    )
