"""Where all messages arrive: a process of its own, which nobody kills, and which keeps when each of them came.

A key it knows is answered and not counted again, as a careful receiver does; how often that happened is told. GET says
what came, as ``{"/huge": {"at": {customer: monotonic seconds}, "twice": customers, "again": calls}}``: ``twice`` are
those who got the same by two different keys, which no receiver could know again.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from functools import partial
from time import monotonic

from receiver import FINE, receive, told

KEY = re.compile(rb"(?i)\r\nidempotency-key: *([^\r]+)")


class Path:
    """What came to one address."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.keys: set[bytes] = set()
        self.twice: list[str] = []
        self.again = 0

    def note(self, key: bytes, customer: str) -> None:
        if key in self.keys:
            self.again += 1
            return
        self.keys.add(key)
        if customer in self.at:
            self.twice.append(customer)
        self.at.setdefault(customer, monotonic())


def answer(paths: dict[str, Path], head: bytes, body: bytes) -> bytes:
    word, path, _ = head.split(b" ", 2)
    if word == b"GET":
        return _told(paths, brief=path == b"/count")
    key = KEY.search(head)
    assert key is not None
    paths[path.decode()].note(key[1], json.loads(body)["customer"])
    return FINE


def _told(paths: dict[str, Path], *, brief: bool) -> bytes:
    found = {
        name: len(path.at) if brief else {"at": path.at, "twice": path.twice, "again": path.again}
        for name, path in paths.items()
    }
    return told(json.dumps(found).encode())


if __name__ == "__main__":
    asyncio.run(receive(partial(answer, defaultdict(Path))))
