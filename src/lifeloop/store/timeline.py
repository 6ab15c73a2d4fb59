"""What pages and commands show: counts of people and messages."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lifeloop.store.transaction import Tx
from lifeloop.store.values import JourneyCounts


def counts(tx: Tx) -> tuple[JourneyCounts, ...]:
    """Where people and messages are, per journey."""
    runs = _grouped(tx, "SELECT journey_id, status, count(*) FROM enrollment GROUP BY 1, 2")
    nodes = _grouped(
        tx, "SELECT journey_id, coalesce(node, ''), count(*) FROM enrollment WHERE status = 'waiting' GROUP BY 1, 2"
    )
    messages = _grouped(tx, "SELECT journey_id, status, count(*) FROM message WHERE kind = 'mail' GROUP BY 1, 2")
    others = _grouped(tx, "SELECT journey_id, status, count(*) FROM message WHERE kind <> 'mail' GROUP BY 1, 2")
    candidates = _grouped(tx, "SELECT journey_id, '', count(*) FROM candidate GROUP BY 1")
    reached = "SELECT journey_id, '', count(*) FROM enrollment WHERE converted_at IS NOT NULL GROUP BY 1"
    converted = _grouped(tx, reached)
    due = {row.name: row.due for row in tx.ask(_NEXT)}
    return tuple(
        JourneyCounts(
            journey=row.name,
            runs=runs[row.id],
            waiting_at=nodes[row.id],
            messages=messages[row.id],
            others=others[row.id],
            candidates=candidates[row.id].get("", 0),
            converted=converted[row.id].get("", 0),
            next_due=due.get(row.name),
        )
        for row in tx.ask("SELECT id, name FROM journey ORDER BY name")
    )


def held(tx: Tx) -> tuple[tuple[str, str, int], ...]:
    """Return what waits for a person's release: journey, reason and how many, most first."""
    rows = tx.ask(
        "SELECT j.name, coalesce(m.reason, '') AS reason, count(*) AS many FROM message m"
        " JOIN journey j ON j.id = m.journey_id"
        " WHERE m.status IN ('uncertain', 'held') AND m.status = 'held' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return tuple((row.name, row.reason, row.many) for row in rows)


_NEXT = """SELECT j.name, min(t.due) AS due FROM journey j JOIN (
  SELECT journey_id, min(due_at) AS due FROM candidate GROUP BY 1
  UNION ALL SELECT journey_id, min(due_at) FROM enrollment WHERE due_at IS NOT NULL GROUP BY 1
  UNION ALL SELECT journey_id, min(next_at) FROM message WHERE next_at IS NOT NULL GROUP BY 1
) t ON t.journey_id = j.id WHERE j.paused_at IS NULL GROUP BY j.name"""


def _grouped(tx: Tx, question: str) -> dict[Any, dict[str, int]]:
    found: dict[Any, dict[str, int]] = defaultdict(dict)
    for journey, word, number in tx.ask(question):
        found[journey][word] = number
    return found
