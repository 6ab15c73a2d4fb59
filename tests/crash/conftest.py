"""Makes labs: shops whose workers are struck while they write to their customers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

sys.path.insert(0, str(Path(__file__).parent))  # the modules beside it are no package


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[..., object]]:
    """Makes a lab on a database."""
    from cluster import free_port
    from lab import HERE, LEASE, Lab, started, write_shop

    opened: list[tuple[Workspace, list[subprocess.Popen]]] = []

    def make(url: str, *, seed: int = 1, slowness: float = 0.001, lease: int = LEASE) -> object:
        root, notes = tmp_path / f"shop{len(opened)}", tmp_path / f"sink{len(opened)}.txt"
        sink, ports = started([str(HERE / "sink.py"), str(notes), str(slowness)], {})
        mail_port, http_port = ports.split()
        write_shop(root, mail_port)
        more = {"LIFELOOP_DATABASE": url, "LIFELOOP_LEASE": str(lease), "SHOP": str(root), "HTTP_PORT": http_port}
        more["API_PORT"] = str(api_port := free_port())
        nursery, _ = started([str(HERE / "nursery.py")], more | {"WORKER_LOG": str(tmp_path / "workers.log")})
        space = open_workspace(root, url=url)
        opened.append((space, [nursery, sink]))
        publish(space, space.clock.now())
        return Lab(root, space, notes, nursery, seed, api_port)

    yield make
    for space, processes in opened:
        space.close()
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def cluster() -> Iterator[object]:
    """A PostgreSQL that a test may restart. Where there is none to start it is said, and on CI that is a failure."""
    from cluster import Cluster, binaries

    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no PostgreSQL to start: no pg_ctl")
        pytest.skip("!!! NO POSTGRESQL TO START: what a restart does to us is NOT tested (no pg_ctl)")
    made = Cluster(programs)
    yield made
    made.remove()
