"""What pages and commands show: one customer's story, and counts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx, load
from lifeloop.store.values import JourneyCounts, TimelineItem

_STORY = """SELECT "at", 'event' AS what, NULL AS journey, name AS detail, CAST(data AS text) AS data, NULL AS run
  FROM event WHERE customer_id = :who AND "at" < :before
UNION ALL
SELECT v."at", 'visit', j.name, v.what || coalesce(' ' || v.node, '') || coalesce(': ' || v.detail, ''), v.data, e.id
  FROM enrollment e JOIN visit v ON v.enrollment_id = e.id JOIN journey j ON j.id = e.journey_id
 WHERE e.customer_id = :who AND v."at" < :before
UNION ALL
SELECT coalesce(m.sent_at, m.made_at), 'message', j.name, m.name || ' ' || m.status || coalesce(': ' || m.reason, ''),
       NULL, m.enrollment_id
  FROM message m JOIN journey j ON j.id = m.journey_id
 WHERE m.customer_id = :who AND coalesce(m.sent_at, m.made_at) < :before
UNION ALL
SELECT "at", 'consent', NULL, topic || CASE WHEN granted THEN ' allowed' ELSE ' refused' END
       || CASE WHEN channel = '*' THEN '' ELSE ' by ' || channel END, NULL, NULL
  FROM consent WHERE customer_id = :who AND "at" < :before
ORDER BY 1 DESC, 2, 4 LIMIT :limit"""
_END = 1 << 40


def of_customer(
    tx: Tx, customer_id: int, *, before: Instant | None = None, limit: int = 200
) -> tuple[TimelineItem, ...]:
    """Everything about one customer, newest first."""
    rows = tx.ask(_STORY, who=customer_id, before=_END if before is None else before, limit=limit)
    return tuple(
        TimelineItem(row.at, row.what, row.journey, row.detail, load(row.data) if row.data else {}, row.run)
        for row in rows
    )


def counts(tx: Tx) -> tuple[JourneyCounts, ...]:
    """Where people and messages are, per journey."""
    runs = _grouped(tx, "SELECT journey_id, status, count(*) FROM enrollment GROUP BY 1, 2")
    nodes = _grouped(
        tx, "SELECT journey_id, coalesce(node, ''), count(*) FROM enrollment WHERE status = 'waiting' GROUP BY 1, 2"
    )
    messages = _grouped(tx, "SELECT journey_id, status, count(*) FROM message GROUP BY 1, 2")
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
            candidates=candidates[row.id].get("", 0),
            converted=converted[row.id].get("", 0),
            next_due=due.get(row.name),
        )
        for row in tx.ask("SELECT id, name FROM journey ORDER BY name")
    )


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
