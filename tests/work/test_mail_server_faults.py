"""Every way in which a mail server can fail, on either database: what is written down, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from tests import passing

from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.store import customers
from lifeloop.work.story import tell
from lifeloop.work.wave import Wave

HOUR = 3600
DEADLINE = 20
"""Seconds: nobody is kept from answering by a busy machine. Who is silent lets them pass."""
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - send: shop/one
"""
STAGES = ("greeting", "ehlo", "mail", "rcpt", "data", "text")
GOOD = {
    "greeting": "220 ready",
    "ehlo": "250 mail.example.com",
    "mail": "250 ok",
    "rcpt": "250 ok",
    "data": "354 go on",
    "text": "250 taken",
}
LATER, SLOWLY, REJECTED, SETTINGS, LOST, SENT = "later", "slowly", "rejected", "settings", "lost", "sent"
CUT, SILENT = "cut", "silent"
TABLE = {
    **{(stage, "451 later"): LATER for stage in STAGES},
    **{(stage, "421 slowly"): SLOWLY for stage in STAGES},
    **{(stage, CUT): LATER for stage in STAGES[:4]},
    **{(stage, SILENT): LATER for stage in STAGES[:4]},
    ("greeting", "554 go away"): SETTINGS,
    ("mail", "550 not your domain"): SETTINGS,
    ("mail", "552 too big"): REJECTED,
    ("rcpt", "550 nobody of that name"): REJECTED,
    ("data", "554 no"): REJECTED,
    ("text", "550 spam"): REJECTED,
    ("text", "554 spam"): REJECTED,
    ("data", CUT): LOST,
    ("text", CUT): LOST,
    ("text", SILENT): LOST,
    ("text", "250 taken"): SENT,
    ("ehlo", "451 later"): SENT,  # whoever does not know EHLO is greeted with HELO
}
SEEN = {
    LATER: ("ready", 1, 30, 38),
    SLOWLY: ("ready", 0, 5, 5),
    REJECTED: ("rejected", 1, None, None),
    SETTINGS: ("ready", 0, 300, 300),
    LOST: ("assumed_sent", 1, None, None),
    SENT: ("sent", 1, None, None),
}
WORDS = {
    "ready": "",
    "rejected": "shop/one could not be delivered",
    "assumed_sent": "shop/one its answer was lost; it counts as sent",
    "sent": "shop/one",
}


class Rude:
    """A mail server that does one thing wrong at one stage; everything before goes well. It counts whole texts."""

    def __init__(self, stage, fault):
        self.fault = {stage: fault}
        self.texts = 0
        self.over = asyncio.Event()

    async def client(self, reader, writer):
        try:
            await self._say(writer, "greeting")
            while line := (await reader.readline()).decode().strip().lower():
                stage = {"ehlo": "ehlo", "mail": "mail", "rcpt": "rcpt", "data": "data"}.get(line[:4])
                await self._say(writer, stage)
                if line == "data" and not self.fault.get("data"):
                    await reader.readuntil(b"\r\n.\r\n")
                    self.texts += 1
                    await self._say(writer, "text")
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _say(self, writer, stage):
        said = self.fault.get(stage) or GOOD.get(stage, "250 ok")
        if said == SILENT:
            await asyncio.sleep(0.01)  # Python 3.11 may overlook a deadline that comes together with the connection
            passing.let_pass(DEADLINE)
            await self.over.wait()
        if said == CUT:
            raise ConnectionResetError
        writer.write(f"{said}\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def mail_by(shop, rude, name):
    """Let mail go to this server, as a way out of its own: no fault is in another's way."""
    server = await asyncio.start_server(rude.client, "127.0.0.1", 0)
    where = SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1], "none")
    way = SmtpChannel(where, shop.clock, project="shop", deadline=DEADLINE)
    shop.space.ways = replace(shop.space.ways, mail=way, mail_name=name)
    try:
        yield
    finally:
        await way.close()
        rude.over.set()
        server.close()
        await asyncio.sleep(0.01)  # the other side of each line ends too


def wave(shop, rude, name):
    async def run():
        async with mail_by(shop, rude, name):
            await Wave(shop.space).run()

    passing.run(run())


def timeline(shop):
    """Return what is ahead for the customer, and the newest lines of what was."""
    with shop.space.store.reading() as tx:
        story = tell(shop.space, tx, customers.find_keys(tx, ["ana"])["ana"], 4)
    return {line.kind for line in story.ahead}, {line.words for line in story.past}


def test_every_fault_of_a_mail_server_has_its_class_and_leads_to_one_mail_at_most(shop) -> None:
    shop.publish(one=JOURNEY)
    wrong = {}
    for (stage, fault), meant in TABLE.items():
        shop.clock.set(shop.now + 3 * 24 * HOUR)
        shop.person("ana")
        shop.event("ana", "order.placed")
        rude, name = Rude(stage, fault), f"{stage}-{fault[:3]}"
        wave(shop, rude, name)
        message, (ahead, past) = max(shop.messages(), key=lambda one: one.made_at), timeline(shop)
        status, tries, least, most = SEEN[meant]
        pause = None if message.next_at is None else message.next_at - shop.now
        found = (message.status, message.tries, least is None or least <= (pause or 0) <= most)
        told = WORDS[status] in past if WORDS[status] else "leaves" in ahead
        if (*found, told) != (status, tries, True, True):
            wrong[stage, fault] = (*found, pause, told, past)
        shop.clock.set(shop.now + HOUR)
        well = Rude("text", "250 taken")
        wave(shop, well, name)
        arrived = well.texts + (rude.texts if meant in (LOST, SENT) else 0)
        expected = {LATER: 1, SLOWLY: 1, SETTINGS: 1, SENT: 1, REJECTED: 0}.get(meant, int(stage == "text"))
        if arrived != expected:
            wrong[stage, fault, "arrived"] = (arrived, expected)
    assert wrong == {}
