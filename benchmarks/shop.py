"""What the figures are measured on: a tiny project, both databases, and the real purchases where somebody has them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from measure import seconds
from sqlalchemy.engine import make_url

from lifeloop.clock import SetClock
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

TOP = Path(__file__).parents[1]
EXAMPLE = TOP / "examples" / "cdnow"
PURCHASES = Path(os.environ.get("LIFELOOP_CDNOW", TOP.parent / "shared" / "data" / "cdnow-sample.csv"))
POSTGRES = os.environ.get("LIFELOOP_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
NUMBERS = count(1)
FIRST = 1_772_445_600  # Monday 2 March 2026, 10:00 UTC
DAY = 86_400

PROJECT = """
project: bench
timezone: UTC
language: en
company: {name: Bench, address: Street 1, email: bench@example.com}
email: inbox
senders: {bench: Bench <bench@example.com>}
topics: {news: {basis: consent}}
customer: {first_name: text?, email: email?, plan: free | plus | premium?, city: text?, score: number?}
events: {order.placed: {total: money}, letter.asked: {}}
segments:
  good:
    - customer.plan is one of plus, premium
    - customer.city is Rome
    - customer.score is at least 8
    - customer.first_name is not Bo
"""
JOURNEY = """
journey: steps
phase: welcome
start: {event: order.placed}
again: always
steps:
  - wait: 1 day
  - if: customer.city is Rome
    then:
      - milestone: rome
  - wait: 1 day
  - wait: 1 day
"""
LETTERS = """
journey: letters
phase: welcome
start: {event: letter.asked}
again: always
delivery: {topic: news}
steps:
  - wait: 1 day
  - if: customer.city is Rome
    then:
      - send: rome
    else:
      - send: elsewhere
  - wait: 1 day
"""
TEXT = """---
subject: "Hello {{ customer.first_name | default('you') }}"
from: bench
---
A few words.
"""


def small_project(folder: Path) -> Path:
    (folder / "journeys").mkdir(parents=True)
    (folder / "templates").mkdir()
    (folder / "lifeloop.yaml").write_text(PROJECT)
    (folder / "journeys" / "steps.yaml").write_text(JOURNEY)
    (folder / "journeys" / "letters.yaml").write_text(LETTERS)
    for name in ("rome", "elsewhere"):
        (folder / "templates" / f"{name}.md").write_text(TEXT)
    return folder


@contextmanager
def serving(script: str) -> Iterator[str]:
    """One of our servers beside this file, in a process of its own; yields its address."""
    process = subprocess.Popen([sys.executable, Path(__file__).with_name(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.communicate()


def stores() -> tuple[str, ...]:
    try:
        with psycopg.connect(_dsn(), connect_timeout=3):
            return ("SQLite", "PostgreSQL")
    except psycopg.OperationalError:
        print(f"!!! no PostgreSQL at {_dsn()}: say where one is with LIFELOOP_TEST_POSTGRES\n")
        return ("SQLite",)


@contextmanager
def database(store: str, folder: Path) -> Iterator[str]:
    """An empty database, durable as in earnest."""
    name = f"bench_{os.getpid()}_{next(NUMBERS)}"
    if store == "SQLite":
        yield f"sqlite:///{folder / name}.db"
        return
    with psycopg.connect(_dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{_dsn()}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@contextmanager
def workspace(root: Path, url: str) -> Iterator[Workspace]:
    space = open_workspace(root, url=url, clock=SetClock(FIRST), environ={})
    try:
        publish(space, FIRST)
        yield space
    finally:
        space.close()


def bare(url: str, work: Callable[[Any], None]) -> float:
    """Return the seconds of work on a connection of the driver alone, as durable as ours."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
    else:
        connection = psycopg.connect(url)
    try:
        return seconds(lambda: work(connection))
    finally:
        connection.close()


def _dsn() -> str:
    return make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
