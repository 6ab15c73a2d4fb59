"""The outbox, which is the ledger too: claimed, gated, handed over, settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.store.transaction import Tx
from lifeloop.store.values import (
    EVERYBODY,
    Attempt,
    Decision,
    GateFacts,
    Message,
    MessageKind,
    NewMessage,
    Outcome,
    Receipt,
    Shard,
)


def add(tx: Tx, rows: Sequence[NewMessage], now: Instant) -> int:
    """Write messages; those already there are ignored. Returns how many are new."""
    raise NotImplementedError


def claim_ready(
    tx: Tx,
    now: Instant,
    limit: int,
    *,
    journeys: Sequence[str] | None = None,
    kinds: Collection[MessageKind] | None = None,
    shard: Shard = EVERYBODY,
) -> tuple[Message, ...]:
    """Take ready messages whose time has come, with their customers' locks, earliest first."""
    raise NotImplementedError


def load_gate_facts(tx: Tx, messages: Sequence[Message], since: Instant) -> dict[str, GateFacts]:
    """What may forbid these, read now under lock. ``since``: how far back messages count."""
    raise NotImplementedError


def mark(tx: Tx, decisions: Sequence[Decision], now: Instant, *, owner: str, lease_until: Instant) -> dict[str, int]:
    """Write what the gate said; returns the fence of each one that may be handed over. A mark is also the reservation."""
    raise NotImplementedError


def settle(tx: Tx, outcomes: Sequence[Outcome], now: Instant, *, owner: str) -> tuple[str, ...]:
    """Write what came of it, with its attempt; returns the ids whose fence was lost: somebody else has them."""
    raise NotImplementedError


def sweep(tx: Tx, now: Instant) -> tuple[Message, ...]:
    """Attempts whose lease is over become ``uncertain``."""
    raise NotImplementedError


def uncertain(tx: Tx, limit: int) -> tuple[Message, ...]:
    """Those whose answer was lost, locked, for the policy to resolve."""
    raise NotImplementedError


def resolve(
    tx: Tx,
    decisions: Sequence[tuple[str, Literal["sent", "rejected", "assumed_sent", "ready", "held"], str]],
    now: Instant,
) -> int:
    """Settle uncertain ones: ``(id, to, reason)``. ``ready`` only where the provider honours our key."""
    raise NotImplementedError


def receipt(tx: Tx, rows: Sequence[tuple[str, Receipt, Instant]]) -> tuple[Message, ...]:
    """Note that messages were opened, clicked, replied to or bounced; the first time stays."""
    raise NotImplementedError


def answer(tx: Tx, rows: Sequence[tuple[str, Record, Instant]]) -> tuple[Message, ...]:
    """Write answers of calls and asks and wake their runs; an answered one keeps its first answer."""
    raise NotImplementedError


def open_asks(tx: Tx, who: str | None = None) -> tuple[Message, ...]:
    """Questions that wait for a person."""
    raise NotImplementedError


def cancel_runs(tx: Tx, run_ids: Sequence[int], reason: str) -> int:
    """These runs ended: what was not handed over yet is not."""
    raise NotImplementedError


def release_held(tx: Tx, journeys: Sequence[str] | None, now: Instant) -> int:
    """Held ones become ready again."""
    raise NotImplementedError


def find(tx: Tx, ids: Sequence[str]) -> dict[str, Message]:
    """Messages by id."""
    raise NotImplementedError


def attempts(tx: Tx, message_id: str) -> tuple[Attempt, ...]:
    """Every try of one message."""
    raise NotImplementedError
