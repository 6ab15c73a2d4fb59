"""Prefect's own server as a child process that never outlives us. Started as ``python -m lifeloop.flows.hosting PORT``.

The child ends when its standard input does, which happens however its parent goes: also by ``kill -9``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

HOST = "127.0.0.1"
STARTS_WITHIN = 180
"""Seconds. The first start makes the tables, which takes half a minute on a busy machine."""
ENDS_WITHIN = 10
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "2d",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
}
"""It calls nobody, and forgets finished runs and events in time."""


class NotStartedError(RuntimeError):
    """The server ended, or did not answer in time; its log says why."""


@contextmanager
def hosted(home: Path, port: int, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run a Prefect server on this machine while the block works; yields the settings that lead to it."""
    home.mkdir(parents=True, exist_ok=True)
    ours = {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://{HOST}:{port}/api"}
    with (home / "server.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "lifeloop.flows.hosting", str(port)],
            env={**environ, **QUIET, **ours},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(child, port, home)
        yield ours
    finally:
        _end(child)


def _wait(child: subprocess.Popen[bytes], port: int, home: Path) -> None:
    ends = monotonic() + STARTS_WITHIN
    while monotonic() < ends:
        if child.poll() is not None:
            raise NotStartedError(f"Prefect's server ended at once; {home / 'server.log'} says why")
        if _answers(port):
            return
        sleep(0.25)
    raise NotStartedError(f"Prefect's server did not answer within {STARTS_WITHIN} seconds; see {home / 'server.log'}")


def _answers(port: int) -> bool:
    try:
        with closing(HTTPConnection(HOST, port, timeout=2)) as connection:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin:
        child.stdin.close()


def _end_with_parent() -> None:
    while os.read(0, 1):  # nothing is ever written: it returns when the parent is gone
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(ENDS_WITHIN)
    os.kill(os.getpid(), signal.SIGKILL)


def main(port: str) -> None:
    """Be the child."""
    from prefect.cli import app

    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv[1:] = ["server", "start", "--host", HOST, "--port", port]
    app()


if __name__ == "__main__":
    main(sys.argv[1])
