"""A way out that hangs: everybody else moves on, other ways out are handed more, and nothing piles up at it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.work import wave as waves
from lifeloop.work.pacing import standings
from lifeloop.work.running import Runner
from lifeloop.work.wave import Wave

from .conftest import KEYLESS, Scripted
from .test_pacing import declare, scripted

MAIL = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""
CALL = """
start: {event: order.paid}
delivery: {topic: service}
steps:
  - call: crm.create
"""


class Hanging(Scripted):
    """A provider that takes whatever it is handed, and says nothing until it is let go."""

    def __init__(self, abilities=KEYLESS) -> None:
        super().__init__(abilities)
        self.let_go = asyncio.Event()
        self.held: list[str] = []

    async def send(self, batch, /):
        self.held += [item.id for item in batch]
        await self.let_go.wait()
        return await super().send(batch)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch) -> None:
    monkeypatch.setattr(waves, "PATIENCE", 0.01)


def hanging(shop) -> Hanging:
    way = Hanging()
    shop.space.ways = replace(shop.space.ways, mail=way)
    return way


async def until(met, way: Hanging) -> None:
    """Wait until it is so; a test that fails must not wait for a provider that hangs."""
    try:
        async with asyncio.timeout(20):
            while not met():  # noqa: ASYNC110  # what it waits for is in a database
                await asyncio.sleep(0.01)
    except TimeoutError:
        way.let_go.set()
        raise


def test_while_a_provider_hangs_people_move_and_other_ways_out_are_handed_more(shop) -> None:
    shop.publish(one=MAIL, two=CALL)
    calls = shop.calls_by()

    async def meanwhile() -> None:
        way = hanging(shop)
        keys = shop.people(30)
        shop.events(keys, "order.placed")
        wave = asyncio.create_task(Wave(shop.space).run())
        await until(lambda: way.held, way)
        shop.events(keys, "order.paid")
        await until(lambda: len(calls.handed) == 30, way)
        assert way.held == way.held[:4], "no more is under way than could be in doubt"
        assert sorted({one.status for one in shop.messages() if one.kind == "mail"}) == ["attempting", "ready"]
        way.let_go.set()
        assert (await wave)["sent"] == 60
        assert sorted(way.handed) == sorted(set(way.handed))

    asyncio.run(meanwhile())


def test_whoever_stops_waits_for_what_is_under_way_and_begins_nothing_new(shop) -> None:
    shop.publish(one=MAIL)

    async def meanwhile() -> None:
        way = hanging(shop)
        shop.events(shop.people(9), "order.placed")
        told = []
        runner = Runner(shop.space, tell=told.append)
        running = asyncio.create_task(runner.run_forever())
        await until(lambda: way.held, way)
        await until(lambda: any(one.counts.get("admitted") for one in told), way)  # a wave ended
        runner.stopping = True
        way.let_go.set()
        await running
        assert (len(way.held), sum(one.counts.get("sent", 0) for one in told)) == (4, 4)

    asyncio.run(meanwhile())
    assert sorted(status for _, status in shop.said()) == ["ready"] * 5 + ["sent"] * 4


def test_while_one_message_tries_again_the_others_take_the_fallback(shop) -> None:
    declare(shop, "  resend: {token: env.T, fallback: postmark}\n  postmark: {token: env.T}", "resend")
    broken, spare = scripted(shop, KEYLESS)
    broken.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED, timed_out=True, detail="slow")
    shop.events(shop.people(4), "order.placed")
    shop.wave()

    async def meanwhile() -> None:
        way = hanging(shop)
        shop.clock.set(shop.now + 60)
        shop.person("bo")
        shop.event("bo", "order.placed")
        wave = asyncio.create_task(Wave(shop.space).run())
        await until(lambda: way.held, way)
        for number in range(9):
            shop.person(f"late{number}")
            shop.event(f"late{number}", "order.placed")
        await until(lambda: len(spare.handed) >= 9, way)
        assert len(way.held) == 1
        way.let_go.set()
        await wave

    asyncio.run(meanwhile())


def test_a_mail_server_that_hangs_is_left_alone_after_one_round_and_that_is_said(shop) -> None:
    shop.publish(one=MAIL)
    shop.events(shop.people(30), "order.placed")

    async def meanwhile() -> None:
        async with silent_server() as port:
            server = SmtpServer("127.0.0.1", port, "none")
            way = SmtpChannel(server, shop.clock, project="shop", greeting=0.05)
            shop.space.ways = replace(shop.space.ways, mail=way, mail_name="smtp")
            await Wave(shop.space).run()

    asyncio.run(meanwhile())
    with shop.space.store.reading() as tx:
        (standing,) = standings(shop.space, tx)
    assert (standing.way, standing.circuit, standing.until) == ("smtp", "open", shop.now + 30)
    assert standing.why == "the mail server took too long before the text was handed over"
    assert sum(one.tries for one in shop.messages()) == 4, "the others wait, unused"


@asynccontextmanager
async def silent_server():
    """A mail server that takes every connection, and does not even greet."""
    over = asyncio.Event()

    async def client(_reader, writer) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await asyncio.sleep(0.01)  # the other side of each line ends too
