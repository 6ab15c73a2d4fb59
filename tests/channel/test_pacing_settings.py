"""How fast a way out may be used, as written in ``lifeloop.yaml``: what it becomes, and each mistake with its place."""

from __future__ import annotations

from datetime import date

import pytest

from lifeloop.channel.declared_files import check_providers
from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.ways import ways_out
from lifeloop.clock import SetClock
from lifeloop.engine.pacing import Limits
from lifeloop.journey.pacing import Pacing, WarmUp
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report

DAY = date(2026, 3, 4)
SLOW = "{starts: 2026-03-02, first_day: 5, until: 9}"
CHANNELS = "email: postmark\nchannels:\n  postmark: {token: env.T, %s}\n  brevo: {token: env.T}\n"


def read(folder, text):
    (folder / "lifeloop.yaml").write_text(text)
    report = Report()
    catalogue = read_catalogue(folder, report)
    check_providers(catalogue, report)
    return catalogue, report.found


def ways(folder, text):
    catalogue, found = read(folder, text)
    assert [one.message for one in found] == []
    here = LocalInbox(lambda _: None)
    return ways_out(catalogue, {"T": "t"}, SetClock(0), inbox=here, recorder=LocalRecorder(lambda _: None))


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("rate: 10 per second", Pacing(rate=10)),
        ("rate: 90/minute", Pacing(rate=1.5)),
        ('rate: "1,800 an hour"', Pacing(rate=0.5)),
        ("concurrency: 4", Pacing(concurrency=4)),
        ("quota: 5000 per day", Pacing(quota=5000)),
        ("quota: 20 000", Pacing(quota=20_000)),
        ("fallback: brevo", Pacing(fallback="brevo")),
        (
            "warm_up: {starts: 2026-03-02, first_day: 50, until: 10000}",
            Pacing(warm_up=WarmUp(date(2026, 3, 2), 50, 100, 10_000)),
        ),
        (
            "warm_up: {starts: 2026-03-02, first_day: 50, growth: 30%, until: 10000}",
            Pacing(warm_up=WarmUp(date(2026, 3, 2), 50, 30, 10_000)),
        ),
    ],
)
def test_a_pace_is_read_as_it_is_said(tmp_path, said, becomes):
    catalogue, found = read(tmp_path, CHANNELS % said)

    assert [one.message for one in found] == []
    assert catalogue.pacings == {"postmark": becomes}
    assert catalogue.channels["postmark"] == {"token": "env.T"}, "the provider never sees it"


@pytest.mark.parametrize(
    ("said", "code", "column", "label"),
    [
        ("rate: -10 per second", "J508", 34, "write, for example, 10 per second"),
        ("rate: 0 per second", "J508", 34, "write, for example, 10 per second"),
        ("rate: fast", "J508", 34, "write, for example, 10 per second"),
        ("rate: 10 per day", "J508", 34, "a day's number is a quota:  quota: 5000 per day"),
        ("quota: 10 per second", "J508", 35, "write, for example, 5000 per day"),
        ("concurrency: 2.5", "J508", 41, "write a whole number above 0, for example 4"),
        ("concurrency: 0", "J508", 41, "write a whole number above 0, for example 4"),
        ("warm_up: {starts: monday, first_day: 5, until: 9}", "J508", 46, "write it as 2026-03-02"),
        ("warm_up: {first_day: 5, until: 9}", "J106", 37, "add, for example:  starts: 2026-03-02"),
        (
            "warm_up: {starts: 2026-03-02, first_day: 5, until: 9, growth: -3%}",
            "J508",
            90,
            "write  30%  a day, or  double",
        ),
        ("warm_up: {starts: 2026-03-02, first_dy: 5, until: 9}", "J105", 58, 'did you mean "first_day"?'),
        ("fallback: brewo", "J509", 38, 'did you mean "brevo"?'),
        ("fallback: ses", "J509", 38, "declare it beside this one:  ses: {…}"),
        ("fallback: postmark", "J509", 38, "leave one of these fallbacks out"),
        ("fallbak: brevo", "J503", 28, None),
    ],
)
def test_every_mistake_has_its_place_and_says_what_to_write(tmp_path, said, code, column, label):
    _, found = read(tmp_path, CHANNELS % said)

    assert [(one.code, one.place.line, one.place.column) for one in found if one.code == code] == [(code, 3, column)]
    assert label is None or label in [one.label for one in found]


def test_a_circle_of_fallbacks_is_named_in_full(tmp_path):
    text = CHANNELS % "fallback: brevo"
    _, found = read(tmp_path, text.replace("brevo: {token: env.T}", "brevo: {token: env.T, fallback: postmark}"))

    assert [(one.code, one.message) for one in found] == [
        ("J509", "this fallback leads back to where it began: postmark → brevo → postmark"),
        ("J509", "this fallback leads back to where it began: brevo → postmark → brevo"),
    ]


TWILIO = "twilio: {account: a, token: env.T, from: '1'"


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            f"email: postmark\nchannels:\n  postmark: {{token: env.T, fallback: twilio}}\n  {TWILIO}}}\n",
            "cannot carry e-mail",
        ),
        (
            f"channels:\n  {TWILIO}, fallback: brevo}}\n  brevo: {{token: env.T}}\n".replace("twilio:", "sms:").replace(
                "account", "provider: twilio, account"
            ),
            'cannot carry messages for "sms"',
        ),
    ],
)
def test_a_fallback_carries_what_the_first_one_carries(tmp_path, text, mistake):
    _, found = read(tmp_path, text)

    assert [one.code for one in found] == ["J504"]
    assert mistake in found[0].message


def test_the_file_wins_over_what_the_provider_is_known_to_take(tmp_path):
    known = ways(tmp_path, CHANNELS % "quota: 70 per day").limits("postmark")
    assert known == Limits(rate=None, concurrency=10, quota=70, per_request=100)
    said = CHANNELS % "rate: 2 per second, concurrency: 3, warm_up: {starts: 2026-03-02, first_day: 50, until: 10000}"
    found = ways(tmp_path, said)
    assert found.limits("postmark") == Limits(rate=2, concurrency=3, quota=None, per_request=100)
    assert [found.warming_up("postmark", day) for day in (DAY, date(2027, 3, 4))] == [200, None]
    assert found.warming_up("brevo", DAY) is None
    assert found.limits("brevo").rate is None, "a way that nothing leads to is not made"


def test_a_worker_has_as_many_requests_under_way_as_the_file_lets_all_of_them_have(tmp_path):
    assert ways(tmp_path, CHANNELS % "quota: 70 per day").abilities("postmark").batch == 100
    assert ways(tmp_path, CHANNELS % "concurrency: 8").abilities("postmark").batch == 800


def test_a_connection_has_a_pace_and_neither_a_warm_up_nor_a_fallback(tmp_path):
    crm = "connections:\n  crm: {base: 'https://crm.example.com', actions: {a: POST /a}, rate: 3 per second%s}\n"
    assert ways(tmp_path, crm % "").limits("call:crm").rate == 3
    _, found = read(tmp_path, crm % ", fallback: other")
    assert [one.code for one in found] == ["J105"]


def test_mail_has_a_chain_of_ways_and_texts_have_theirs(tmp_path):
    text = """
email: smtp
channels:
  smtp: {host: mail.example.com, fallback: brevo}
  brevo: {token: env.T, fallback: postmark}
  postmark: {token: env.T}
  sms: {provider: twilio, account: a, token: env.T, from: "+31612345678", fallback: bird}
  bird: {workspace: w, channel: c, key: env.T}
"""
    made = ways(tmp_path, text)
    assert made.chain("smtp") == ("smtp", "brevo", "postmark")
    assert made.chain("sms") == ("sms", "bird")
    assert made.name_of("ask", "", "boss") == "smtp"
    assert made.name_of("call", "", "crm.create") == "call:crm"
