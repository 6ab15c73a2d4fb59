"""A day without us: nobody is lost, nothing is said twice or early, what is late follows its own rule, and in turn."""

from __future__ import annotations

import asyncio
from collections import Counter

from lifeloop.channel.values import Abilities
from lifeloop.journey.breakers import Rate
from lifeloop.work.halting import releasing
from lifeloop.work.halting.releasing import Target
from lifeloop.work.wave import Wave

from .conftest import TEXT

MINUTE, HOUR, DAY = 60, 3600, 86_400
STEP = 4 * HOUR
GROUPS, PEOPLE = 6, 20
"""Six times twenty people entered four hours apart, and each waits in three journeys."""
RULES = {
    "skips": "late: {after: 10 hours, then: skip}",
    "sends": "late: {after: 10 hours, then: send}",
    "stops": "late: {after: 10 hours, then: stop}",
}
JOURNEY = """
    start: {{event: order.placed}}
    delivery: {{topic: service}}
    steps:
      - wait: 2 days
      - send: shop/{text}
        {rule}
      - wait: 30 days
"""
PACE = Rate(1200)


def test_after_a_day_without_us_each_timer_follows_its_own_rule_and_nothing_comes_at_once(shop) -> None:
    way = shop.mail_by(Abilities(batch=50))
    texts = dict(zip(RULES, ("one", "two", "three"), strict=True))
    for text in texts.values():  # the same words twice would be held as a mistake of ours
        (shop.root / "templates" / "shop" / f"{text}.md").write_text(TEXT.replace("few words", text))
    shop.publish(**{name: JOURNEY.format(text=texts[name], rule=rule) for name, rule in RULES.items()})
    entered = enter(shop)
    first_due = min(entered.values()) + 2 * DAY
    shop.clock.set(first_due - 1)
    assert shop.wave() == {}  # not a second early
    shop.clock.set(first_due + DAY)  # and here we are again
    back = Wave(shop.space)
    asyncio.run(back.run())
    assert {trip.by for trip in back.tripped} == {"stale"}  # a person looks before a day's worth leaves
    halted = [Target("journey", trip.name) for trip in back.tripped]
    releasing.release(shop.space, halted, PACE)
    assert max(released(shop, way)) == len(halted) * PACE.count // 60  # in turn, and not at once
    assert len(way.handed) == len(set(way.handed))
    assert Counter((one.journey, one.key, one.status) for one in shop.messages()) == expected(entered, first_due + DAY)
    ended = Counter((run.journey, run.state.status.value) for key in entered for run in shop.runs(key))
    late = sum(at + 2 * DAY + 10 * HOUR < first_due + DAY for at in entered.values())
    assert ended["stops", "stopped"] == late
    assert ended["skips", "waiting"] == ended["sends", "waiting"] == len(entered)


def enter(shop) -> dict[str, int]:
    """Let people enter four hours apart; returns when each did."""
    entered = {}
    keys = shop.people(GROUPS * PEOPLE)
    for group in range(GROUPS):
        some = keys[group * PEOPLE : (group + 1) * PEOPLE]
        shop.events(some, "order.placed")
        shop.wave()
        entered |= dict.fromkeys(some, shop.now)
        shop.clock.set(shop.now + STEP)
    return entered


def released(shop, way) -> list[int]:
    """Let minutes go by until nothing is left; returns how many left in each."""
    left = []
    while any(one.status == "ready" for one in shop.messages()):
        before = len(way.handed)
        shop.go(MINUTE)
        left.append(len(way.handed) - before)
    return left


def expected(entered, now) -> Counter:
    """What the rules say, worked out by hand: a message is late by what passed since its timer was due."""
    return Counter(
        (name, key, "expired" if name != "sends" and now - at - 2 * DAY > 10 * HOUR else "sent")
        for name in RULES
        for key, at in entered.items()
    )
