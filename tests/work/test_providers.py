"""A journey whose text goes out through a provider that the project declares, as docs/adding-a-provider.md says."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from lifeloop.channel.callbacks.values import Refused
from lifeloop.clock import SetClock
from lifeloop.store import customers, ledger
from lifeloop.work import checking
from lifeloop.work.guarding import leaves_this_machine
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.project import open_project
from lifeloop.work.publishing import publish
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

NOW = 1_780_000_000
PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-provider.md").read_text(encoding="utf-8")
FILE = re.search(r"```yaml providers/pidge\.yaml\n(.*?)```", PAGE, re.DOTALL)[1]
SETTINGS = re.search(r"```yaml other\n(channels:.*?)```", PAGE, re.DOTALL)[1]
PART = r"yaml (?:other|providers/pidge\.yaml more)"
PROJECT = """\
project: small-shop
test_addresses: ["+31612345678"]
timezone: UTC
company: {name: Small Shop, address: Street 1, email: hello@example.com}
topics: {service: {basis: contract, counts: false}}
events: {order.placed: {}}
customer: {first_name: text}
senders: {shop: Small Shop <hello@example.com>}
"""
JOURNEY = """\
journey: orders
phase: welcome
start: {event: order.placed}
steps:
  - send: ready
    by: sms
    topic: service
"""


class Pidge:
    """The service that does not exist, on loopback: answers what it is told to, and notes what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def client(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = int(re.search(r"(?i)content-length: (\d+)", head)[1])
        self.asked.append((head.split("\r\n")[0], head, json.loads(await reader.readexactly(size))))
        status, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        content = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
        )
        await writer.drain()
        writer.close()


@pytest.fixture
def project(tmp_path):
    """Write a project that follows the page."""
    for name, text in {
        "journeys/orders.yaml": JOURNEY,
        "templates/ready.md": "---\nsubject: Ready\n---\nHello {{ customer.first_name }}, it is ready.\n",
        "providers/pidge.yaml": FILE,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project, *answers, waves=1):
    """Let one customer go through the journey; return what Pidge was asked, and the messages."""

    async def everything():
        pidge = Pidge(*answers)
        server = await asyncio.start_server(pidge.client, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = SETTINGS.replace("{provider: pidge,", f'{{provider: pidge, base: "http://127.0.0.1:{port}",')
        (project / "lifeloop.yaml").write_text(f"{PROJECT}{settings}  http: {{allow_private: 127.0.0.0/8}}\n")
        assert [one.message for one in open_project(project).diagnostics if one.severity == "error"] == []
        clock = SetClock(NOW)
        space = open_workspace(project, clock=clock, environ={"PIDGE_TOKEN": "canary"})
        try:
            publish(space, NOW)
            ana = Person("ana", {"first_name": "Ana", "phone": "+31612345678"}, {}, {})
            ingest(space, [ana], [Happening("ana", "order.placed", NOW, "e1", data={})])
            for _ in range(waves):
                await Wave(space).run()
                clock.set(clock.now() + 3600)
            await space.ways.close()
            with space.store.reading() as tx:
                assert customers.find_keys(tx, ["ana"])
                ids = [row.id for row in tx.ask("SELECT id FROM message")]
                return pidge.asked, list(ledger.find(tx, ids).values())
        finally:
            space.close()
            server.close()

    return asyncio.run(everything())


def test_a_text_leaves_through_the_provider_of_the_page(project):
    asked, (message,) = run(project, (201, {"text": {"id": "p-77"}}))

    ((line, head, body),) = asked
    assert line == "POST /v2/texts HTTP/1.1"
    assert "Bearer canary" in head
    assert body == {
        "recipient": "+31612345678",
        "sender": "Sunny",
        "message": "Hello Ana, it is ready.",
        "ref": message.id,
    }
    assert (message.status, message.provider_id, message.channel) == ("sent", "p-77", "sms")


def test_what_the_provider_refuses_is_over_and_what_it_delays_comes_again(project):
    _, (refused,) = run(project, (400, {"error": {"code": "stopped"}}), waves=2)

    assert refused.status == "rejected"


def test_a_lost_answer_is_asked_for_again_under_the_same_id(project):
    asked, (message,) = run(project, (500, {}), (201, {"text": {"id": "p-1"}}), waves=2)

    assert message.status == "sent"
    assert [body["ref"] for _, _, body in asked] == [message.id, message.id]


def test_a_wrong_key_uses_no_message_up(project):
    asked, (message,) = run(project, (403, {}), (201, {"text": {"id": "p-1"}}), waves=2)

    assert message.status == "sent"
    assert len(asked) == 2


def blocks(kind, begins=""):
    return re.findall(rf"```{kind}\n({begins}.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("lookup", blocks(PART, "lookup:"))
def test_what_the_page_tries_comes_out_as_it_says(lookup, project, monkeypatch):
    (callbacks, _) = blocks(PART, "callbacks:")
    (project / "providers" / "pidge.yaml").write_text(FILE + callbacks + lookup)
    monkeypatch.chdir(project)
    names = {}
    exec("\n".join(blocks("python")), names)  # noqa: S102  # the page's own example

    with pytest.raises(Refused):
        names["tried"].reported(names["body"], headers={"x-pidge-signature": "00"})


@pytest.mark.parametrize(("settings", "leaves"), [("", False), (SETTINGS, True), ("email: postmark\n", True)])
def test_a_project_with_a_provider_can_reach_real_people(settings, leaves, project):
    (project / "lifeloop.yaml").write_text(PROJECT + settings)
    space = open_workspace(project, clock=SetClock(NOW), environ={})

    assert leaves_this_machine(space) is leaves
    space.close()


def test_the_doctor_sees_every_way_out(project):
    (project / "lifeloop.yaml").write_text(PROJECT + SETTINGS + "  push: {provider: slack, hook: env.HOOK}\n")
    space = open_workspace(project, clock=SetClock(NOW), environ={"PIDGE_TOKEN": "canary"})

    said = [(one.level, one.what) for one in checking.project(space)][1:]
    space.close()

    assert said == [
        ("fine", "e-mail goes to the local inbox"),
        ("fine", "sms leaves by pidge"),
        ("wrong", "push cannot leave: push: the environment variable HOOK is not set; put it into the environment"),
    ]
