"""How much of what leaves without a yes one person got: nothing holds it, so somebody must see it."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Volume:
    """How many people got more than ``most`` of a topic, and how many the one got who got the most."""

    topic: str
    people: int
    highest: int


def over(tx: Tx, topic: str, since: Instant, most: int) -> Volume:
    """Count the people who were sent more than that many of a topic since then."""
    rows = tx.ask(
        "SELECT count(*) AS people, coalesce(max(many), 0) AS highest FROM (SELECT count(*) AS many FROM message"
        " WHERE kind = 'mail' AND topic = :topic AND sent_at >= :since GROUP BY customer_id"
        " HAVING count(*) > :most) AS each_one",
        topic=topic,
        since=since,
        most=most,
    )
    return Volume(topic, int(rows[0].people), int(rows[0].highest))
