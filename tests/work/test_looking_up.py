"""Lost answers are looked for at the provider before anything is assumed: a few times, and never for long."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lifeloop.channel.lookup import Found, accepted
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import customers, lookups, messages
from lifeloop.work.errands import run_errands
from lifeloop.work.looking_up import PAUSES, RECONCILE, look_up
from lifeloop.work.story import tell
from lifeloop.work.tidying import tidy
from lifeloop.work.workspace import open_workspace

JOURNEY = """
start: {event: order.placed}
delivery: {topic: news}
steps:
  - send: shop/one
"""
ASKABLE = Abilities(batch=4, lookup=True)


class Library:
    """A provider that can be asked, and says what the test says."""

    def __init__(self, abilities=ASKABLE, says="absent", *, loses=1):
        self.abilities, self.says, self.loses = abilities, says, loses
        self.handed, self.asked = [], []

    async def send(self, batch, /):
        self.handed += [item.id for item in batch]
        lost = len(self.handed) <= self.loses
        outcome = Outcome.UNCERTAIN if lost else Outcome.ACCEPTED
        return [Receipt(id=item.id, outcome=outcome, detail="unanswered" if lost else "taken") for item in batch]

    async def look_up(self, questions, /):
        self.asked += questions
        if isinstance(self.says, Exception):
            raise self.says
        return [
            Found(id=one.id, what=self.says, reports=(accepted(one, "p1"),) if self.says == "there" else ())
            for one in questions
        ]

    async def close(self):
        pass


def lost(shop, **how):
    way = Library(**how)
    shop.space.ways = replace(shop.space.ways, mail=way)
    shop.publish(one=JOURNEY)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/one", "uncertain")]
    return way


def ask(shop, after):
    shop.clock.set(shop.now + after)
    return asyncio.run(look_up(shop.space))


def status(shop):
    return shop.messages()[0].status


def asked(shop):
    with shop.space.store.reading() as tx:
        return [row.said for row in lookups.of_messages(tx, [shop.messages()[0].id])]


def test_a_message_that_is_there_was_sent(shop):
    way = lost(shop, says="there")
    assert ask(shop, PAUSES[0] - 1) == {}
    tidy(shop.space)
    assert (status(shop), way.asked) == ("uncertain", [])

    assert ask(shop, 1) == {"asked": 1, "there": 1}
    assert (status(shop), asked(shop)) == ("sent", ["there"])
    assert [one.to for one in way.asked] == ["ana@example.com"]
    assert ask(shop, 10_000) == {}


@pytest.mark.parametrize("says", ["absent", "unknown"])
def test_it_is_asked_ever_more_rarely_and_then_decided_without_knowing(shop, says):
    way = lost(shop, says=says)
    for pause in PAUSES:
        assert ask(shop, pause - 1) == {}
        tidy(shop.space)
        assert status(shop) == "uncertain"
        assert ask(shop, 1) == {"asked": 1, says: 1}
    tidy(shop.space)

    assert (status(shop), asked(shop)) == ("assumed_sent", [says] * len(PAUSES))
    assert ask(shop, 100_000) == {}
    shop.go(60)
    assert len(way.handed) == 1  # not there proves nothing, so it is never said twice


def test_what_was_surely_never_taken_leaves_again(shop):
    way = lost(shop, abilities=replace(ASKABLE, absent_after=1000))
    assert ask(shop, PAUSES[0]) == {"asked": 1, "absent": 1}
    assert status(shop) == "uncertain"  # too early to mean anything

    assert ask(shop, PAUSES[1]) == {"asked": 1, "absent": 1}
    assert status(shop) == "ready"
    shop.go(1)
    assert (status(shop), len(way.handed)) == ("sent", 2)
    with shop.space.store.reading() as tx:
        told = [(one.outcome, one.reason) for one in messages.attempts(tx, shop.messages()[0].id)]
    assert told == [("not_accepted", "the provider does not have it"), ("accepted", "taken")]


def test_a_process_that_dies_while_it_asks_is_followed_by_the_next(shop):
    way = lost(shop)
    way.says = RuntimeError("gone")
    shop.clock.set(shop.now + PAUSES[0])
    asyncio.run(run_errands(shop.space))
    assert (status(shop), asked(shop)) == ("uncertain", [None])
    way.says = "there"
    assert ask(shop, PAUSES[1]) == {"asked": 1, "there": 1}
    assert status(shop) == "sent"


def test_two_processes_never_ask_the_same(shop):
    way = lost(shop, says="unknown")
    shop.clock.set(shop.now + PAUSES[0])
    other = shop.again()
    other.ways = shop.space.ways
    assert asyncio.run(look_up(shop.space)) == {"asked": 1, "unknown": 1}
    assert asyncio.run(look_up(other)) == {}
    assert len(way.asked) == 1


def test_without_anybody_who_asks_it_is_decided_all_the_same(shop):
    lost(shop)
    shop.clock.set(shop.now + PAUSES[-1] + RECONCILE - 1)
    tidy(shop.space)
    assert status(shop) == "uncertain"
    shop.clock.set(shop.now + 1)
    tidy(shop.space)
    assert status(shop) == "assumed_sent"


def test_a_provider_that_reports_by_itself_is_waited_for_and_no_longer(shop):
    shop.space.ways = replace(shop.space.ways, tells=frozenset({shop.space.ways.mail_name}))
    lost(shop, abilities=Abilities(batch=4))
    shop.clock.set(shop.now + RECONCILE - 1)
    tidy(shop.space)
    assert status(shop) == "uncertain"
    shop.clock.set(shop.now + 1)
    tidy(shop.space)
    assert status(shop) == "assumed_sent"


@pytest.mark.parametrize(
    ("written", "tells"),
    [
        ("email: postmark\nchannels: {postmark: {token: env.X, callback_secret: env.X}}", {"postmark"}),
        ("email: postmark\nchannels: {postmark: {token: env.X}}", set()),
        ("email: inbox\nchannels: {sms: {provider: twilio, account: AC, token: env.X}}", {"sms"}),
        ("email: smtp\nchannels: {smtp: {host: mail.example.com}}", set()),
        ("email: smtp\nchannels: {smtp: {host: mail.example.com}, mailbox: {host: imap.example.com}}", {"smtp"}),
    ],
)
def test_a_way_reports_if_the_project_says_what_proves_it(project_folder, written, tells):
    file = project_folder / "lifeloop.yaml"
    file.write_text(file.read_text().replace("email: inbox", written))
    space = open_workspace(project_folder, url="sqlite://", environ={"X": "y"})
    assert space.ways.tells == tells
    space.close()


def test_the_story_tells_that_it_was_looked_for(shop):
    lost(shop, says="there")
    ask(shop, PAUSES[0])
    with shop.space.store.reading() as tx:
        customer = customers.find_keys(tx, ["ana"])["ana"]
        lines = tell(shop.space, tx, customer, 50).past
    assert "asked what became of shop/one: the provider has it" in [line.words for line in lines]
