"""One real Prefect server for all tests of this folder, with a home of its own, and small shops to deploy on it."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

# Before anything imports Prefect: it must never see the tester's own profile or server.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="lifeloop-prefect-")
os.environ |= {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
os.environ.pop("PREFECT_API_URL", None)

import pytest

from lifeloop.clock import Clock
from lifeloop.flows.hosting import hosted
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)
TOP = Path(__file__).parents[2]
PATIENCE = 180
"""Seconds. A process that imports Prefect needs three to begin, and ten times as many where others work, too."""
PROJECT = """\
project: {name}
timezone: Europe/Lisbon
company: {{name: Small, address: 1 Street}}
customer: {{first_name: text personal, email: email personal}}
events: {{{name}.hello: {{}}, {name}.timer: {{}}}}
topics: {{service: {{basis: contract, counts: false}}}}
senders: {{us: Us <us@example.com>}}
"""
HELLO = """\
journey: {name}-hello
phase: welcome
name: Hello
start: {{event: {name}.hello}}
delivery: {{topic: service}}
steps:
  - send: a/hello
  - wait: 3 days
  - send: a/later
"""
TIMER = """\
journey: {name}-timer
phase: welcome
name: Timer
start: {{event: {name}.timer}}
delivery: {{topic: service}}
steps:
  - wait: 20 seconds
  - send: a/later
"""
LETTER = "---\nsubject: Hello {{{{ customer.first_name }}}}\nfrom: us\n---\nHello {{{{ customer.first_name }}}}!\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process takes all of them, for one server; and sockets that Prefect leaves open are no failure of ours."""
    for item in items:
        if item.get_closest_marker("prefect"):
            item.add_marker(pytest.mark.xdist_group("prefect"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="session")
def settings() -> Iterator[dict[str, str]]:
    """A Prefect server; what leads to it as environment variables, for processes that a test starts."""
    home = Path(os.environ["PREFECT_HOME"])
    with hosted(home, free_port(), os.environ) as found:
        yield found


@pytest.fixture
def server(settings: dict[str, str]) -> Iterator[str]:
    """The address of the server; Prefect in this process talks to it while the test runs."""
    from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

    with temporary_settings({PREFECT_API_URL: settings["PREFECT_API_URL"], PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield settings["PREFECT_API_URL"]
    gc.collect()  # sockets that Prefect leaves behind are to be found here, not in somebody else's test


@pytest.fixture
def ask(server: str) -> Callable[[Callable[[Any], Any]], Any]:
    """Ask the server something: ``ask(lambda client: client.read_deployments())``."""

    def asked(question: Callable[[Any], Any]) -> Any:
        from prefect.client.orchestration import get_client

        async def go() -> Any:
            async with get_client() as client:
                return await question(client)

        return asyncio.run(go())

    assert server
    return asked


@dataclass
class Shop:
    """A project of two journeys: ``NAME-hello`` says hello at once, ``NAME-timer`` waits 20 seconds first."""

    name: str
    root: Path

    @property
    def hello(self) -> str:
        return f"{self.name}-hello"

    @property
    def timer(self) -> str:
        return f"{self.name}-timer"

    def file(self, journey: str) -> Path:
        return self.root / "journeys" / f"{journey}.yaml"

    @contextmanager
    def open(self, clock: Clock | None = None) -> Iterator[Workspace]:
        space = open_workspace(self.root, clock=clock)
        try:
            yield space
        finally:
            space.close()

    def publish(self) -> None:
        with self.open() as space:
            publish(space, space.clock.now())

    def happen(self, what: str, keys: Sequence[str]) -> frozenset[str]:
        with self.open() as space:
            people = [Person(key, {"first_name": key.title(), "email": f"{key}@example.com"}) for key in keys]
            now = space.clock.now()
            events = [Happening(key, f"{self.name}.{what}", now, f"{what}-{key}") for key in keys]
            return ingest(space, people, events).journeys

    def ask(self, question: str) -> list[Any]:
        """Look into the database directly: quick enough to look many times a second."""
        with closing(sqlite3.connect(self.root / ".lifeloop" / "lifeloop.db", timeout=20)) as connection:
            found = connection.execute(question)
            row = namedtuple("row", [column[0] for column in found.description])  # noqa: PYI024
            return [row(*values) for values in found]

    def said(self, message: str = "a/hello") -> int:
        """How many of a message lie in the inbox."""
        rows = self.ask(
            f"SELECT count(*) AS n FROM rendered d JOIN message m ON m.id = d.message_id WHERE m.name = '{message}'"  # noqa: S608
        )
        return int(rows[0].n)

    def flow(self, journey: str) -> Any:
        from lifeloop.flows.compiling import compile_folder

        return compile_folder(self.root / "journeys", module="journeys")[journey.replace("-", "_")]

    def wave(self, journey: str, **parameters: object) -> dict[str, int]:
        """Run one wave of a journey in this process, as a real flow run."""
        return dict(asyncio.run(self.flow(journey)(**parameters)))

    def wave_apart(self, journey: str, settings: dict[str, str], *, fine: bool = True, **parameters: object) -> None:
        """Run one wave in a process of its own, which tells Prefect everything that a worker's would."""
        code = f"import asyncio, runpy; made = runpy.run_path('flows/journeys.py')[{journey.replace('-', '_')!r}]"
        words = [sys.executable, "-c", f"{code}; asyncio.run(made(**{parameters!r}))"]
        done = subprocess.run(words, env={**os.environ, **settings}, cwd=self.root, check=False, capture_output=True)
        assert (done.returncode == 0) == fine, done.stderr.decode()


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """A shop named after its test, so that no two deploy the same journey."""
    return make_shop(tmp_path, f"s{abs(hash(request.node.nodeid)) % 10**8}")


@pytest.fixture(scope="session")
def another_shop() -> Callable[[Path, str], Shop]:
    """Make a shop in an empty folder, for fixtures that live longer than one test."""
    return make_shop


@pytest.fixture(scope="session")
def started() -> Callable[..., Any]:
    """A process while a block runs."""
    return process


@pytest.fixture(scope="session")
def children() -> Callable[[int], list[int]]:
    """The processes that a process started."""
    return children_of


def make_shop(root: Path, name: str) -> Shop:
    (root / "journeys").mkdir()
    (root / "templates" / "a").mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT.format(name=name))
    (root / "journeys" / f"{name}-hello.yaml").write_text(HELLO.format(name=name))
    (root / "journeys" / f"{name}-timer.yaml").write_text(TIMER.format(name=name))
    for letter in ("hello", "later"):
        (root / "templates" / "a" / f"{letter}.md").write_text(LETTER.format())
    shutil.copytree(TOP / "flows", root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    return Shop(name, root)


@contextmanager
def process(
    words: Sequence[str], environment: dict[str, str], log: Path, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own; ended for certain, because Prefect's workers may not hear a SIGTERM."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**os.environ, **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes], grace: float = 3) -> None:
    children = children_of(started.pid)
    started.terminate()
    try:
        started.wait(grace)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def children_of(parent: int) -> list[int]:
    """The processes that a process started, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Wait until something is true; returns it. Fails when it will not be any more, also on a busy machine."""

    def wait(true: Callable[[], Any], within: float = PATIENCE, every: float = 0.3) -> Any:
        ends = monotonic() + within
        while not (found := true()):
            assert monotonic() < ends, f"not within {within} seconds"
            sleep(every)
        return found

    return wait
