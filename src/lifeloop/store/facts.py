"""Everything one decision may read, loaded with one query per table and batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Answer, Event, Facts, Record, Sent
from lifeloop.store import customers, marks, objects, preferences
from lifeloop.store.transaction import Tx
from lifeloop.store.transaction import load as load_json
from lifeloop.store.values import Customer, Needs, Subject

SAID = ("attempting", "sent", "uncertain", "assumed_sent")
"""Statuses of messages that have left or may have left: what gaps and limits count."""


def load(
    tx: Tx, subjects: Sequence[Subject], needs: Needs, *, statuses: Sequence[str] = ("ready", *SAID)
) -> tuple[Facts, ...]:
    """Facts in the order of the subjects. ``statuses``: which messages count as said."""
    ids = sorted({subject.customer_id for subject in subjects})
    people = customers.find(tx, ids)
    tables = _Tables(
        people=people,
        things=_things(tx, ids, needs.objects | {subject.object_kind for subject in subjects if subject.object_kind}),
        events=_events(tx, ids, needs),
        sent=_sent(tx, subjects, needs.sent_since, statuses),
        consents=consents_of(tx, ids),
        suppressed=_suppressed(tx, ids, people),
        wishes=preferences.of_customers(tx, ids),
        segments=_segments(tx, ids, needs),
        answers=_answers(tx, [one.run_id for one in subjects if one.run_id is not None]) if needs.answers else {},
    )
    return tuple(tables.facts(subject, needs) for subject in subjects)


def records(tx: Tx, subjects: Sequence[Subject]) -> tuple[Facts | None, ...]:
    """Return facts that hold the records of customers and things alone: two queries, for whoever reads nothing else.

    In the order of the subjects; None: that customer is not there any more.
    """
    ids = sorted({subject.customer_id for subject in subjects})
    people = customers.find(tx, ids)
    kinds = frozenset(subject.object_kind for subject in subjects if subject.object_kind)
    things = _things(tx, ids, kinds) if kinds else {}

    def of(subject: Subject) -> Facts | None:
        who = people.get(subject.customer_id)
        thing = things.get(subject.customer_id, {}).get(subject.object_kind or "", {}).get(subject.object_key or "")
        return Facts(who.key, who.data, thing) if who else None

    return tuple(map(of, subjects))


def consents_of(tx: Tx, ids: Sequence[int]) -> dict[int, dict[str, bool]]:
    """Present permission per customer, by topic or ``channel/topic``."""
    rows = tx.ask(
        f"SELECT customer_id, topic, channel, granted FROM permission WHERE {tx.among('customer_id', 'ids')}",
        ids=list(ids),
    )
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    for row in rows:
        name = row.topic if row.channel == "*" else f"{row.channel}/{row.topic}"
        found[row.customer_id][name] = bool(row.granted)
    return found


@dataclass(frozen=True, slots=True)
class _Tables:
    """What each table said about the customers of the batch."""

    people: Mapping[int, Customer]
    things: Mapping[int, Mapping[str, Mapping[str, Record]]]
    events: Mapping[int, list[Event]]
    sent: Mapping[int, list[tuple[int | None, Sent]]]
    consents: Mapping[int, dict[str, bool]]
    suppressed: Mapping[int, frozenset[str]]
    wishes: Mapping[int, preferences.Wish]
    segments: Mapping[int, frozenset[str]]
    answers: Mapping[int, list[Answer]]

    def facts(self, subject: Subject, needs: Needs) -> Facts:
        who, things = subject.customer_id, self.things.get(subject.customer_id, {})
        wish = self.wishes.get(who, preferences.AS_IT_COMES)
        return Facts(
            customer_id=self.people[who].key,
            customer=self.people[who].data,
            object=things.get(subject.object_kind or "", {}).get(subject.object_key or ""),
            things={kind: tuple(things.get(kind, {}).values()) for kind in needs.objects},
            events=tuple(self.events.get(who, ())),
            sent=tuple(_own(sent, run, subject.run_id) for run, sent in self.sent.get(who, ())),
            consents=self.consents.get(who, {}),
            suppressed=self.suppressed.get(who, frozenset()),
            paused_until=wish.paused_until,
            pace=wish.pace,
            segments=self.segments.get(who, frozenset()),
            answers=() if subject.run_id is None else tuple(self.answers.get(subject.run_id, ())),
        )


def _things(tx: Tx, ids: Sequence[int], kinds: frozenset[str]) -> dict[int, dict[str, dict[str, Record]]]:
    found: dict[int, dict[str, dict[str, Record]]] = {}
    for thing in objects.of_customers(tx, ids, kinds):
        found.setdefault(thing.customer_id, {}).setdefault(thing.kind, {})[thing.key] = thing.fields
    return found


def _events(tx: Tx, ids: Sequence[int], needs: Needs) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    if needs.events:
        rows = tx.ask(
            f'SELECT seq, customer_id, name, "at", data FROM event WHERE {tx.among("customer_id", "ids")}'
            f" AND {tx.among('name', 'names', 'text')} ORDER BY seq",
            ids=list(ids),
            names=sorted(needs.events),
        )
        for row in rows:
            found[row.customer_id].append(Event(row.seq, row.name, row.at, load_json(row.data)))
    return found


def _sent(
    tx: Tx, subjects: Sequence[Subject], since: Instant | None, statuses: Sequence[str]
) -> dict[int, list[tuple[int | None, Sent]]]:
    found: dict[int, list[tuple[int | None, Sent]]] = defaultdict(list)
    if since is not None:
        rows = tx.ask(
            "SELECT m.id, customer_id, enrollment_id, m.name, channel, topic, j.name AS journey, status, counts,"
            " coalesce(sent_at, reserved_at, made_at) AS said_at, reserved_at, opened_at, clicked_at, replied_at,"
            f" bounced_at FROM message m JOIN journey j ON j.id = m.journey_id WHERE {tx.among('customer_id', 'ids')}"
            f" AND kind = 'mail' AND ({tx.among('status', 'statuses', 'text')} OR reserved_at IS NOT NULL)"
            f" AND (made_at >= :since OR sent_at >= :since OR {tx.among('enrollment_id', 'runs')})"
            " ORDER BY made_at, m.id",
            ids=sorted({subject.customer_id for subject in subjects}),
            runs=[subject.run_id for subject in subjects if subject.run_id is not None],
            statuses=list(statuses),
            since=since,
        )
        for row in rows:
            found[row.customer_id].append((row.enrollment_id, _read_sent(row)))
    return found


def _read_sent(row: Any) -> Sent:
    return Sent(
        message=row.name,
        channel=row.channel,
        topic=row.topic,
        at=row.said_at,
        counts=bool(row.counts),
        journey=row.journey,
        id=row.id,
        pending=row.status == "ready" and row.reserved_at is None,
        opened_at=row.opened_at,
        clicked_at=row.clicked_at,
        replied_at=row.replied_at,
        bounced_at=row.bounced_at,
    )


def _own(sent: Sent, run: int | None, subject: int | None) -> Sent:
    return sent._replace(own=True) if run is not None and run == subject else sent


def _suppressed(tx: Tx, ids: Sequence[int], people: Mapping[int, Customer]) -> dict[int, frozenset[str]]:
    """Channels that may not be used; addresses of people who were erased are known by their marks only."""
    rows = tx.ask(
        "SELECT c.id, s.channel, NULL AS secret FROM customer c"
        " JOIN suppression s ON s.address IN (lower(c.email), c.phone)"
        f" WHERE {tx.among('c.id', 'ids')} UNION ALL SELECT NULL, NULL, value FROM project_key WHERE name = :name",
        ids=list(ids),
        name=marks.NAME,
    )
    found = [(row.id, row.channel) for row in rows if row.secret is None]
    for secret in (row.secret for row in rows if row.secret is not None):
        addresses = {who: _addresses(customer) for who, customer in people.items()}
        found += marks.erased_channels(tx, bytes.fromhex(secret), addresses)
    return _sets(found)


def _addresses(customer: Customer) -> list[str]:
    return [address for name in ("email", "phone") if isinstance(address := customer.data.get(name), str) and address]


def _segments(tx: Tx, ids: Sequence[int], needs: Needs) -> dict[int, frozenset[str]]:
    if not needs.segments:
        return {}
    rows = tx.ask(
        f"SELECT customer_id, segment FROM segment_member WHERE {tx.among('segment', 'segments', 'text')}"
        f" AND {tx.among('customer_id', 'ids')}",
        ids=list(ids),
        segments=sorted(needs.segments),
    )
    return _sets((row.customer_id, row.segment) for row in rows)


def _sets(pairs: Iterable[tuple[int, str]]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for who, name in pairs:
        found[who].add(name)
    return {who: frozenset(names) for who, names in found.items()}


def _answers(tx: Tx, run_ids: Sequence[int]) -> dict[int, list[Answer]]:
    found: dict[int, list[Answer]] = defaultdict(list)
    if run_ids:
        rows = tx.ask(
            "SELECT enrollment_id, node, visit, answer, answered_at FROM message"
            f" WHERE {tx.among('enrollment_id', 'runs')} AND answered_at IS NOT NULL ORDER BY answered_at, id",
            runs=list(run_ids),
        )
        for row in rows:
            answer = Answer(row.node, row.visit, load_json(row.answer) if row.answer else {}, row.answered_at)
            found[row.enrollment_id].append(answer)
    return found
