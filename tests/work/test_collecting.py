"""The mailbox is emptied: each mail counts once, whatever else lies in the box, and whatever happens meanwhile."""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field, replace

import pytest

from lifeloop.channel import plus
from lifeloop.channel.mime import write
from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import consents, events
from lifeloop.work import collecting
from lifeloop.work.collecting import collect
from lifeloop.work.links import Links
from lifeloop.work.returning import bounces_of, key_of, leaves_of

ENVIRON = {"BOX": "word"}
BOX = "returns@shop.example"
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: news}
steps:
  - send: shop/one
"""
DSN = """From: MAILER-DAEMON@mx.example.com
To: {to}
Message-ID: <{n}@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {who}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--B--
"""


@dataclass
class Kept:
    """One mail in the box."""

    raw: bytes
    flags: set[str] = field(default_factory=set)
    folder: str = "INBOX"


class Imap(socketserver.ThreadingTCPServer):
    """Knows LOGIN, SELECT, and UID SEARCH, FETCH, STORE, MOVE, COPY and EXPUNGE."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, capabilities: str = "IMAP4rev1 MOVE UIDPLUS") -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.password, self.capabilities = "word", capabilities
        self.mails: dict[int, Kept] = {}
        self.said: list[str] = []
        self.hangs_up_at = ""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def put(self, raw: bytes | str) -> int:
        uid = len(self.mails) + 1
        self.mails[uid] = Kept(raw.encode() if isinstance(raw, str) else raw)
        return uid

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()


class Session(socketserver.StreamRequestHandler):
    server: Imap

    def handle(self) -> None:
        self.tell("* OK here I am")
        while line := self.rfile.readline().decode().strip():
            tag, _, rest = line.partition(" ")
            word, _, words = rest.partition(" ")
            if word.upper() == "UID":
                word, _, words = words.partition(" ")
            self.server.said.append(f"{word} {words}" if word != "LOGIN" else word)
            if word.upper() == self.server.hangs_up_at:
                return
            answer = getattr(self, word.lower(), self.unknown)(words)
            self.tell(f"{tag} {answer or 'OK done'}")
            if word.upper() == "LOGOUT":
                return

    def tell(self, line: str | bytes) -> None:
        self.wfile.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    def unknown(self, _words: str) -> str:
        return "BAD what?"

    def capability(self, _words: str) -> None:
        self.tell(f"* CAPABILITY {self.server.capabilities}")

    def logout(self, _words: str) -> None:
        self.tell("* BYE")

    def login(self, words: str) -> str | None:
        return None if words.rpartition(" ")[2].strip('"') == self.server.password else "NO for somebody@example.com"

    def select(self, words: str) -> str | None:
        if words.strip('"') != "INBOX":
            return "NO such folder"
        self.tell(f"* {len(self.server.mails)} EXISTS")
        return None

    def search(self, _words: str) -> None:
        found = [uid for uid, one in self.server.mails.items() if one.folder == "INBOX" and not one.flags]
        self.tell(f"* SEARCH {' '.join(map(str, found))}".rstrip())

    def fetch(self, words: str) -> None:
        uid = int(words.split(maxsplit=1)[0])
        most = int(re.search(r"<0\.(\d+)>", words)[1])
        raw = self.server.mails[uid].raw[:most]
        self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")

    def store(self, words: str) -> None:
        for one in self.named(words):
            one.flags.add(re.search(r"\(\\(\w+)\)", words)[1])

    def move(self, words: str) -> None:
        for one in self.named(words):
            one.folder = words.partition(" ")[2].strip('"')

    def copy(self, words: str) -> None:
        for one in list(self.named(words)):
            uid = self.server.put(one.raw)
            self.server.mails[uid].folder = words.partition(" ")[2].strip('"')

    def expunge(self, words: str) -> None:
        for uid in map(int, words.split(",")):
            if "Deleted" in self.server.mails[uid].flags:
                self.server.mails[uid].folder = "gone"

    def named(self, words: str):
        return [self.server.mails[int(uid)] for uid in words.partition(" ")[0].split(",")]


@pytest.fixture
def box():
    with Imap() as server:
        yield server


@pytest.fixture
def sent(shop, box):
    """A mail that left, from a project that has a mailbox."""
    shop.mail_by()
    shop.publish(one=JOURNEY)
    settle(shop, box)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.clock.set(shop.now + 60)
    return shop.messages()[0]


def settle(shop, box, **more):
    known = {"host": "127.0.0.1", "port": str(box.port), "user": "returns", "password": "env.BOX", "tls": "none"}
    channels = {**shop.space.catalogue.channels, "mailbox": {**known, "address": BOX, **more}}
    shop.space.project = replace(shop.space.project, catalogue=replace(shop.space.catalogue, channels=channels))
    shop.space.links = Links("https://shop.example", (b"s" * 32,))


def dsn(shop, message, n=1, who="ana@example.com"):
    return DSN.format(to=bounces_of(shop.space, message), n=n, who=who)


def against(shop, who="ana@example.com"):
    with shop.space.store.reading() as tx:
        return [row.reason for row in consents.suppressed(tx, who)]


def happened(shop):
    with shop.space.store.reading() as tx:
        return [event.name for event in events.after(tx, 0, 100) if event.name != "order.placed"]


def test_a_returned_mail_speaks_against_its_address_once(shop, box, sent):
    uid = box.put(dsn(shop, sent))

    assert collect(shop.space, ENVIRON) == {"returned_mails": 1, "returned_reports": 1}
    assert against(shop) == ["hard_bounce"]
    assert box.mails[uid].flags == {"Seen"}
    assert collect(shop.space, ENVIRON) == {}

    box.mails[uid].flags.clear()  # as if we had died before it was put aside
    assert collect(shop.space, ENVIRON) == {"returned_mails": 1, "returned_reports": 0}
    assert happened(shop) == ["message.bounced", "bounced"]


def test_a_report_about_somebody_else_speaks_against_nobody(shop, box, sent):
    box.put(dsn(shop, sent, who="bob@example.com"))
    collect(shop.space, ENVIRON)
    assert (against(shop), against(shop, "bob@example.com")) == ([], [])


def test_bad_mail_stops_no_other(shop, box, sent, monkeypatch):
    reading = collecting.read_mail

    def read(raw, key):
        if b"poison" in raw:
            raise RuntimeError("a mistake of ours")
        return reading(raw, key)

    monkeypatch.setattr(collecting, "read_mail", read)
    for raw in (b"", b"\0\xff\r\n" * 50, b"poison", "From: a@b.example\n\nbuy\n"):
        box.put(raw)
    box.put(dsn(shop, sent))

    assert collect(shop.space, ENVIRON)["returned_reports"] == 1
    assert against(shop) == ["hard_bounce"]
    assert all(one.flags == {"Seen"} for one in box.mails.values())


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 MOVE UIDPLUS", "IMAP4rev1 UIDPLUS"])
def test_what_is_dealt_with_goes_into_a_folder_if_there_is_one(shop, sent, capabilities):
    with Imap(capabilities) as box:
        settle(shop, box, done="Done")
        uid = box.put(dsn(shop, sent))
        collect(shop.space, ENVIRON)
        assert [one.raw for one in box.mails.values() if one.folder == "Done"] == [box.mails[uid].raw]
        assert box.mails[uid].folder in ("Done", "gone")
        assert collect(shop.space, ENVIRON) == {}


def test_a_mail_to_the_address_of_the_header_ends_the_topic(shop, box, sent):
    box.put(f"From: ana@example.com\nTo: {leaves_of(shop.space, sent)}\nSubject: whatever\n\n")
    collect(shop.space, ENVIRON)
    with shop.space.store.reading() as tx:
        assert consents.of_customer(tx, sent.customer_id) == {"news": False}
        assert consents.history(tx, sent.customer_id)[-1].source == "mail"


@pytest.mark.parametrize(("sender", "ends"), [("ana@example.com", True), ("mallory@example.com", False)])
def test_a_reply_that_says_stop_is_believed_of_who_got_the_mail(shop, box, sent, sender, ends):
    box.put(f"From: {sender}\nTo: hello@example.com\nIn-Reply-To: <{sent.id}@example.com>\n\nStop\n")
    collect(shop.space, ENVIRON)
    with shop.space.store.reading() as tx:
        assert (consents.of_customer(tx, sent.customer_id) == {"news": False}) is ends


def test_a_reply_is_an_event_and_an_absence_is_none(shop, box, sent):
    away = f"From: ana@example.com\nIn-Reply-To: <{sent.id}@example.com>\nAuto-Submitted: auto-replied\n\nAway.\n"
    box.put(away)
    collect(shop.space, ENVIRON)
    assert happened(shop) == []
    box.put(away.replace("Auto-Submitted: auto-replied\n", ""))
    collect(shop.space, ENVIRON)
    assert happened(shop) == ["message.replied"]


@pytest.mark.parametrize("word", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
def test_a_box_that_hangs_up_is_asked_again_and_nothing_is_lost(shop, box, sent, word):
    box.put(dsn(shop, sent))
    box.hangs_up_at = word
    assert collect(shop.space, ENVIRON)["mailbox_unreachable"] == 1
    box.hangs_up_at = ""
    collect(shop.space, ENVIRON)
    assert against(shop) == ["hard_bounce"]
    assert happened(shop) == ["message.bounced", "bounced"]


@pytest.mark.usefixtures("sent")
def test_a_box_that_does_not_let_us_in_is_said_without_its_address(shop, caplog):
    assert collect(shop.space, {"BOX": "another"}) == {"mailbox_unreachable": 1}
    assert "are user and password right" in caplog.text
    assert "somebody@" not in caplog.text
    assert collect(shop.space, {}) == {"mailbox_unreachable": 1}
    assert "BOX is not set" in caplog.text


@pytest.mark.usefixtures("sent")
def test_every_mail_carries_where_it_comes_back(shop):
    way = shop.mail_by()
    handed = []
    way.answers = lambda _count, item: handed.append(item) or Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    shop.person("bob")
    shop.event("bob", "order.placed")
    shop.go(60)

    (letter,) = handed
    assert plus.message_in(letter.bounces, key_of(shop.space)) == letter.id
    raw = write(letter, shop.now).raw.decode()
    assert f"<mailto:{letter.unsubscribe_mail}>" in raw
    assert raw.index("<https://shop.example/u/") < raw.index("<mailto:")
