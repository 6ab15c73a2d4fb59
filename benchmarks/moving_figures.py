"""T1, the hot path: people who are due are moved, and their message is written; beside the same job by hand.

Three do the same job on the same tables, and leave the same rows, which is checked: Lifeloop; a batch written by hand
for this one journey, with a driver and nothing else; and SQLModel's objects, a session for each batch.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
from measure import Figure, Round, paired, seconds
from shop import DAY, FIRST, bare, database, small_project, workspace
from sqlmodel import Session, col, select

from lifeloop.store import months
from lifeloop.store.message_tables import Message
from lifeloop.store.tables import Customer, Enrollment, Permission, Suppression, Visit
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.settling import settled
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

BATCH = 500
NOW, NEXT = FIRST + DAY, FIRST + 2 * DAY
MONTH = months.month_of(NOW)
LINES_PER_MOVE = 1 << 16
UNTIL = json.dumps({"until": NEXT}, separators=(",", ":"))
DATA = json.dumps({"args": {}, "data": {}, "sender": None, "subject": None}, separators=(",", ":"))


def figures(store: str, folder: Path, rounds: int, many: int) -> Iterator[Figure]:
    project = small_project(folder / f"moving-{store}")
    with database(store, folder) as url, workspace(project, url) as space, settled():
        _place(space, many)
        batch = _batch_on_sqlite if store == "SQLite" else _batch_on_postgres
        ours = _again(space, lambda: seconds(lambda: Wave(space, "letters", batch=BATCH).move()))
        by_hand = _again(space, lambda: bare(url, batch))
        objects = _again(space, lambda: seconds(lambda: _with_objects(space)))
        took, ratio = paired(rounds, ours, by_hand)
        yield Figure(
            "due, moved, message written", store, many / took, "people/s", "hand-written batch", ratio, "move, by hand"
        )
        took, ratio = paired((rounds + 1) // 2, ours, objects)
        yield Figure(
            "due, moved, message written", store, many / took, "people/s", "SQLModel objects", ratio, "move, objects"
        )
        _check_that_they_did_the_same(space, many, (ours, by_hand, objects))


def _place(space: Workspace, many: int) -> None:
    """Everybody waits for the first time, their hour has come, and they want our news."""
    people = [Person(f"c{n:06}", {"city": "Rome" if n % 2 else "Oslo", "email": f"c{n}@x.org"}) for n in range(many)]
    events = [Happening(one.key, "letter.asked", FIRST, one.key) for one in people]
    for start in range(0, many, 1000):
        ingest(space, people[start : start + 1000], events[start : start + 1000])
    asyncio.run(Wave(space).run())
    space.clock.set(NOW)  # type: ignore[attr-defined]  # a clock that can be set
    yes = "true" if space.store.postgres else "1"
    with space.store.transaction() as tx:
        tx.run(f"INSERT INTO permission SELECT id, 'news', '*', {yes}, {FIRST} FROM customer")  # noqa: S608
        tx.run("CREATE TABLE before AS SELECT * FROM enrollment")
    space.store.analyze()


def _again(space: Workspace, once: Round) -> Round:
    def prepared() -> float:
        columns = ", ".join(
            f"{name} = b.{name}" for name in ("node", "status", "due_at", "deadline", "since", "visit", "fence")
        )
        with space.store.transaction() as tx:
            tx.run(f"UPDATE enrollment SET {columns} FROM before b WHERE enrollment.id = b.id")  # noqa: S608
            tx.run("DELETE FROM visit WHERE seq >= 0")
            tx.run("DELETE FROM message")
        space.store.analyze()
        return once()

    return prepared


def _check_that_they_did_the_same(space: Workspace, many: int, three: Sequence[Round]) -> None:
    left = []
    for once in three:
        once()
        with space.store.reading() as tx:
            tables = ("enrollment", "visit", "message")
            left.append([sorted(map(repr, tx.ask(f"SELECT * FROM {table}"))) for table in tables])  # noqa: S608
    assert [len(rows) for rows in left[0]] == [many, 6 * many, many]
    assert all(other == left[0] for other in left[1:]), "they did not leave the same rows"


# --- by hand: the columns of both databases -----------------------------------------------------------------------

_DUE = """
SELECT e.id, e.customer_id, e.fence, e.entry_key, c.key, c.data FROM enrollment e
JOIN customer c ON c.id = e.customer_id
JOIN permission p ON p.customer_id = c.id AND p.topic = 'news' AND p.channel = '*'
WHERE e.journey_id = {journey} AND e.due_at <= {now} AND p.granted AND c.email IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.address = lower(c.email) AND s.channel IN ('*', 'email'))
ORDER BY e.due_at, e.id LIMIT {limit}
"""
"""Who is due, their record, their permission and what forbids it, in one look."""
_NEW_STATE = f"node = 'wait-2', due_at = {NEXT}, deadline = {NEXT}, since = {NOW}, visit = 4"
_VISIT = ("enrollment_id", "seq", "at", "visit", "what", "node", "detail", "data")
_MESSAGE = (
    "id", "kind", "enrollment_id", "customer_id", "journey_id", "node", "visit", "name", "channel", "topic", "counts",
    "due_at", "data", "status", "made_at", "next_at",
)  # fmt: skip


def _decided(due: Sequence[Any], journey: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the history and the messages of a batch: the branch is an ``if``, everything else is known beforehand."""
    lines, letters = [], []
    for id_, customer, fence, entry_key, key, data in due:
        city = (json.loads(data) if isinstance(data, str) else data)["city"]
        node, case = ("send-rome", "0") if city == "Rome" else ("send-elsewhere", "null")
        name = node.removeprefix("send-")
        seq = fence * LINES_PER_MOVE
        chose = f'{{"case":{case},"customer.city":"{city}"}}'
        lines += [
            (id_, seq, NOW, 1, "waited", "wait-1", "timer", None),
            (id_, seq + 1, NOW, 2, "chose", "if-1", "if", chose),
            (id_, seq + 3, NOW, 3, "sent", node, name, None),
            (id_, seq + 4, NOW, 4, "waits", "wait-2", None, UNTIL),
        ]
        digest = blake2b(f"letters\n{key}\n{entry_key}\n{node}\n3".encode(), digest_size=16).hexdigest()
        letter = months.id_in(MONTH, digest)
        letters.append(
            (letter, "mail", id_, customer, journey, node, 3, name, "email", "news", True, NOW, DATA, "ready", NOW, NOW)
        )
    return lines, letters


def _journey(connection: Any) -> int:
    return int(connection.execute("SELECT id FROM journey WHERE name = 'letters'").fetchone()[0])


def _batch_on_sqlite(connection: sqlite3.Connection) -> None:
    journey = _journey(connection)
    while True:
        connection.execute("BEGIN IMMEDIATE")
        due = connection.execute(_DUE.format(journey=journey, now=NOW, limit=BATCH)).fetchall()
        lines, letters = _decided(due, journey)
        connection.executemany(
            f"UPDATE enrollment SET {_NEW_STATE}, fence = fence + 1 WHERE id = ? AND fence = ? AND status = 'waiting'",  # noqa: S608
            [(row[0], row[2]) for row in due],
        )
        connection.executemany(_insert("visit", _VISIT), lines)
        connection.executemany(_insert("message", _MESSAGE), letters)
        connection.execute("COMMIT")
        if len(due) < BATCH:
            return


def _insert(table: str, names: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"  # noqa: S608


def _batch_on_postgres(connection: psycopg.Connection) -> None:
    journey = _journey(connection)
    while True:
        locked = f"{_DUE.format(journey=journey, now=NOW, limit=BATCH)} FOR NO KEY UPDATE OF e, c SKIP LOCKED"
        due = connection.execute(locked).fetchall()
        lines, letters = _decided(due, journey)
        connection.execute(
            f"UPDATE enrollment e SET {_NEW_STATE}, fence = e.fence + 1"  # noqa: S608
            " FROM unnest(%s::bigint[], %s::int[]) r(id, fence)"
            " WHERE e.id = r.id AND e.fence = r.fence AND e.status = 'waiting'",
            ([row[0] for row in due], [row[2] for row in due]),
        )
        _copy(connection, "visit", _VISIT, lines)
        _copy(connection, "message", _MESSAGE, letters)
        connection.commit()
        if len(due) < BATCH:
            return


def _copy(connection: psycopg.Connection, table: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


# --- with SQLModel's objects --------------------------------------------------------------------------------------


def _with_objects(space: Workspace) -> None:
    with space.store.reading() as tx:
        journey = tx.journey_ids(["letters"])["letters"]
    while True:
        with Session(space.store.engine) as session:
            due = session.exec(
                select(Enrollment, Customer)
                .join(Customer, col(Customer.id) == Enrollment.customer_id)
                .join(Permission, col(Permission.customer_id) == Customer.id)
                .where(Permission.topic == "news", Permission.channel == "*", col(Permission.granted))
                .where(Enrollment.journey_id == journey, col(Enrollment.due_at) <= NOW)
                .where(col(Customer.email).not_in(select(Suppression.address)))
                .order_by(col(Enrollment.due_at), col(Enrollment.id))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for run, customer in due:
                _move_object(session, journey, run, customer)
            session.commit()
        if len(due) < BATCH:
            return


def _move_object(session: Session, journey: int, run: Enrollment, customer: Customer) -> None:
    row = (run.id, run.customer_id, run.fence, run.entry_key, customer.key, customer.data)
    lines, (letter,) = _decided([row], journey)
    run.node, run.due_at, run.deadline, run.since = "wait-2", NEXT, NEXT, NOW
    run.visit, run.fence = 4, run.fence + 1
    session.add(run)
    session.add_all([Visit(**dict(zip(_VISIT, line, strict=True))) for line in lines])
    session.add(Message(**dict(zip(_MESSAGE, letter, strict=True))))
