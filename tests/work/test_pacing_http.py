"""A provider over real sockets that wants less: 429 in every form, and then a plain no; another one takes over."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lifeloop.engine.circuit import FIRST_REST, FIRST_WAIT, LONGEST_WAIT
from lifeloop.store import pacing as stored
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

from .conftest import MONDAY

HOUR = 3600
ONE = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""
ALL_OF_THEM = 10


class Provider:
    """Resend and Postmark on loopback: one that answers as it is told, one that takes everything."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str]] = (200, {})
        self.asked: Counter[str] = Counter()
        self.taken: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = "resend" if self.path == "/emails" else "postmark"
                status, headers = outer.answer if name == "resend" else (200, {})
                outer.asked[name] += 1
                if status == 200:
                    mails = body if isinstance(body, list) else [body]
                    outer.taken += [json.dumps(mail.get("to") or mail.get("To")) for mail in mails]
                said = {"id": "r1"} if name == "resend" else [{"ErrorCode": 0, "MessageID": "p"} for _ in body]
                content = json.dumps(said).encode()
                self.send_response(status)
                for key, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def mailing(shop, provider):
    """The small shop, whose mail leaves by the one and, if that takes nothing, by the other."""
    file = shop.root / "lifeloop.yaml"
    file.write_text(
        file.read_text().replace("email: inbox", "email: resend")
        + f"""
environment: production
channels:
  resend: {{token: env.T, base: "{provider.url}", rate: 1000 per second, fallback: postmark}}
  postmark: {{token: env.T, base: "{provider.url}"}}
  http: {{allow_private: 127.0.0.0/8}}
"""
    )
    shop.space.close()
    shop.space = open_workspace(shop.root, url=shop.url, clock=shop.clock, environ={"T": "t"}, owner="tester")
    shop.opened.append(shop.space)
    shop.publish(one=ONE)
    shop.events(shop.people(ALL_OF_THEM), "order.placed")
    return shop


def go(shop, seconds: int = 0) -> None:
    async def wave() -> None:
        await Wave(shop.space).run()
        await shop.space.ways.close()

    shop.clock.set(shop.now + seconds)
    asyncio.run(wave())


IN_TWO_MINUTES = format_datetime(datetime.fromtimestamp(MONDAY + 120, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("45", 45),
        (IN_TWO_MINUTES, 120),
        ("-1", FIRST_WAIT),
        ("soon", FIRST_WAIT),
        (None, FIRST_WAIT),
        ("315360000", LONGEST_WAIT),
        ("Fri, 31 Dec 2100 23:59:59 GMT", LONGEST_WAIT),
    ],
)
def test_too_many_requests_pause_the_provider_and_use_up_no_try(mailing, provider, said, waits) -> None:
    provider.answer = (429, {} if said is None else {"Retry-After": said})
    go(mailing)
    first = provider.asked["resend"]
    assert first < ALL_OF_THEM, "the others were not even tried"
    assert {(one.status, one.tries, one.due_at) for one in mailing.messages()} == {("ready", 0, MONDAY)}
    assert Wave(mailing.space).next_due() == MONDAY + waits
    go(mailing, waits - 1)
    assert provider.asked == {"resend": first}, "nobody asks again too early, and a pause is no reason for the fallback"
    provider.answer = (200, {})
    go(mailing, 1)
    go(mailing, 1)
    assert Counter(one.status for one in mailing.messages()) == {"sent": ALL_OF_THEM}
    assert max(Counter(provider.taken).values()) == 1
    assert len(provider.taken) == ALL_OF_THEM


def test_a_provider_that_refuses_everybody_is_left_and_the_other_one_takes_over(mailing, provider) -> None:
    provider.answer = (408, {})
    for _ in range(4):
        go(mailing, 45)
    with mailing.space.store.reading() as tx:
        assert stored.look(tx, ["resend"])["resend"].state == "open"
    assert provider.asked["resend"] <= ALL_OF_THEM + 4
    provider.answer = (200, {})
    go(mailing, FIRST_REST * 8)
    go(mailing, HOUR)
    assert Counter(one.status for one in mailing.messages()) == {"sent": ALL_OF_THEM}
    assert sorted(Counter(provider.taken).values()) == [1] * ALL_OF_THEM, "nobody has it twice"
    assert {one.way for one in mailing.messages()} >= {"postmark"}


def test_a_wrong_key_at_the_one_lets_everything_leave_by_the_other(mailing, provider) -> None:
    provider.answer = (401, {})
    go(mailing)
    go(mailing, HOUR)
    assert Counter(one.status for one in mailing.messages())["sent"] >= ALL_OF_THEM - 1
    assert sorted(Counter(provider.taken).values()) == [1] * len(provider.taken)
