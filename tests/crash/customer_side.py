"""Whoever sends events to us, as careful systems do: the same event again, under the same id, until it was taken."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from lifeloop.clock import SystemClock

SECONDS = 5
PAUSE = 0.05


@dataclass
class Sender:
    """A shop's own server. ``taken``: customer → when their order was placed, of all that were answered with 202."""

    port: int
    key: str
    taken: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)
    tries: int = 0
    unanswered: int = 0
    _ending: bool = False
    _thread: threading.Thread | None = None
    _line: HTTPConnection | None = None

    def begin(self, pause: float) -> None:
        """Send one order after the other, each of somebody new, beside whatever else happens."""
        self._thread = threading.Thread(target=self._go_on, args=(pause,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish the order at hand, and send no more."""
        self._ending = True
        self._thread.join()
        self._hang_up()

    def _go_on(self, pause: float) -> None:
        while not self._ending:
            self.order(f"c{len(self.taken):05}")
            time.sleep(pause)

    def order(self, key: str) -> None:
        """Say who they are, and that they ordered: each until it was taken."""
        known = {"first_name": key, "email": f"{key}@example.com"}
        self._until_taken("identify", {"messageId": f"who-{key}", "userId": key, "traits": known})
        placed = SystemClock().now()
        self._until_taken("track", {"messageId": f"order-{key}", "userId": key, "event": "order.placed"})
        self.taken[key] = placed

    def _until_taken(self, call: str, said: dict[str, object]) -> None:
        while (status := self._post(f"/v1/{call}", json.dumps(said))) != 202:
            time.sleep(PAUSE)
            if status not in (0, 503):
                raise AssertionError(f"{call} was answered with {status}: {self.refused[-1]}")

    def _post(self, path: str, body: str) -> int:
        """Return the status; 0 when there was no answer, so that nobody knows whether it was taken."""
        self.tries += 1
        try:
            self._line = self._line or HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            self._line.request("POST", path, body, headers)
            answer = self._line.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException):
            self._hang_up()
            self.unanswered += 1
            return 0
        if answer.status != 202:
            self.refused.append((answer.status, text))
        return answer.status

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None
