"""Writing texts in other processes, with limits on time and memory that no text can get around.

A text that overruns, or takes its process with it, is a ``RenderProblemError`` as any other: its process is replaced,
and nobody else's text is lost, because each process writes one at a time.
"""

from __future__ import annotations

import os
import pickle
import queue
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from lifeloop.journey.catalogue import Rendering
from lifeloop.journey.prose_time import counted
from lifeloop.message.apart_process import HEAD, write
from lifeloop.message.errors import MessageError, RenderProblemError
from lifeloop.message.render import Renderer

STARTS_WITHIN = 60.0
"""Seconds that a process may take to begin, on a busy machine."""
WALL = 5
"""Times the limit, in seconds of the wall: after that a process hangs that does not even calculate."""
Job = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A method of the renderer, and what it is called with."""


class Apart:
    """The renderer of a project, in processes of its own: they are started as they are needed."""

    def __init__(self, renderer: Renderer, limits: Rendering) -> None:
        self.limits = limits
        self._count = max(limits.processes, 1)
        self._order = (renderer.sources, renderer.catalogue, limits.seconds, limits.megabytes)
        self._free: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(self._count):
            self._free.put(None)

    def write(self, method: str, *args: Any, **named: Any) -> Any:
        """Return what the renderer's method does, done apart.

        Raises:
            MessageError: what it raises, or that it took too much.
        """
        process = self._free.get()
        try:
            process = process or _Process(self._order)
            answer = process.ask((method, args, named), WALL * self.limits.seconds)
        except _GoneError as problem:
            process = None
            raise RenderProblemError(self._words(problem.code)) from None
        except BaseException:
            if process is not None:
                process.end()
            process = None
            raise
        finally:
            self._free.put(process)
        return self._read(*answer)

    def write_all(self, jobs: Mapping[str, Job]) -> dict[str, Any]:
        """Return what became of each job, a text or a ``MessageError``, beside each other."""
        with ThreadPoolExecutor(self._count) as workers:
            return dict(zip(jobs, workers.map(self._outcome, jobs.values()), strict=True))

    def close(self) -> None:
        """End all processes."""
        for process in [self._free.get() for _ in range(self._count)]:
            if process is not None:
                process.end()
            self._free.put(None)

    def _outcome(self, job: Job) -> Any:
        method, args, named = job
        try:
            return self.write(method, *args, **named)
        except Exception as problem:  # noqa: BLE001  # it is one person's, and told where theirs is told
            return problem

    def _read(self, kind: str, said: Any) -> Any:
        match kind:
            case "text":
                return said
            case "problem":
                raise MessageError(said)
            case "memory":
                raise RenderProblemError(self._memory())
            case _:
                raise DefectError(said)

    def _words(self, code: int | None) -> str:
        if code is None or code == -signal.SIGPROF:
            return f"writing this text took longer than {counted(self.limits.seconds, 'second')}, so it was stopped"
        return f"writing this text ended its process: {self._memory()}, or more than the machine had"

    def _memory(self) -> str:
        return f"it took more than {self.limits.megabytes} MB of memory"


class DefectError(RuntimeError):
    """The renderer failed as it never should; the text is the kind of the error, and nobody's data."""


class _GoneError(Exception):
    """A process ended or was ended. ``code``: as the system says it; None: it did nothing at all for too long."""

    def __init__(self, code: int | None) -> None:
        self.code = code


class _Process:
    """One process, and the two pipes to it."""

    def __init__(self, order: Sequence[Any]) -> None:
        command = [sys.executable, "-m", "lifeloop.message.apart_process"]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._round(tuple(order), STARTS_WITHIN)

    def ask(self, job: Job, seconds: float) -> tuple[str, Any]:
        """Return the answer to one job; one that does not come within so many seconds never comes."""
        answer: tuple[str, Any] = self._round(job, seconds)
        return answer

    def end(self) -> None:
        """End the process; it may have ended by itself."""
        self._child.kill()
        self._child.communicate()

    def _round(self, value: Any, seconds: float) -> Any:
        jobs, answers = self._child.stdin, self._child.stdout
        assert jobs is not None  # noqa: S101  # they are pipes
        assert answers is not None  # noqa: S101
        ends = monotonic() + seconds
        try:
            write(jobs, value)
            size: int = HEAD.unpack(self._bytes(answers.fileno(), HEAD.size, ends))[0]
            return pickle.loads(self._bytes(answers.fileno(), size, ends))  # noqa: S301  # both sides are ours
        except (BrokenPipeError, EOFError):
            code = self._child.wait()
            self.end()
            raise _GoneError(code) from None
        except TimeoutError:
            self.end()
            raise _GoneError(None) from None

    def _bytes(self, pipe: int, count: int, ends: float) -> bytes:
        """Return so many bytes; raises ``EOFError`` at the end of the pipe, ``TimeoutError`` at that of the time."""
        taken = bytearray()
        while len(taken) < count:
            if not select.select([pipe], [], [], max(ends - monotonic(), 0))[0]:
                raise TimeoutError
            if not (more := os.read(pipe, count - len(taken))):
                raise EOFError
            taken += more
        return bytes(taken)
