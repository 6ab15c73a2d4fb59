import pytest

from lifeloop.channel.answer import outcome_of, parsed, retry_after
from lifeloop.engine.retry import Outcome

NOW = 1_792_562_400  # 2026-10-21T06:00:00Z


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((200, 201, 202, 204, 299), Outcome.ACCEPTED),
        ((300, 301, 302, 303, 307, 308, 401, 402, 403, 407), Outcome.CONFIGURATION),
        ((400, 404, 405, 410, 413, 415, 422, 451), Outcome.REJECTED),
        ((408, 425, 429), Outcome.NOT_ACCEPTED),
        ((409, 500, 502, 503, 504, 529, 599, 101), Outcome.UNCERTAIN),
    ],
)
def test_every_status_has_its_class(statuses, outcome):
    assert {outcome_of(status, has_retry_after=False) for status in statuses} == {outcome}


def test_unavailable_with_a_time_to_return_was_surely_not_accepted():
    assert outcome_of(503, has_retry_after=True) is Outcome.NOT_ACCEPTED
    assert outcome_of(500, has_retry_after=True) is Outcome.UNCERTAIN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 5280),
        ("Wed, 21 Oct 2026 05:00:00 GMT", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("1000000000", 86_400),
        ("9" * 5000, None),
        ("Wed, 21 Oct 2036 07:28:00 GMT", 86_400),
        ("²", None),
    ],
)
def test_the_wait_that_was_asked_for_is_bounded(text, seconds):
    assert retry_after({"retry-after": text}, NOW) == seconds


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": 1', b"\xff", b"NaN", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_no_answer(body):
    assert parsed(body) is None


def test_json_is_read():
    assert parsed(b'{"id": "T-1", "open": true}') == {"id": "T-1", "open": True}
