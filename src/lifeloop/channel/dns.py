"""Asking the name service for the records that decide whether mail arrives: TXT and MX, over TCP, nothing else.

Long records, such as keys, never fit into a datagram; over TCP every answer is whole.
"""

from __future__ import annotations

import secrets
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

Kind = Literal["TXT", "MX"]
_TYPES: dict[Kind, int] = {"MX": 15, "TXT": 16}
_POINTER, _NO_SUCH_NAME, _INTERNET, _WANTED = 0xC0, 3, 1, 0x0100
PORT, PATIENCE = 53, 5.0
LONGEST_LABEL = 63


class Unasked(OSError):  # noqa: N818  # an expected outcome: there is no network, or nobody answers
    """The name service could not be asked; the sentence says why."""


class Resolver(Protocol):
    """Whoever knows what stands in the name service."""

    def ask(self, name: str, kind: Kind, /) -> tuple[str, ...]:
        """Return the records of a name, none if it has none; ``Unasked`` when nobody could be asked."""
        ...


class Written:
    """Answers that were written down: ``{"example.com TXT": ["v=spf1 -all"]}``. What is not there has no record."""

    def __init__(self, answers: Mapping[str, Sequence[str]]) -> None:
        self._answers = {" ".join(key.lower().split()): tuple(found) for key, found in answers.items()}

    def ask(self, name: str, kind: Kind, /) -> tuple[str, ...]:
        """Return what was written down."""
        return self._answers.get(f"{name} {kind}".lower(), ())


class Server:
    """A name server, asked over TCP."""

    def __init__(self, host: str, port: int = PORT) -> None:
        self._place = (host, port)

    def ask(self, name: str, kind: Kind, /) -> tuple[str, ...]:
        """Return the records that the server gives."""
        number = secrets.randbelow(1 << 16)
        question = _question(number, name, kind)
        try:
            with socket.create_connection(self._place, PATIENCE) as line:
                line.settimeout(PATIENCE)
                line.sendall(question)
                answer = _whole(line, int.from_bytes(_whole(line, 2)))
            return _records(answer, number, kind)
        except Unasked:
            raise
        except OSError as problem:
            raise Unasked(
                f"the name server does not answer ({problem.strerror or type(problem).__name__})"
            ) from problem
        except (IndexError, struct.error, UnicodeError) as problem:
            raise Unasked("the name server gave an answer that cannot be read") from problem


def system_resolver(settings: Path = Path("/etc/resolv.conf")) -> Resolver:
    """Return the name server that this machine uses.

    Raises:
        Unasked: none is set.
    """
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as problem:
        raise Unasked("this machine does not say which name server it uses") from problem
    found = next((words[1] for line in lines if (words := line.split())[:1] == ["nameserver"] and words[1:]), None)
    if found is None:
        raise Unasked("this machine does not say which name server it uses")
    return Server(found)


def _question(number: int, name: str, kind: Kind) -> bytes:
    try:
        labels = [part.encode("ascii") if part.isascii() else part.encode("idna") for part in name.split(".") if part]
    except UnicodeError as problem:
        raise Unasked(f'"{name}" is not a name') from problem
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise Unasked(f'"{name}" is not a name')
    asked = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    body = struct.pack(">6H", number, _WANTED, 1, 0, 0, 0) + asked + struct.pack(">2H", _TYPES[kind], _INTERNET)
    return struct.pack(">H", len(body)) + body


def _whole(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = line.recv(size - len(found))
        if not more:
            raise Unasked("the name server hung up")
        found += more
    return found


def _records(answer: bytes, number: int, kind: Kind) -> tuple[str, ...]:
    got, flags, questions, count = struct.unpack_from(">4H", answer)
    if got != number or flags & 0xF not in (0, _NO_SUCH_NAME):
        raise Unasked("the name server could not find out")
    place = 12
    for _ in range(questions):
        place = _after_name(answer, place) + 4
    return tuple(_found(answer, place, count, kind))


def _found(answer: bytes, place: int, count: int, kind: Kind) -> Iterable[str]:
    for _ in range(count):
        place = _after_name(answer, place)
        got, _, _, size = struct.unpack_from(">HHIH", answer, place)
        place += 10
        if got == _TYPES[kind]:
            yield _text(answer[place : place + size]) if kind == "TXT" else _exchange(answer, place)
        place += size


def _text(data: bytes) -> str:
    """Return a text record: its pieces belong together without a gap."""
    found, place = b"", 0
    while place < len(data):
        found += data[place + 1 : place + 1 + data[place]]
        place += 1 + data[place]
    return found.decode("utf-8", "replace")


def _exchange(answer: bytes, place: int) -> str:
    (rank,) = struct.unpack_from(">H", answer, place)
    return f"{rank} {_name(answer, place + 2)}"


def _after_name(answer: bytes, place: int) -> int:
    while answer[place]:
        if answer[place] >= _POINTER:
            return place + 2
        place += 1 + answer[place]
    return place + 1


def _name(answer: bytes, place: int) -> str:
    labels: list[str] = []
    jumps = 0
    while answer[place]:
        if answer[place] >= _POINTER:
            place, jumps = struct.unpack_from(">H", answer, place)[0] & 0x3FFF, jumps + 1
            if jumps > LONGEST_LABEL:
                raise Unasked("the name server gave an answer that cannot be read")
            continue
        labels.append(answer[place + 1 : place + 1 + answer[place]].decode("ascii", "replace"))
        place += 1 + answer[place]
    return ".".join(labels) or "."
