from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from lifeloop.engine.gate import Allow, Drop, Hold, channel_for, decide
from lifeloop.engine.values import Facts, Sent
from lifeloop.journey.catalogue import Limit
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Hours
from lifeloop.journey.plan import Late, Policy

ZONE = ZoneInfo("Europe/Amsterdam")
OFFICE = Hours((1, 2, 3, 4, 5), time(9), time(18))
HOUR = 3600
OPEN = Policy("news")


@pytest.fixture
def facts():
    return Facts("c1", {"email": "ana@example.com"}, consents={"news": True})


@pytest.fixture
def gate(facts, trial):
    def ask(policy, now, *, due_at=None, known=facts, channel="email", country=None, expires_at=None):
        return decide(
            policy,
            facts=known,
            channel=channel,
            now=trial.at(now),
            due_at=trial.at(due_at or now),
            zone=ZONE,
            country=country,
            expires_at=None if expires_at is None else trial.at(expires_at),
        )

    return ask


def said(trial, *times, counts=True):
    return tuple(Sent("m/x", "email", "other", trial.at(text), counts) for text in times)


def test_nothing_in_the_way(gate):
    assert gate(OPEN, "2026-03-04 15:00") == Allow()


@pytest.mark.parametrize(
    ("consents", "wanted"),
    [
        ({"news": True}, Allow()),
        ({}, Drop("consent", "news")),
        ({"news": False}, Drop("consent", "news")),
        ({"news": True, "email/news": False}, Drop("consent", "news")),
        ({"news": False, "email/news": True}, Allow()),
        ({"other": True}, Drop("consent", "news")),
    ],
)
def test_consent(gate, facts, consents, wanted):
    assert gate(OPEN, "2026-03-04 15:00", known=facts._replace(consents=consents)) == wanted


@pytest.mark.parametrize(("counts", "wanted"), [(True, Drop("consent", "news")), (False, Allow())])
def test_a_no_to_a_contract_topic_is_heard_unless_it_is_a_service(gate, facts, counts, wanted):
    policy = Policy("news", needs_consent=False, counts=counts)
    assert gate(policy, "2026-03-04 15:00", known=facts._replace(consents={})) == Allow()
    assert gate(policy, "2026-03-04 15:00", known=facts._replace(consents={"news": False})) == wanted


def test_suppressed_channels_and_missing_addresses(gate, facts):
    for blocked in ("email", "*"):
        suppressed = facts._replace(suppressed=frozenset({blocked}))
        assert gate(OPEN, "2026-03-04 15:00", known=suppressed) == Drop("suppressed", "email")
    assert gate(OPEN, "2026-03-04 15:00", channel="sms") == Drop("address", "no phone")
    assert gate(OPEN, "2026-03-04 15:00", channel="push") == Allow()


def test_the_first_way_that_reaches_somebody(facts):
    assert channel_for(("sms", "email"), facts) == "email"
    assert channel_for(("push", "email"), facts) == "push"
    assert channel_for(("push", "email"), facts._replace(suppressed=frozenset({"push"}))) == "email"
    assert channel_for(("sms",), facts) == "sms"


def test_hours_hold(gate, trial):
    policy = replace(OPEN, hours=OFFICE)
    assert gate(policy, "2026-03-06 18:00") == Hold(trial.at("2026-03-09 09:00"), "hours")


def test_holidays_hold_with_and_without_hours(gate, trial):
    office, any_hour = replace(OPEN, hours=OFFICE, avoid_holidays=True), replace(OPEN, avoid_holidays=True)
    held = gate(office, "2027-04-27 12:00", country="NL")
    assert held == Hold(trial.at("2027-04-28 09:00"), "holidays")
    assert gate(any_hour, "2027-04-27 12:00", country="NL") == Hold(trial.at("2027-04-28 00:00"), "holidays")
    assert gate(office, "2027-04-27 12:00") == Allow()


def test_a_gap_is_over_exactly_when_it_is_over(gate, facts, trial):
    policy = replace(OPEN, gap=Length(seconds=20 * HOUR))
    known = facts._replace(sent=said(trial, "2026-03-03 10:00", "2026-03-02 10:00"))
    assert gate(policy, "2026-03-04 05:59", known=known) == Hold(trial.at("2026-03-04 06:00"), "gap")
    assert gate(policy, "2026-03-04 06:00", known=known) == Allow()


def test_messages_that_do_not_count_are_not_counted(gate, facts, trial):
    policy = replace(OPEN, gap=Length(seconds=20 * HOUR), limit=Limit(1, Length(days=7)))
    known = facts._replace(sent=said(trial, "2026-03-03 10:00", counts=False))
    assert gate(policy, "2026-03-03 11:00", known=known) == Allow()


def test_limits_roll_and_one_window_later_is_free(gate, facts, trial):
    policy = replace(OPEN, limit=Limit(2, Length(days=7)))
    known = facts._replace(sent=said(trial, "2026-03-01 10:00", "2026-03-04 10:00", "2026-02-01 10:00"))
    assert gate(policy, "2026-03-08 09:59", known=known) == Hold(trial.at("2026-03-08 10:00"), "limit")
    assert gate(policy, "2026-03-08 10:00", known=known) == Allow()


def test_a_hold_satisfies_all_rules_together(gate, facts, trial):
    policy = replace(OPEN, hours=OFFICE, gap=Length(seconds=20 * HOUR), limit=Limit(2, Length(days=7)))
    known = facts._replace(sent=said(trial, "2026-03-01 20:00", "2026-03-06 17:00"))
    held = gate(policy, "2026-03-06 17:30", known=known)
    assert held == Hold(trial.at("2026-03-09 09:00"), "limit")
    assert gate(policy, "2026-03-09 09:00", known=known) == Allow()


@pytest.mark.parametrize(
    ("then", "wanted"),
    [
        ("skip", Drop("late", "25 hours late")),
        ("send", Allow(25 * HOUR)),
        ("stop", Drop("late", "25 hours late", True)),
    ],
)
def test_late(gate, then, wanted):
    policy = replace(OPEN, late=Late(then=then))
    assert gate(policy, "2026-03-04 11:00", due_at="2026-03-03 10:00") == wanted
    assert gate(policy, "2026-03-04 10:00", due_at="2026-03-03 10:00") == Allow(24 * HOUR)


def test_what_would_be_held_beyond_its_time_is_dropped(gate, trial):
    policy = replace(OPEN, hours=OFFICE, expires=Length(days=2))
    assert gate(policy, "2026-03-06 18:00") == Drop("expired", "held by hours")
    assert gate(replace(policy, expires=Length(days=3)), "2026-03-06 18:00") == Hold(
        trial.at("2026-03-09 09:00"), "hours"
    )
    assert gate(policy, "2026-03-06 12:00", expires_at="2026-03-06 12:00") == Allow()
    assert gate(policy, "2026-03-06 12:01", expires_at="2026-03-06 12:00") == Drop("expired")


def test_the_order_of_the_rules(gate, facts):
    everything = replace(
        OPEN, hours=OFFICE, expires=Length(seconds=60), late=Late(after=Length(seconds=60)), gap=Length(days=1)
    )
    nobody = facts._replace(customer={}, consents={}, suppressed=frozenset({"email"}))
    sunday, saturday = "2026-03-08 12:00", "2026-03-07 12:00"
    known_so_far = (nobody, nobody._replace(consents={"news": True}), facts._replace(customer={}), facts)
    rules = [gate(everything, sunday, due_at=saturday, known=known).rule for known in known_so_far]
    rules.append(gate(everything, sunday).rule)
    rules.append(gate(replace(everything, expires=None), sunday).rule)
    assert rules == ["consent", "suppressed", "address", "late", "expired", "hours"]


@pytest.mark.parametrize(
    ("wish", "policy", "wanted"),
    [
        ({"paused_until": "2026-06-04 15:00"}, OPEN, ("2026-06-04 15:00", "pause")),
        ({"paused_until": "2026-03-01 15:00"}, OPEN, None),
        ({"paused_until": "2026-06-04 15:00"}, replace(OPEN, needs_consent=False), None),
        ({"pace": "weekly"}, OPEN, ("2026-03-10 12:00", "pace")),
        ({"pace": "weekly"}, replace(OPEN, needs_consent=False), None),
    ],
)
def test_what_a_customer_wishes_holds_promotion_and_nothing_else(gate, facts, trial, wish, policy, wanted):
    wish = {name: trial.at(value) if name == "paused_until" else value for name, value in wish.items()}
    known = facts._replace(sent=said(trial, "2026-03-03 12:00"), **wish)

    found = gate(policy, "2026-03-04 15:00", known=known)

    assert found == (Hold(trial.at(wanted[0]), wanted[1]) if wanted else Allow())
