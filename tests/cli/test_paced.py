"""``lifeloop status`` about ways out: their pace, which takes nothing, and what happens next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lifeloop.clock import SystemClock
from lifeloop.engine.circuit import Heard, hear
from lifeloop.store import pacing
from lifeloop.store.opening import open_store

CHANNELS = """
email: resend
channels:
  resend:
    {token: env.T, rate: 100 per minute, quota: 70 per day, concurrency: 4, fallback: postmark,
     warm_up: {starts: 2999-01-01, first_day: 50, until: 1000}}
  postmark: {token: env.T}
"""


NOON = 1_783_418_400
"""On some day: what was used today must not be yesterday's by the time that it is looked at."""


@pytest.fixture
def paced(small, run, monkeypatch):
    """The smallest project, with a provider of which 12 of today's 70 are used, 9 of 50 of its warm-up."""
    monkeypatch.setattr(SystemClock, "now", lambda _clock: NOON)
    file = small / "lifeloop.yaml"
    file.write_text(file.read_text() + CHANNELS)
    assert run("status", T="t").code == 0

    def hears(heard):
        day = datetime.fromtimestamp(NOON, ZoneInfo("Europe/Lisbon")).date().isoformat()
        store = open_store(f"sqlite:///{small / '.lifeloop' / 'lifeloop.db'}")
        with store.transaction() as tx:
            held = pacing.lock(tx, ["resend", "resend@example.com"])
            way, ramp = (pace.using(count, day) for pace, count in zip(held.values(), (12, 9), strict=True))
            pacing.write(tx, [hear(way, heard, NOON, day), ramp])
        store.close()

    return hears


def of(document, way):
    return next(one for one in document["ways_out"] if one["way"] == way)


def words(said):
    return " ".join(said.out.split())


def test_a_pace_is_shown_as_it_was_written(paced, run, conforms):
    paced(Heard())
    warms_up = "warming up: 9 of 50 today from example.com"
    assert f"resend 12 of 70 today 100 a minute 0 of 4 requests under way {warms_up} else by postmark" in words(
        run("status")
    )
    assert of(conforms("status", run("status", "--json").json), "resend") == {
        "way": "resend",
        "circuit": "closed",
        "until": None,
        "why": None,
        "used_today": 12,
        "allowed_today": 70,
        "warming_up": [{"domain": "example.com", "used_today": 9, "allowed_today": 50}],
        "per_second": pytest.approx(100 / 60),
        "concurrency": 4,
        "busy": 0,
        "fallback": "postmark",
    }


def test_who_takes_nothing_is_named_with_what_comes_next(paced, run, conforms):
    paced(Heard(bad=10, bad_last=10, why="resend answered 503"))
    assert "takes nothing: resend answered 503 one message tries again" in words(run("status"))
    assert "meanwhile by postmark" in words(run("status"))
    found = of(conforms("status", run("status", "--json").json), "resend")
    assert (found["circuit"], found["why"]) == ("open", "resend answered 503")
    assert datetime.fromisoformat(found["until"]).timestamp() > NOON


def test_a_pause_that_was_asked_for_is_no_failure(paced, run):
    paced(Heard(slow_down=True, wait=600, why="resend answered 429"))
    assert "waits: resend answered 429 goes on" in words(run("status"))


def test_a_project_whose_mail_stays_here_has_nothing_to_say(small, run, conforms):
    assert small.is_dir()
    assert conforms("status", run("status", "--json").json)["ways_out"] == []
    assert "Ways out" not in run("status").out
