"""Topics that leave without a yes are watched: who gets too many of them is told to operators, not held."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.journey.catalogue import Limit, Topic
from lifeloop.journey.compiler_policy import is_service, topic_of
from lifeloop.journey.length import Length
from lifeloop.journey.saying import say_limit
from lifeloop.store import watching
from lifeloop.store.transaction import Tx
from lifeloop.work.workspace import Workspace

DAY = 86_400
MONTH = 30
USUAL = Limit(10, Length(days=30))
"""More than this of one service topic to one person is worth a look, unless the topic says otherwise."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A topic of which some people got too many."""

    topic: str
    limit: Limit
    people: int
    highest: int

    @property
    def said_limit(self) -> str:
        """Return the limit in words."""
        return say_limit(self.limit)

    @property
    def words(self) -> str:
        """Say how many got how much."""
        who = "1 person" if self.people == 1 else f"{self.people:,} people"
        return f"{who} got more than {self.said_limit}, {self.highest:,} at the most"


def misused(space: Workspace, tx: Tx) -> tuple[Watched, ...]:
    """Return the watched topics of which somebody got more than their limit."""
    found = []
    for topic, limit in watched_topics(space).items():
        since = space.clock.now() - _seconds(limit.per)
        volume = watching.over(tx, topic, since, limit.count)
        if volume.people:
            found.append(Watched(topic, limit, volume.people, volume.highest))
    return tuple(found)


def watched_topics(space: Workspace) -> dict[str, Limit]:
    """Return the limits of topics that are watched: those that say so, and every service."""
    topics: dict[str, Topic] = {"service": topic_of("service", space.catalogue), **space.catalogue.topics}
    limits = {name: topic.watch or (USUAL if is_service(topic) else None) for name, topic in topics.items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _seconds(length: Length) -> int:
    """Return how far to look back; a month is 30 days here, and working days are days."""
    return (length.months * MONTH + length.days + length.working_days) * DAY + length.seconds
