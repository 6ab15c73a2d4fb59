"""Published plans, which is live, who rests, and the kill switch."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import JourneyRow, PlanRow


def publish(tx: Tx, plans: Mapping[str, PlanRow], now: Instant) -> None:
    """Make these plans live, all or none; a digest that is known is not written again."""
    raise NotImplementedError


def retire(tx: Tx, journeys: Collection[str]) -> None:
    """No longer live: nobody enters, those on the way go on with their plan."""
    raise NotImplementedError


def pause(tx: Tx, journeys: Collection[str], reason: str, now: Instant) -> None:
    """Let journeys rest: nobody moves, nothing leaves, timers stay."""
    raise NotImplementedError


def resume(tx: Tx, journeys: Collection[str]) -> None:
    """Go on."""
    raise NotImplementedError


def rows(tx: Tx) -> tuple[JourneyRow, ...]:
    """All journeys by name."""
    raise NotImplementedError


def live_plans(tx: Tx) -> dict[str, PlanRow]:
    """The live plan of each journey that has one."""
    raise NotImplementedError


def plans(tx: Tx, digests: Collection[str]) -> dict[str, PlanRow]:
    """Plans by digest."""
    raise NotImplementedError


def halt(tx: Tx, reason: str, now: Instant) -> None:
    """The kill switch: from this commit on nothing is handed over."""
    raise NotImplementedError


def release(tx: Tx) -> None:
    """Undo ``halt``."""
    raise NotImplementedError


def halted(tx: Tx) -> str | None:
    """Why nothing may leave; None when it may."""
    raise NotImplementedError
