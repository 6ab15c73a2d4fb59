"""What the database takes: importing and enrolling, beside the barest thing that does the same."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import Figure, alone, paired, seconds
from shop import DAY, EXAMPLE, FIRST, PURCHASES, bare, database, small_project, workspace

from lifeloop.engine.values import State
from lifeloop.store import customers, enrollments
from lifeloop.store.states import COLUMNS, values_of
from lifeloop.store.values import CustomerRow, NewRun
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.opening import open_import
from lifeloop.work.importing.running import import_rows
from lifeloop.work.workspace import Workspace

BATCH = 500


def figures(store: str, folder: Path, rounds: int, many: int) -> Iterator[Figure]:
    project = small_project(folder / f"project-{store}")
    yield _import(store, folder, rounds)
    yield _enroll(store, folder, project, rounds, many)


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
            row = dict(zip(COLUMNS, values_of(state), strict=True)) | {
                "plan_id": 1,
                "journey_id": 1,
                "entry_key": "",
                "subject": "",
            }
            rows = [row | {"customer_id": n} for n in ids]
            return bare(url, lambda connection: _insert(connection, "enrollment", rows))

        took, ratio = paired(rounds, ours, reference)
        name = "driver's executemany" if store == "SQLite" else "COPY"
        return Figure("people enrolled", store, many / took, "people/s", name, ratio, "enroll")


def _people(space: Workspace, many: int) -> list[int]:
    rows = [CustomerRow(f"c{n:06}", {"city": "Rome" if n % 2 else "Oslo"}) for n in range(many)]
    with space.store.transaction() as tx:
        return sorted(customers.upsert(tx, rows, FIRST).ids.values())


def _clear(space: Workspace) -> None:
    with space.store.transaction() as tx:
        tx.run("DELETE FROM visit")
        tx.run("DELETE FROM enrollment")


# --- the driver itself --------------------------------------------------------------------------------------------


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
