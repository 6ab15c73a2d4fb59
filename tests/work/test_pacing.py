"""Ways out at their pace, over waves and many workers: rate, seats, quota, warm-up, circuits and fallbacks."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import replace

from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.circuit import FIRST_REST, IN_A_ROW
from lifeloop.engine.pacing import PROBE_LOOK
from lifeloop.engine.retry import Outcome
from lifeloop.journey.breakers import Rate
from lifeloop.store import pacing as stored
from lifeloop.work import pacing
from lifeloop.work.halting import releasing
from lifeloop.work.halting.releasing import Target
from lifeloop.work.warming import Ramp
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

from .conftest import KEYLESS, MINUTE, Scripted

HOUR, DAY = 3600, 86_400
KEYED = Abilities(key_window=DAY, batch=4)
ONE = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""
WORKERS = 8


TWO = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/two
    from: news
"""
SENDERS = """senders:
  shop: Small Shop <hello@example.com>
  news: Small News <news@news.example>
  help: Small Help <help@EXAMPLE.com>
"""
SLOWLY = "warm_up: {starts: 2026-03-02, first_day: %d, until: 10000}"


class Shared(Scripted):
    """A provider that many workers hand to at once: it counts what it has and how much comes at the same time."""

    def __init__(self, abilities: Abilities = KEYED, takes: float = 0.0) -> None:
        super().__init__(abilities)
        self.takes, self.busy, self.most = takes, 0, 0
        self._lock = threading.Lock()

    async def send(self, batch, /):
        with self._lock:
            self.busy += len(batch)
            self.most = max(self.most, self.busy)
        await asyncio.sleep(self.takes)
        with self._lock:
            self.busy -= len(batch)
            return await super().send(batch)


def declare(shop, channels: str, *names: str) -> None:
    """Let mail leave by the first of these ways, at the pace that the file says."""
    text = (shop.root / "lifeloop.yaml").read_text().replace("email: inbox", f"email: {names[0]}")
    (shop.root / "lifeloop.yaml").write_text(f"{text}\nenvironment: production\nchannels:\n{channels}")
    shop.space.close()
    shop.space = opened(shop, "tester")
    shop.publish(one=ONE)


def opened(shop, owner: str):
    space = open_workspace(shop.root, url=shop.url, clock=shop.clock, environ={"T": "t"}, owner=owner)
    shop.opened.append(space)
    return space


def from_two_domains(shop, channels: str, *names: str) -> None:
    """Let every order be answered from each of two domains; who reads Dutch gets both from the second."""
    file = shop.root / "lifeloop.yaml"
    said = file.read_text().splitlines(keepends=True)
    file.write_text("".join(SENDERS if line.startswith("senders:") else line for line in said))
    texts = shop.root / "templates" / "shop"
    (texts / "one.nl.md").write_text((texts / "one.md").read_text().replace("from: shop", "from: news"))
    declare(shop, channels, *names)
    shop.publish(two=TWO)


def by_domain(way: Scripted, outcome: Outcome = Outcome.ACCEPTED) -> Counter:
    """Let a provider answer so, and count what it is handed by the domain that it is from."""
    found: Counter = Counter()

    def answers(_: int, item) -> Receipt:
        found[item.sender.domain] += 1
        return Receipt(id=item.id, outcome=outcome)

    way.answers = answers
    return found


def scripted(shop, abilities: Abilities = KEYED, spare: Abilities = KEYLESS) -> tuple[Scripted, Scripted]:
    first, second = Scripted(abilities), Scripted(spare)
    ways = shop.space.ways
    shop.space.ways = replace(ways, mail=first, spare=dict.fromkeys(ways.spare, second))
    return first, second


def order(shop, count: int) -> list[str]:
    keys = shop.people(count)
    shop.events(keys, "order.placed")
    return keys


def pace_of(shop, way: str = "resend"):
    with shop.space.store.reading() as tx:
        return stored.look(tx, [way]).get(way)


def statuses(shop) -> Counter:
    return Counter(one.status for one in shop.messages())


def crew(shop, way: Scripted) -> list:
    """Many workers, each with connections of its own, that hand mail to one provider."""
    spaces = [opened(shop, f"worker{nth}") for nth in range(WORKERS)]
    for space in spaces:
        space.ways = replace(space.ways, mail=way)
    return spaces


def together(spaces: list) -> None:
    """Let all of them run a wave at the same moment."""
    gate = threading.Barrier(len(spaces))

    def work(space) -> None:
        gate.wait()
        asyncio.run(Wave(space, batch=7).run())

    threads = [threading.Thread(target=work, args=(space,)) for space in spaces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_eight_workers_together_keep_to_one_rate_and_one_quota(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 10 per second, quota: 25 per day}", "resend")
    order(shop, 60)
    way, sent = Shared(), []
    workers = crew(shop, way)
    for _ in range(4):
        before = len(way.handed)
        together(workers)
        sent.append(len(way.handed) - before)
        shop.clock.set(shop.now + 1)
    assert sent == [10, 10, 5, 0]
    assert len(set(way.handed)) == len(way.handed)


def test_eight_workers_together_warm_up_each_domain_by_itself_day_by_day(shop) -> None:
    from_two_domains(shop, f"  resend: {{token: env.T, {SLOWLY % 9}}}", "resend")
    shop.publish(three=TWO.replace("shop/two", "shop/three").replace("news", "help"))
    order(shop, 30)
    way = Shared()
    workers, handed = crew(shop, way), by_domain(way)
    for day in (9, 27, 63):
        together(workers)
        together(workers)
        assert handed == {"example.com": min(day, 60), "news.example": min(day, 30)}
        waiting = [one for one in shop.messages() if one.status == "ready"]
        midnight = shop.now - shop.now % DAY + DAY
        assert {(one.next_at, one.reason) for one in waiting} <= {
            (midnight, "resend is warming up, and takes no more from this sender today")
        }
        shop.clock.set(midnight - 1)
        together(workers[:1])
        assert handed.total() == min(day, 60) + min(day, 30)
        shop.clock.set(midnight)
    assert statuses(shop) == {"sent": 90}
    assert len(set(way.handed)) == 90


def test_eight_workers_together_have_no_more_requests_under_way_than_there_are_seats(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 1000 per second, concurrency: 3}", "resend")
    order(shop, 30)
    way = Shared(takes=0.01)
    workers = crew(shop, way)
    together(workers)
    while statuses(shop)["sent"] < 30:
        shop.clock.set(shop.now + 1)
        together(workers)
    assert 1 < way.most <= 3
    assert sorted(way.handed) == sorted(one.id for one in shop.messages())
    with shop.space.store.reading() as tx:
        assert stored.seats_taken(tx, ["resend"], shop.now) == {}


def test_what_waits_for_its_turn_is_ready_then_and_never_late_for_it(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 2 per second}", "resend")
    way, _ = scripted(shop)
    order(shop, 7)
    shop.wave()
    waiting = [one for one in shop.messages() if one.status == "ready"]
    assert (len(way.handed), sorted(one.next_at - shop.now for one in waiting)) == (2, [1, 1, 2, 2, 3])
    assert all(one.due_at == one.next_at and one.tries == 0 for one in waiting)
    assert waiting[0].reason == "resend takes only so many at a time: it has its turn"
    assert Wave(shop.space).next_due() == shop.now + 1, "nobody has to look before"
    for _ in range(3):
        shop.go(1)
    assert statuses(shop) == {"sent": 7}


def test_a_quota_ends_at_midnight_of_the_project(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 1000 per second, quota: 12 per day}", "resend")
    way, _ = scripted(shop)
    order(shop, 30)
    sent = []
    shop.wave()
    for _ in range(2):
        sent.append(len(way.handed))
        (midnight,) = {one.next_at for one in shop.messages() if one.status == "ready"}
        assert midnight % DAY == 0
        shop.clock.set(midnight - 1)
        shop.wave()
        assert len(way.handed) == sent[-1]
        shop.go(1)
    assert [*sent, len(way.handed)] == [12, 24, 30]


def test_what_does_not_leave_is_given_back_to_the_quota_and_to_the_warm_up_of_its_domain(shop) -> None:
    limits = f"rate: 1000 per second, quota: 10 per day, {SLOWLY % 4}"
    from_two_domains(shop, f"  resend: {{token: env.T, {limits}}}", "resend")
    way, _ = scripted(shop)
    shop.person("nora", locale="nl")
    shop.events([*shop.people(2), "nora"], "order.placed")
    rows = ("resend", "resend@example.com", "resend@news.example")
    for outcome, used in ((Outcome.NOT_ACCEPTED, [0, 0, 0]), (Outcome.ACCEPTED, [6, 2, 4])):
        handed = by_domain(way, outcome)
        shop.go(MINUTE)
        assert handed == {"example.com": 2, "news.example": 4}
        assert [pace_of(shop, row).used for row in rows] == used
    assert statuses(shop) == {"sent": 6}
    with shop.space.store.reading() as tx:
        (standing,) = pacing.standings(shop.space, tx)
    assert standing.ramps == (Ramp("example.com", 2, 4), Ramp("news.example", 4, 4))
    assert standing.until is None, "one domain has room"


def test_what_is_given_back_after_midnight_makes_no_room_in_the_new_day(shop) -> None:
    declare(shop, f"  resend: {{token: env.T, quota: 8 per day, {SLOWLY % 4}}}", "resend")
    way, _ = scripted(shop)
    shop.clock.set(shop.now - shop.now % DAY + DAY - 1)

    def midnight_passes(_: int, item) -> Receipt:
        with shop.space.store.transaction() as tx:
            used = [pace.using(3, "2026-03-03") for pace in stored.lock(tx, ["resend", "resend@example.com"]).values()]
            stored.write(tx, used)
        shop.clock.set(shop.now + 1)
        return Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED)

    way.answers = midnight_passes
    order(shop, 1)
    shop.wave()
    assert [pace_of(shop, row).used for row in ("resend", "resend@example.com")] == [3, 3]


def test_too_fast_slows_the_provider_for_everybody_and_uses_up_no_try(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 1000 per second}", "resend")
    shop.publish(call=ONE.replace("send: shop/one", "call: crm.create"))
    way, _ = scripted(shop)
    calls = shop.calls_by(KEYED)
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED, slow_down=True, retry_after=120)
    order(shop, 12)
    meant = shop.now
    shop.wave()
    mails = [one for one in shop.messages() if one.kind == "mail"]
    assert (len(way.handed), {one.tries for one in mails}, {one.due_at for one in mails}) == (4, {0}, {meant})
    assert {one.next_at for one in mails} == {shop.now + 120}
    assert len(calls.handed) == 12, "others go on"
    other = opened(shop, "other")
    other.ways = replace(other.ways, mail=Scripted(KEYED))
    shop.clock.set(shop.now + 119)
    asyncio.run(Wave(other).run())
    assert other.ways.mail.handed == []
    shop.clock.set(shop.now + 1)
    asyncio.run(Wave(other).run())
    assert len(other.ways.mail.handed) == 12
    assert pace_of(shop).clean


def test_failures_open_the_circuit_one_message_tries_and_an_answer_closes_it(shop) -> None:
    declare(shop, "  resend: {token: env.T, rate: 1000 per second}", "resend")
    way, _ = scripted(shop)
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED, detail="resend answered 408")
    order(shop, 40)
    shop.wave()
    assert len(way.handed) == 12, "three parts of four, and then no more"
    assert (pace_of(shop).state, pace_of(shop).retry_at) == ("open", shop.now + FIRST_REST)
    with shop.space.store.reading() as tx:
        (standing,) = pacing.standings(shop.space, tx)
    assert (standing.circuit, standing.until, standing.why) == ("open", shop.now + FIRST_REST, "resend answered 408")
    shop.go(FIRST_REST - 1)
    assert len(way.handed) == 12
    shop.go(1)
    assert len(way.handed) == 13, "one tries"
    assert (pace_of(shop).state, pace_of(shop).retry_at) == ("open", shop.now + 2 * FIRST_REST)
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    shop.go(2 * FIRST_REST)
    assert pace_of(shop).state == "closed"
    shop.go(PROBE_LOOK)
    shop.go(HOUR)
    assert statuses(shop) == {"sent": 40}


FALLBACK = "  resend: {token: env.T, rate: 1000 per second, fallback: postmark}\n  postmark: {token: env.T}"


def test_a_fallback_takes_over_while_the_circuit_is_open(shop) -> None:
    declare(shop, FALLBACK, "resend")
    first, second = scripted(shop)
    first.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED)
    order(shop, 40)
    shop.wave()
    assert (len(first.handed), len(second.handed)) == (12, 28), "nobody waits for the first one"
    first.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    shop.go(FIRST_REST + PROBE_LOOK)
    shop.go(HOUR)
    assert statuses(shop) == {"sent": 40}
    assert len(first.handed) + len(second.handed) == 40 + 12, "each was taken once"
    assert Counter(one.way for one in shop.messages())["postmark"] == len(second.handed) >= 28


def test_what_was_cleared_for_a_way_that_fails_takes_the_fallback_at_once(shop) -> None:
    declare(shop, FALLBACK, "resend")
    first, second = scripted(shop, KEYED, KEYED)
    first.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.CONFIGURATION, detail="log in first")
    order(shop, 40)
    shop.wave()
    assert (len(first.handed), len(second.handed), pace_of(shop).state) == (4, 36, "open")


def test_a_fallback_takes_what_the_quota_and_the_warm_up_leave_over(shop) -> None:
    limits = f"quota: 7 per day, {SLOWLY % 4}"
    from_two_domains(shop, FALLBACK.replace("rate: 1000 per second", limits), "resend")
    first, second = scripted(shop)
    handed = by_domain(first)
    order(shop, 10)
    shop.wave()
    assert (len(first.handed), len(second.handed)) == (7, 13)
    assert Counter(one.way for one in shop.messages()) == {"resend": 7, "postmark": 13}
    assert max(handed.values()) == 4, "no domain has more than its warm-up allows"


def test_a_message_that_may_have_arrived_never_takes_another_way(shop) -> None:
    declare(shop, FALLBACK, "resend")
    first, second = scripted(shop)
    first.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.UNCERTAIN, detail="it broke off")
    order(shop, IN_A_ROW + 2)
    shop.wave()
    assert (pace_of(shop).state, len(first.handed)) == ("open", IN_A_ROW + 2)
    first.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    for _ in range(40):
        shop.go(PROBE_LOOK)
    assert (second.handed, statuses(shop)) == ([], {"sent": IN_A_ROW + 2})
    assert {one.way for one in shop.messages()} == {"resend"}


def test_a_provider_whose_quota_is_used_up_rests_longer_and_longer_and_one_message_asks_whether_there_is_room(
    shop,
) -> None:
    declare(shop, "  resend: {token: env.T}", "resend")
    way, _ = scripted(shop, KEYED, KEYED)
    full = {"outcome": Outcome.NOT_ACCEPTED, "slow_down": True, "used_up": True, "retry_after": 1}
    way.answers = lambda _, item: Receipt(id=item.id, detail="its quota is used up", **full)
    order(shop, 6)
    shop.wave()
    handed, rests = len(way.handed), []
    for _ in range(6):
        with shop.space.store.reading() as tx:
            (where,) = [one for one in pacing.standings(shop.space, tx) if one.way == "resend"]
        assert (where.circuit, where.why) == ("open", "its quota is used up")
        rests.append(where.until - shop.now)
        shop.go(rests[-1] - 1)
        shop.go(1)
        shop.go(PROBE_LOOK)
    assert (handed, len(way.handed) - handed, rests[:2]) == (4, 6, [300, 595])
    assert max(rests) <= 3600
    assert {one.tries for one in shop.messages()} == {0}, "no message has used up a try"
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    shop.go(HOUR)
    shop.go(MINUTE)
    assert statuses(shop) == {"sent": 6}


def test_a_halted_provider_leaves_its_messages_to_the_fallback_which_is_judged_by_its_own_refusals(shop) -> None:
    declare(shop, FALLBACK, "resend")
    first, second = scripted(shop)
    resend, postmark = Target("provider", "resend"), Target("provider", "postmark")
    assert [releasing.instead(shop.space, [one]) for one in (resend, postmark)] == [("postmark",), ()]
    releasing.halt(shop.space, [resend], "its answers are wrong")
    second.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no")
    order(shop, 50)
    shop.wave(batch=20)
    assert (first.handed, len(second.handed), statuses(shop)) == ([], 20, {"rejected": 20, "held": 30})
    halted = [(row.name, row.by) for row in releasing.standing(shop.space)]
    assert halted == [("resend", "hand"), ("postmark", "refusals")]
    assert releasing.instead(shop.space, [resend]) == ()
    releasing.release(shop.space, [resend], Rate(36_000))
    shop.go(MINUTE)
    assert (len(first.handed), len(second.handed), statuses(shop)) == (30, 20, {"rejected": 20, "sent": 30})


def test_what_was_lost_at_the_fallback_is_judged_by_what_the_fallback_promises(shop) -> None:
    declare(shop, FALLBACK.replace("rate: 1000 per second", "quota: 1 per day"), "resend")
    first, second = scripted(shop, KEYED, KEYLESS)
    second.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.UNCERTAIN)
    order(shop, 2)
    shop.wave()
    shop.go(5 * MINUTE)
    assert (len(first.handed), len(second.handed), statuses(shop)) == (1, 1, {"sent": 1, "assumed_sent": 1})


def test_seats_of_a_worker_that_died_are_free_when_its_lease_is_over(shop) -> None:
    declare(shop, "  resend: {token: env.T, concurrency: 2}", "resend")
    way, _ = scripted(shop)
    order(shop, 3)
    with shop.space.store.transaction() as tx:
        stored.lock(tx, ["resend"])
        stored.sit(tx, "dead", {"resend": 2}, until=shop.now + 300, now=shop.now)
    shop.wave()
    shop.go(299)
    assert way.handed == []
    assert {one.reason for one in shop.messages()} == {"resend is busy"}
    shop.go(1)
    shop.go(1)
    assert len(way.handed) == 3


def test_many_messages_take_no_more_statements_about_the_pace_than_a_few(shop, counted) -> None:
    limits = f"rate: 5000 per second, concurrency: 5000, {SLOWLY % 5000}"
    from_two_domains(shop, FALLBACK.replace("rate: 1000 per second", limits), "resend")
    many = replace(KEYED, batch=2000)
    scripted(shop, many, many)
    shop.calls_by(many)
    seen = []
    for count in (10, 500):
        order(shop, count)
        with counted(shop.space.store) as statements:
            shop.wave(batch=2000)
        seen.append(sum(" pace" in sql or " seat" in sql for sql in statements))
        shop.clock.set(shop.now + MINUTE)
    assert seen[0] == seen[1] <= 12
