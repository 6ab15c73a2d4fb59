"""The name service is asked over TCP, and whatever it answers is read or refused with a sentence."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from lifeloop.channel.dns import Server, Unasked, Written, system_resolver


def name(text: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def record(kind: int, data: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    return owner + struct.pack(">HHIH", kind, 1, 300, len(data)) + data


def texts(*pieces: str) -> bytes:
    return b"".join(bytes([len(piece)]) + piece.encode() for piece in pieces)


@pytest.fixture
def serve():
    """A name server on loopback that gives one answer, however it is asked; returns its port and what it was asked."""
    doors = []

    def open_door(answer):
        door = socket.create_server(("127.0.0.1", 0))
        doors.append(door)
        asked = []

        def once():
            line, _ = door.accept()
            with line:
                size = int.from_bytes(line.recv(2))
                question = line.recv(size)
                asked.append(question)
                said = answer(question)
                line.sendall(struct.pack(">H", len(said)) + said)

        threading.Thread(target=once, daemon=True).start()
        return door.getsockname()[1], asked

    yield open_door
    for door in doors:
        door.close()


def answering(*records: bytes, flags: int = 0x8180, number: int | None = None):
    def answer(question: bytes) -> bytes:
        own = struct.unpack_from(">H", question)[0] if number is None else number
        return struct.pack(">6H", own, flags, 1, len(records), 0, 0) + question[12:] + b"".join(records)

    return answer


def test_long_texts_are_put_together_and_aliases_followed_by_the_server_are_skipped(serve):
    alias = record(5, name("key.example.net"))
    port, asked = serve(answering(alias, record(16, texts("v=DKIM1; p=" + "A" * 200, "B" * 200))))
    assert Server("127.0.0.1", port).ask("s1._domainkey.example.com", "TXT") == ("v=DKIM1; p=" + "A" * 200 + "B" * 200,)
    assert asked[0][12:] == name("s1._domainkey.example.com") + b"\0\x10\0\x01"


def test_exchanges_are_read_with_their_short_names(serve):
    port, _ = serve(answering(record(15, b"\0\x0a\x04mail\xc0\x0c"), record(15, b"\0\0\0")))
    assert Server("127.0.0.1", port).ask("example.com", "MX") == ("10 mail.example.com", "0 .")


def test_a_name_that_is_not_there_has_no_records(serve):
    port, _ = serve(answering(flags=0x8183))
    assert Server("127.0.0.1", port).ask("nowhere.example.com", "TXT") == ()


@pytest.mark.parametrize(
    "answer",
    [
        answering(flags=0x8182),
        answering(number=70_000 % 65_536, flags=0x8182),
        lambda _: b"\0",
        answering(record(15, b"\0\x0a\xc0\xff")),
        lambda question: question[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0" + b"\x3f",
    ],
    ids=["failed", "another", "short", "points nowhere", "cut off"],
)
def test_what_cannot_be_read_is_said(serve, answer):
    port, _ = serve(answer)
    with pytest.raises(Unasked, match="name server"):
        Server("127.0.0.1", port).ask("example.com", "MX")


def test_a_name_that_points_at_itself_ends(serve):
    port, _ = serve(lambda q: answering(record(15, b"\0\x0a" + struct.pack(">H", 0xC000 | (len(q) + 14))))(q))
    with pytest.raises(Unasked):
        Server("127.0.0.1", port).ask("example.com", "MX")


def test_nobody_there_is_said():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Unasked, match="does not answer"):
        Server("127.0.0.1", port).ask("example.com", "TXT")
    with pytest.raises(Unasked, match="is not a name"):
        Server("127.0.0.1", port).ask("a" * 70 + ".example.com", "TXT")


def test_a_machine_without_a_name_server_says_so(tmp_path):
    with pytest.raises(Unasked, match="which name server"):
        system_resolver(tmp_path / "none")
    (tmp_path / "empty").write_text("# nothing\n")
    with pytest.raises(Unasked, match="which name server"):
        system_resolver(tmp_path / "empty")


def test_answers_that_were_written_down():
    found = Written({"Example.com  TXT": ["v=spf1 -all"]})
    assert found.ask("example.com", "TXT") == ("v=spf1 -all",)
    assert found.ask("example.com", "MX") == ()
