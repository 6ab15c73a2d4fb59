"""What the database takes: enrolling, moving, importing, each beside the barest thing that does the same."""

from __future__ import annotations

import asyncio
import csv
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from measure import Figure, alone, paired, seconds
from shop import DAY, EXAMPLE, FIRST, PURCHASES, database, small_project, workspace
from sqlalchemy.engine import make_url

from lifeloop.engine.values import State
from lifeloop.store import customers, enrollments
from lifeloop.store.states import columns_of
from lifeloop.store.values import CustomerRow, NewRun
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.opening import open_import
from lifeloop.work.importing.running import import_rows
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

BATCH = 500


def figures(store: str, folder: Path, rounds: int, many: int) -> Iterator[Figure]:
    project = small_project(folder / f"project-{store}")
    yield _import(store, folder, rounds)
    yield _enroll(store, folder, project, rounds, many)
    yield from _move(store, folder, project, rounds, many)


# --- import -------------------------------------------------------------------------------------------------------


def _import(store: str, folder: Path, rounds: int) -> Figure:
    file = PURCHASES if PURCHASES.is_file() else _made_up(folder / "made-up.csv")
    rows = sum(1 for _ in file.open()) - 1

    def once() -> float:
        with database(store, folder) as url, workspace(EXAMPLE, url) as space:
            opened = open_import(file, space.catalogue, Said(), Habits(), EXAMPLE / "mapping.yaml")
            try:
                return seconds(lambda: import_rows(space, opened.rows(), reject=lambda _: None))
            finally:
                opened.close()

    name = "CDNOW" if file == PURCHASES else "made up"
    return Figure(f"events imported ({rows:,} rows, {name})", store, rows / alone(rounds, once), "events/s")


def _made_up(path: Path) -> Path:
    print(f"!!! no CDNOW sample at {PURCHASES}: say where it is with LIFELOOP_CDNOW. Made-up purchases are taken.\n")
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("customer_id", "date", "quantity", "amount"))
        for number in range(6000):
            rows.writerow((f"{number % 2000:05}", f"1997-{1 + number // 2000:02}-{1 + number % 28:02}", 2, "23.54"))
    return path


# --- enrol --------------------------------------------------------------------------------------------------------


def _enroll(store: str, folder: Path, project: Path, rounds: int, many: int) -> Figure:
    with database(store, folder) as url, workspace(project, url) as space:
        ids, plan = _people(space, many), space.project.journeys["steps"].plan
        assert plan is not None
        state = State("wait-1", due_at=FIRST + DAY, started_at=FIRST, since=FIRST)
        runs = [NewRun(id_, "steps", plan.digest, state) for id_ in ids]

        def ours() -> float:
            _clear(space)

            def write() -> None:
                for start in range(0, many, BATCH):
                    with space.store.transaction() as tx:
                        enrollments.add(tx, runs[start : start + BATCH])

            return seconds(write)

        def reference() -> float:
            _clear(space)
            row = columns_of(state) | {"plan_id": 1, "journey_id": 1, "entry_key": "", "subject": ""}
            return _bare(
                url, lambda connection: _insert(connection, "enrollment", [row | {"customer_id": n} for n in ids])
            )

        took, ratio = paired(rounds, ours, reference)
        name = "driver's executemany" if store == "SQLite" else "COPY"
        return Figure("people enrolled", store, many / took, "people/s", name, ratio, 0.5)


def _people(space: Workspace, many: int) -> list[int]:
    rows = [CustomerRow(f"c{n:06}", {"city": "Rome" if n % 2 else "Oslo"}) for n in range(many)]
    with space.store.transaction() as tx:
        return sorted(customers.upsert(tx, rows, FIRST).ids.values())


def _clear(space: Workspace) -> None:
    with space.store.transaction() as tx:
        tx.run("DELETE FROM visit")
        tx.run("DELETE FROM enrollment")


# --- move ---------------------------------------------------------------------------------------------------------


def _move(store: str, folder: Path, project: Path, rounds: int, many: int) -> Iterator[Figure]:
    with database(store, folder) as url, workspace(project, url) as space:
        _place(space, many)

        def ours() -> float:
            _wait_again(space)
            return seconds(lambda: Wave(space, batch=BATCH).move())

        def reference() -> float:
            _wait_again(space)
            return _bare(url, _by_hand if store == "SQLite" else _by_hand_in_postgres)

        took, ratio = paired(rounds, ours, reference)
        yield Figure(
            "people moved one step", store, many / took, "people/s", "hand-written batch, no engine", ratio, 0.5
        )


def _place(space: Workspace, many: int) -> None:
    people = [Person(f"c{n:06}", {"city": "Rome" if n % 2 else "Oslo"}) for n in range(many)]
    events = [Happening(one.key, "order.placed", FIRST, one.key, data={"total": 20}) for one in people]
    for start in range(0, many, 1000):
        ingest(space, people[start : start + 1000], events[start : start + 1000])
    asyncio.run(Wave(space).run())
    space.clock.set(FIRST + DAY)  # type: ignore[attr-defined]  # a clock that can be set
    with space.store.transaction() as tx:
        tx.run("CREATE TABLE before AS SELECT * FROM enrollment")
    space.store.analyze()


def _wait_again(space: Workspace) -> None:
    """Put everybody back to the first wait, due now."""
    with space.store.transaction() as tx:
        columns = ", ".join(f"{name} = b.{name}" for name in ("node", "status", "due_at", "deadline", "since", "visit"))
        tx.run(f"UPDATE enrollment SET fence = 0, {columns} FROM before b WHERE enrollment.id = b.id")  # noqa: S608
        tx.run("DELETE FROM visit")
    space.store.analyze()


def _by_hand(connection: sqlite3.Connection) -> None:
    while True:
        connection.execute("BEGIN IMMEDIATE")
        due = connection.execute(
            "SELECT id, fence FROM enrollment WHERE journey_id = 1 AND due_at <= ? ORDER BY due_at, id LIMIT ?",
            (FIRST + DAY, BATCH),
        ).fetchall()
        connection.executemany(
            "UPDATE enrollment SET node = 'wait-2', due_at = ?, deadline = ?, since = ?, visit = visit + 2,"
            " fence = fence + 1 WHERE id = ? AND fence = ? AND status = 'waiting'",
            [(FIRST + 2 * DAY, FIRST + 2 * DAY, FIRST + DAY, id_, fence) for id_, fence in due],
        )
        connection.executemany(
            "INSERT INTO visit (enrollment_id, seq, at, visit, what, node, detail, data) VALUES (?,?,?,?,?,?,?,?)",
            [
                (id_, 1_000_000 * (fence + 1) + n, FIRST + DAY, 2, what, "wait-1", "", None)
                for id_, fence in due
                for n, what in enumerate(("waited", "chose", "waits"))
            ],
        )
        connection.execute("COMMIT")
        if len(due) < BATCH:
            return


_ONE = """
WITH due AS (
  SELECT id, fence FROM enrollment WHERE journey_id = 1 AND due_at <= %(now)s ORDER BY due_at, id LIMIT %(limit)s
  FOR UPDATE SKIP LOCKED
), moved AS (
  UPDATE enrollment e SET node = 'wait-2', due_at = %(next)s, deadline = %(next)s, since = %(now)s,
    visit = visit + 2, fence = e.fence + 1 FROM due WHERE e.id = due.id RETURNING e.id, e.fence
)
INSERT INTO visit (enrollment_id, seq, at, visit, what, node, detail, data)
SELECT id, 1000000 * fence + n, %(now)s, 2, what, 'wait-1', '', NULL
  FROM moved, (VALUES (0, 'waited'), (1, 'chose'), (2, 'waits')) AS lines(n, what)
"""


def _by_hand_in_postgres(connection: psycopg.Connection) -> None:
    values = {"now": FIRST + DAY, "next": FIRST + 2 * DAY, "limit": BATCH}
    while True:
        written = connection.execute(_ONE, values).rowcount
        connection.commit()
        if written < 3 * BATCH:
            return


# --- the drivers themselves ---------------------------------------------------------------------------------------


def _bare(url: str, work: Callable[[Any], None]) -> float:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
    else:
        connection = psycopg.connect(url)
    try:
        return seconds(lambda: work(connection))
    finally:
        connection.close()


def _insert(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    if isinstance(connection, sqlite3.Connection):
        marks = ", ".join("?" for _ in names)
        for start in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            batch = [tuple(row.values()) for row in rows[start : start + BATCH]]
            connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", batch)  # noqa: S608
            connection.execute("COMMIT")
        return
    for start in range(0, len(rows), BATCH):
        with connection.cursor().copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows[start : start + BATCH]:
                copy.write_row(tuple(row.values()))
        connection.commit()
