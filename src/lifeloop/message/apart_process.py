"""The other side of ``apart``: a process that writes texts, one after the other, under the limits of the system.

It reads jobs from its standard input and answers on its standard output. It holds no database and no secrets but the
texts, and the data of the one person it writes to; whatever happens to it, somebody else notices.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lifeloop.message.errors import MessageError
from lifeloop.message.render import Renderer

HEAD = struct.Struct(">I")
_ROOM = Path("/proc/self/statm")
"""Where Linux says how many pages a process takes up."""


def write(stream: IO[bytes], value: Any) -> None:
    """Send one value."""
    body = pickle.dumps(value)
    stream.write(HEAD.pack(len(body)) + body)
    stream.flush()


def read(stream: IO[bytes]) -> Any:
    """Return the next value; raises ``EOFError`` at the end."""
    return pickle.loads(_bytes(stream))  # noqa: S301  # both sides are ours


def _bytes(stream: IO[bytes]) -> bytes:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    return stream.read(*HEAD.unpack(head))


def serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    """Write texts until nobody wants any more."""
    sources, catalogue, seconds, megabytes = read(jobs)
    renderer = Renderer(sources, catalogue)
    _limit_memory(megabytes)
    write(answers, ("ready", None))
    with suppress(EOFError):
        while True:
            job = _bytes(jobs)
            # Processor time, so that a machine that stands still is nobody's fault; the signal ends the process.
            signal.setitimer(signal.ITIMER_PROF, seconds)
            answer = _answer(renderer, job)
            signal.setitimer(signal.ITIMER_PROF, 0)
            write(answers, answer)


def _answer(renderer: Renderer, job: bytes) -> tuple[str, Any]:
    try:
        method, args, named = pickle.loads(job)  # noqa: S301  # both sides are ours
        return "text", getattr(renderer, method)(*args, **named)
    except MessageError as problem:
        return "problem", str(problem)
    except MemoryError:
        return "memory", None
    except Exception as problem:  # noqa: BLE001  # its words may quote somebody's data
        return "defect", type(problem).__name__


def _limit_memory(megabytes: int) -> None:
    """Allow so much more than what is taken up already, where the system can say and limit it."""
    if not _ROOM.exists():
        return
    pages = int(_ROOM.read_text().split()[0])
    most = pages * resource.getpagesize() + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    """Serve on standard input and output; whatever else is printed goes where errors go."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started us ends us
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
