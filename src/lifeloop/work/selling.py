"""Noting sales: the proof that a company may write to its own customers about similar things (soft opt-in)."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.values import Sale
from lifeloop.engine.zones import instant_of
from lifeloop.journey.compiler_policy import entity_of
from lifeloop.store import sales
from lifeloop.store.sales import SaleRow
from lifeloop.store.values import Customer
from lifeloop.work.workspace import Workspace


class NotThen(Exception):  # noqa: N818  # an expected outcome: what was written is no day, or one that is to come
    """A sale cannot have been at that time."""


def note_sale(
    space: Workspace, customer: Customer, *, product: str, reference: str, at: str, offered: bool, source: str
) -> bool:
    """Keep a sale as proof; False when one of that reference was noted before: proof is not rewritten.

    ``at``: a day or a moment in ISO 8601, on the project's clock; empty: now.

    Raises:
        NotThen: it is neither, or has not come yet.
    """
    now = space.clock.now()
    moment = _moment(at, ZoneInfo(space.catalogue.timezone)) if at else now
    if moment > now:
        raise NotThen(f'"{at}" is still to come')
    sale = Sale(reference, product, moment, offered, entity_of(space.catalogue))
    with space.store.transaction() as tx:
        return sales.record(tx, [SaleRow(customer.id, sale, source)], now) > 0


def _moment(text: str, zone: ZoneInfo) -> Instant:
    try:
        if len(text) <= len("2026-03-01"):
            return instant_of(date.fromisoformat(text), time(0), zone)
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise NotThen(f'"{text}" is not a day') from problem
    return int(found.timestamp()) if found.tzinfo else instant_of(found.date(), found.time(), zone)
