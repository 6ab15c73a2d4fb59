"""What tests of the store need again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from lifeloop.engine.values import State
from lifeloop.store import customers, enrollments, journeys, messages
from lifeloop.store.opening import Store
from lifeloop.store.values import CustomerRow, NewMessage, NewRun, PlanRow


@dataclass
class World:
    """A store with one journey, ``renewal``, and what tests need again and again."""

    store: Store
    plan: str = "plan-1"

    def customers(self, count: int) -> list[int]:
        rows = [CustomerRow(f"c{number}", {"email": f"c{number}@example.com"}) for number in range(count)]
        with self.store.transaction() as tx:
            ids = customers.upsert(tx, rows, 0).ids
        return [ids[row.key] for row in rows]

    def runs(self, ids: Sequence[int], **state: object) -> list[int | None]:
        known = {"node": "wait-1", "due_at": 100, "started_at": 50} | state
        with self.store.transaction() as tx:
            return list(enrollments.add(tx, [NewRun(id_, "renewal", self.plan, State(**known)) for id_ in ids]))

    def message(self, run: int | None, customer: int, **more: object) -> NewMessage:
        known = {
            "id": f"m-{customer}",
            "kind": "mail",
            "run_id": run,
            "customer_id": customer,
            "journey": "renewal",
            "node": "send-1",
            "visit": 1,
            "name": "renewal/offer",
            "due_at": 100,
            "channel": "email",
            "topic": "offers",
        }
        return NewMessage(**(known | more))

    def ready(self, count: int) -> list[NewMessage]:
        people = self.customers(count)
        rows = [self.message(run, who) for run, who in zip(self.runs(people), people, strict=True)]
        with self.store.transaction() as tx:
            assert messages.add(tx, rows, 90) == count
        return rows


@pytest.fixture
def world(store: Store) -> World:
    with store.transaction() as tx:
        journeys.publish(tx, {"renewal": PlanRow("renewal", "plan-1", "{}")}, 0)
    return World(store)
