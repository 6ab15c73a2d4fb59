"""A PostgreSQL of our own, which may be pulled down and set up again while others are at work on it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SERVER = "postgres"
"""Whose processes they are when the tests belong to root, as whom PostgreSQL runs nothing."""


def binaries() -> Path | None:
    """Return where PostgreSQL's own programs are; None on a machine without them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    known = found[-1] if found else shutil.which("pg_ctl")
    return Path(known).parent if known else None


class Cluster:
    """One server on a port of its own. Its data are on the disk, and a stop pulls the server from under everybody."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = SERVER if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="lifeloop-cluster-"))
        self.port = free_port()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._do("initdb", "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        # What a process that dies has written is safe without a wait for the disk; only the machine's death is not.
        said = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off -c shared_buffers=16MB"
        self._do("pg_ctl", "-w", "-s", "-l", str(self.folder / "log"), "-o", said, "start")

    def stop(self, how: str) -> None:
        """``fast``: everybody is thrown out. ``immediate``: as if it had crashed, so that it has to recover."""
        self._do("pg_ctl", "-w", "-s", "-m", how, "stop")

    def restart(self, how: str, seconds: float = 0) -> None:
        """Stop it, leave it down for a while, and start it again."""
        self.stop(how)
        time.sleep(seconds)
        self.start()

    def remove(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _do(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self.folder / "data", *words],
            user=self._user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
