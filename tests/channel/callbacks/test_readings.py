"""What each provider posts is read as what happened; the payloads have the shapes that its documentation shows."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from lifeloop.channel.callbacks.reading import MOST_RAW, at, bounce_of, kept
from lifeloop.channel.callbacks.receivers import READERS
from lifeloop.channel.callbacks.values import Malformed, Post

RECORDED = Path(__file__).parent / "recorded"
NOTHING = [
    [],
    {},
    "",
    1,
    None,
    True,
    [1],
    [[]],
    {"a": []},
    {"event-data": 1},
    {"signature": [], "event-data": {"x": 1}},
]


def cases():
    for name in READERS:
        for number, case in enumerate(json.loads((RECORDED / f"{name}.json").read_text())):
            yield pytest.param(name, case, id=f"{name}-{number}")


def posted(case):
    if "sns" not in case:
        return Post(body=json.dumps(case["body"]).encode(), headers=case.get("headers", {}))
    message = case["sns"] if isinstance(case["sns"], str) else json.dumps(case["sns"])
    return Post(body=json.dumps({"Type": "Notification", "MessageId": "n1", "Message": message}).encode())


@pytest.mark.parametrize(("name", "case"), [*cases()])
def test_a_recorded_payload_says_what_happened(name, case):
    found = READERS[name](posted(case))

    told = [[one.kind, "listed" if one.listed else one.bounce or one.by or "", one.at] for one in found]
    assert told == case["says"]
    assert {(one.message, one.provider_id) for one in found} <= {("m001", case.get("provider_id"))}
    assert {one.recipient for one in found} <= {"ana@example.com", None}
    assert len({one.key for one in found}) == len(found)


@pytest.mark.parametrize(("name", "case"), [*cases()])
def test_what_is_kept_and_shown_holds_no_address_and_no_secret(name, case):
    for one in READERS[name](posted(case)):
        shown = f"{one.raw} {one.reason} {one!r}"
        assert "ana@" not in shown
        assert "192.0.2" not in one.raw
        assert "the whole mail" not in shown
        assert len(one.raw) <= MOST_RAW


@pytest.mark.parametrize(("name", "case"), [*cases()])
def test_the_same_payload_has_the_same_keys(name, case):
    assert READERS[name](posted(case)) == READERS[name](posted(case))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("body", [*(json.dumps(value).encode() for value in NOTHING), b"", b"\xff\xfe", b"[" * 100_000])
def test_what_it_never_sends_is_unreadable_or_nothing_and_never_an_error(name, body):
    with suppress(Malformed):
        assert READERS[name](Post(body=body)) == ()


@pytest.mark.parametrize("name", READERS)
def test_odd_values_in_a_sound_payload_do_no_harm(name):
    for case in json.loads((RECORDED / f"{name}.json").read_text()):
        body = case["body"] if "body" in case else case["sns"]
        for odd in (None, [], {}, 12, "x" * 5000, True, [{}], {"a": None}):
            for changed in (_changed(body, odd), _hollow(body, odd)):
                case_of = {"sns": changed} if "sns" in case else {**case, "body": changed}
                with suppress(Malformed):
                    assert all(one.kind for one in READERS[name](posted(case_of)))


WORDS = {"event", "type", "RecordType", "eventType", "notificationType", "sg_event_id", "event_id", "token", "Type"}


def _hollow(body, odd, depth=0):
    """Return a payload in which whole parts are something odd."""
    if isinstance(body, list):
        return [_hollow(item, odd, depth) for item in body]
    if isinstance(body, dict):
        inside = {"event-data", "signature", "msys", "message_event", "track_event", "gen_event", "data"}
        return {
            name: value if name in WORDS else _hollow(value, odd, depth + 1) if name in inside else odd
            for name, value in body.items()
        }
    return body


def _changed(body, odd):
    """Return a payload in which everything but its own words for what happened is something odd."""
    if isinstance(body, list):
        return [_changed(item, odd) for item in body]
    if isinstance(body, dict):
        return {
            name: value if name in WORDS else _changed(value, odd) if isinstance(value, dict | list) else odd
            for name, value in body.items()
        }
    return body


@pytest.mark.parametrize(
    ("said", "otherwise", "found"),
    [
        ("550 5.1.1 user unknown", "soft", "hard"),
        ("smtp;550 5.1.10 recipient not found", "soft", "hard"),
        ("550 5.7.1 user unknown because of policy", "hard", "block"),
        ("550 5.7.515 access denied", "hard", "block"),
        ("5.2.2 mailbox full", "hard", "soft"),
        ("452 4.2.2 mailbox full", "hard", "soft"),
        ("552 5.3.4 too big", "hard", "block"),
        ("550 no such user here", "soft", "hard"),
        ("550 listed on a blocklist", "hard", "block"),
        ("451 try later", "hard", "soft"),
        ("550 something", "soft", "soft"),
        ("550 something", "hard", "hard"),
        ("", "hard", "hard"),
    ],
)
def test_codes_of_the_other_side_are_graded(said, otherwise, found):
    assert bounce_of(said, otherwise=otherwise) == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (1772452800, 1772452800),
        ("1772452800", 1772452800),
        (1772452800.9, 1772452800),
        (1772452800123, 1772452800),
        ("2026-03-02T12:00:00.1234567Z", 1772452800),
        ("2026-03-02T13:00:00+01:00", 1772452800),
        ("2026-03-02T12:00:00", None),
        ("yesterday", None),
        ("nan", None),
        ("inf", None),
        (-1, None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_moments_are_read_in_every_way_they_are_written(written, found):
    assert at(written) == found


def test_a_deep_report_is_kept_shallow():
    deep = {}
    for _ in range(50):
        deep = {"inside": deep}

    assert kept(deep).count("inside") < 10
