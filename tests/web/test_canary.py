"""Nobody's address comes into a log or an error page, whatever somebody sends and whatever breaks."""

from __future__ import annotations

import logging

import httpx
import pytest

from lifeloop.web import recipient_leave, recipient_preferences
from lifeloop.web.beside import served_beside
from lifeloop.work import rights
from lifeloop.work.exporting import export
from lifeloop.work.finding import find_customer

CANARY = "kanarie77"
ADDRESS = f"{CANARY}@example.com"
PLACES = ["/u/{}", "/p/{}", "/k/{}", "/c/{}", "/o/{}.gif", "/cb/{}", "/cb/smtp/{}", "/{}", "/assets/{}"]


@pytest.fixture
def shop(recipients, caplog):
    caplog.set_level(logging.DEBUG)
    found = recipients()
    caplog.clear()
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_an_address_that_somebody_asks_for_is_never_said_again(shop, caplog, place, method):
    answer = shop.client.request(
        method,
        f"{place.format(ADDRESS)}?email={ADDRESS}",
        headers={"referer": f"https://www.example.com/?{ADDRESS}", "user-agent": ADDRESS},
        content=f"email={ADDRESS}",
    )
    assert answer.status_code < 500
    assert CANARY not in answer.text + str(answer.headers)
    assert CANARY not in _own(caplog)


@pytest.mark.parametrize(
    ("page", "room", "breaks"), [("u", recipient_leave, "reader_of"), ("p", recipient_preferences, "choices_of")]
)
def test_what_breaks_says_nothing_about_whom(shop, caplog, monkeypatch, page, room, breaks):
    link = shop.link(shop.mail(), page)

    def broken(*_):
        raise ValueError(f"{ADDRESS} is not a number")

    monkeypatch.setattr(room, breaks, broken)
    with served_beside(shop.public, port=0) as address:  # a real server has a log of its own
        answer = httpx.get(address.rstrip("/") + link)
    assert answer.status_code in (500, 503)
    assert CANARY not in answer.text
    assert CANARY not in _own(caplog)
    assert "ValueError" in _own(caplog)


def test_telling_and_forgetting_somebody_is_silent(shop, caplog):
    shop.mail()
    caplog.clear()
    with shop.space.store.reading() as tx:
        person = find_customer(tx, "ana")
    export(shop.space, person)
    rights.erase(shop.space, person)
    assert "ana" not in _own(caplog)


def _own(caplog) -> str:
    """What we and what we use wrote down; the client of these tests writes of itself, and is none of ours."""
    return "\n".join(
        f"{record.getMessage()} {record.exc_text or ''} {record.exc_info!r}"
        for record in caplog.records
        if not record.name.startswith(("httpx", "httpcore", "asyncio"))
    )
