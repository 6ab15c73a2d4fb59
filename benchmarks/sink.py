"""Where all webhooks arrive: a process of its own that counts each call once, and knows those that came too early.

It answers every POST with 200. GET /count tells how many customers got their first call, and how many their second,
how many second calls came less than a second after the first, and how many calls were repeated.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from time import monotonic

from receiver import FINE, receive, told

WAIT = 1.0
SLACK = 0.05
"""Seconds by which a second call may seem early because the first one stood in a queue here."""


class Calls:
    """What came, by customer."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.second: dict[str, float] = {}
        self.repeated = 0
        self.early = 0

    def note(self, path: bytes, customer: str) -> None:
        seen = self.first if path == b"/first" else self.second
        if customer in seen:
            self.repeated += 1
            return
        seen[customer] = monotonic()
        if seen is self.second:
            self.early += seen[customer] - self.first.get(customer, seen[customer]) < WAIT - SLACK

    def told(self) -> bytes:
        counts = {"first": len(self.first), "second": len(self.second), "early": self.early, "repeated": self.repeated}
        return told(json.dumps(counts).encode())


def answer(calls: Calls, head: bytes, body: bytes) -> bytes:
    word, path, _ = head.split(b" ", 2)
    if word == b"GET":
        return calls.told()
    calls.note(path, json.loads(body)["customer"])
    return FINE


if __name__ == "__main__":
    asyncio.run(receive(partial(answer, Calls())))
