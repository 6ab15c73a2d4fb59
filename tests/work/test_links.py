"""A link of ours says what it was made to say; any other text says nothing, and nobody can read one."""

import stat
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Catalogue, Web
from lifeloop.work.links import Links, LinksUnset, Purpose, open_links, topic_mark

MESSAGE = "0f" * 16
LINKS = Links("https://mail.example.com", (b"s" * 32,))
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def token(url):
    return url.rpartition("/")[2]


def test_an_unsubscribe_link_is_short_and_says_whom_and_what():
    made = LINKS.leave(7, "inspiration", MESSAGE)
    found = LINKS.person(Purpose.UNSUBSCRIBE, token(made))

    assert made.startswith("https://mail.example.com/u/")
    assert len(token(made)) == 39
    assert len(f" <{made}>,") <= 78  # a line of a header
    assert (found.customer_id, found.topic, found.rest) == (7, topic_mark("inspiration"), bytes.fromhex("0f" * 6))


def test_one_changed_character_says_nothing():
    made = token(LINKS.leave(7, "inspiration", MESSAGE))
    changed = [
        made[:place] + letter + made[place + 1 :]
        for place in range(len(made))
        for letter in LETTERS
        if letter != made[place]
    ]

    assert len(changed) == 39 * 63
    assert not any(LINKS.person(Purpose.UNSUBSCRIBE, one) for one in changed)


@pytest.mark.parametrize("text", ["", "A", "=", "é", "....", "A" * 39, "A" * 100_000, "AA==", "%00", " "])
def test_what_is_no_link_says_nothing(text):
    assert all(LINKS.read(purpose, text) is None for purpose in Purpose)


def test_a_link_serves_one_purpose():
    made = {
        Purpose.UNSUBSCRIBE: LINKS.leave(7, "inspiration", MESSAGE),
        Purpose.PREFERENCES: LINKS.preferences(7),
        Purpose.CONFIRM: LINKS.confirm(7, "inspiration", MESSAGE),
        Purpose.CLICK: LINKS.click(MESSAGE, "ab" * 12),
        Purpose.OPEN: LINKS.opened(MESSAGE).removesuffix(".gif"),
    }

    for own, url in made.items():
        assert {purpose for purpose in Purpose if LINKS.read(purpose, token(url)) is not None} == {own}


def test_nothing_can_be_read_off_a_link():
    neighbours = [urlsafe_b64decode(token(LINKS.preferences(number)) + "=") for number in range(200)]

    assert len({raw[:8] for raw in neighbours}) == 200
    assert not any(number.to_bytes(6) in raw for number, raw in enumerate(neighbours))
    # A hidden counter would leave bytes the same from one to the next; here each position has seen many values.
    assert all(len({raw[place] for raw in neighbours}) > 60 for place in range(1, 29))


def test_a_click_names_a_message_or_nobody():
    assert LINKS.clicked(token(LINKS.click(MESSAGE, "ab" * 12))) == (MESSAGE, "ab" * 12)
    assert LINKS.clicked(token(LINKS.click(None, "ab" * 12))) == (None, "ab" * 12)
    assert LINKS.message(token(LINKS.opened(MESSAGE)).removesuffix(".gif")) == MESSAGE


def test_another_secret_opens_nothing_and_the_former_one_still_does():
    made = token(LINKS.preferences(7))
    others, renewed = Links("", (b"t" * 32,)), Links("", (b"t" * 32, b"s" * 32))

    assert others.person(Purpose.PREFERENCES, made) is None
    assert renewed.person(Purpose.PREFERENCES, made).customer_id == 7
    assert token(renewed.preferences(7)) != made


def opened(root: Path, environ=None, *, environment="local", secret=None, former=None):
    web = Web("https://mail.example.com", secret, former)
    return open_links(Catalogue(environment=environment, web=web), environ or {}, root)


def test_a_project_on_this_machine_has_a_key_of_its_own(tmp_path):
    first, second = opened(tmp_path), opened(tmp_path)
    key = tmp_path / ".lifeloop" / "link.key"

    assert first.secrets == second.secrets
    assert len(first.secrets[0]) == 64
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [file.name for file in key.parent.iterdir()] == ["link.key"]
    assert opened(tmp_path / "other", {"S": "x" * 32}, secret="env.S").secrets == (b"x" * 32,)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"environment": "live"}, "set web.secret in lifeloop.yaml"),
        ({"secret": "env.S"}, "the environment variable S is not set"),
        ({"secret": "env.S", "environ": {"S": "short"}}, "shorter than 32 characters"),
        ({"secret": "env.S", "former": "env.OLD", "environ": {"S": "x" * 32}}, "OLD is not set"),
    ],
)
def test_what_is_missing_is_said_when_a_link_is_wanted(tmp_path, settings, words):
    links = opened(tmp_path, **settings)

    with pytest.raises(LinksUnset, match=words):
        links.preferences(7)
    assert links.person(Purpose.PREFERENCES, "A" * 39) is None
    assert "x" * 32 not in repr(links)


def test_without_an_address_there_are_no_links(tmp_path):
    assert open_links(Catalogue(), {}, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_hidden_but_its_place_can_be_told_apart():
    here, there = LINKS.fingerprint("192.0.2.0"), LINKS.fingerprint("192.0.3.0")
    assert here != there
    assert "192" not in here
    assert len(here) == 24
