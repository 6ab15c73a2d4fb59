"""Double opt-in: asked for in one place, granted by a button in a mail, with both moments as proof."""

import json
import shutil
from pathlib import Path

import pytest

import lifeloop.cli
from lifeloop.store import events, inbox, opt_ins
from lifeloop.store.values import InboxFilter
from lifeloop.work.ingesting import Person, ingest
from lifeloop.work.leaving import Visitor
from lifeloop.work.links import LinksUnset, Purpose
from lifeloop.work.opting import Asked, NotPossible, confirm, request
from lifeloop.work.project import open_project
from lifeloop.work.publishing import publish
from lifeloop.work.tidying import tidy

SHIPPED = Path(lifeloop.cli.__file__).parent / "double_opt_in"
WORDING = "Yes, mail me stories, at most twice a month"
DAY = 86_400


@pytest.fixture
def shop(recipients):
    made = recipients(tracking="individual")
    root = made.space.root
    shutil.copy(SHIPPED / "consent.yaml", root / "journeys")
    (root / "templates" / "consent").mkdir()
    for name in ("confirm.md", "confirm.nl.md"):
        shutil.copy(SHIPPED / name, root / "templates" / "consent")
    made.space.project = open_project(root)
    made.space.renderer = type(made.space.renderer)(root / "templates", made.space.catalogue)
    assert [one for one in made.space.project.diagnostics if one.severity == "error"] == []
    publish(made.space, made.clock.now())
    ingest(made.space, [Person("ana", {"first_name": "Ana", "email": "ana@example.com"})])
    return made


def ask(shop, topic="news", key="ana"):
    return request(
        shop.space, key, topic, wording=WORDING, version="7", source="website", visitor=Visitor("there", "Browser")
    )


def mails(shop):
    with shop.space.store.reading() as tx:
        lines = inbox.search(tx, InboxFilter())
        return [inbox.find(tx, line.message_id)[1] for line in reversed(lines)]


def link(shop, mail):
    return shop.link(mail, "k")


def test_nothing_is_granted_before_the_button(shop):
    ask(shop)
    shop.wave()
    (mail,) = mails(shop)
    for _ in range(10):
        page = shop.client.get(link(shop, mail))
        shop.client.request("HEAD", link(shop, mail))

    assert "One click, and it is done" in page.text
    assert WORDING in page.text
    assert shop.said() == ({}, ())


def test_the_button_grants_with_both_moments_as_proof(shop):
    asked_at = shop.clock.now()
    ask(shop)
    shop.wave()
    shop.clock.set(shop.clock.now() + DAY)
    answer = shop.client.request("POST", link(shop, mails(shop)[0]), headers={"user-agent": "Phone"})

    assert "Thank you. You are in." in answer.text
    present, (row,) = shop.said()
    assert present == {"news": True}
    assert (row.source, row.wording, row.version, row.at) == ("double_opt_in", WORDING, "7", asked_at + DAY)
    proof = json.loads(row.evidence)
    assert (proof["requested_at"], proof["confirmed_at"]) == (asked_at, asked_at + DAY)
    assert proof["requested"] == {"method": "confirmation", "ip": "there", "agent": "Browser", "source": "website"}
    assert proof["confirmed"]["agent"] == "Phone"


def test_a_second_yes_changes_nothing(shop):
    ask(shop)
    shop.wave()
    for _ in range(3):
        assert shop.client.request("POST", link(shop, mails(shop)[0])).status_code == 200

    assert len(shop.said()[1]) == 1
    with shop.space.store.reading() as tx:
        told = [row.name for row in events.after(tx, 0, 100)]
    assert told == ["consent.requested", "consent.confirmed"]


def test_the_link_is_good_for_seven_days(shop):
    ask(shop)
    shop.wave()
    shop.clock.set(shop.clock.now() + 7 * DAY + 1)

    assert "This link has had its time" in shop.client.request("POST", link(shop, mails(shop)[0])).text
    assert shop.said()[0] == {}


def test_the_mail_asks_and_does_nothing_else(shop):
    ask(shop)
    shop.wave()
    (mail,) = mails(shop)

    assert mail.html.count("https://mail.example.com/k/") == 1
    assert not any(f"https://mail.example.com/{what}/" in mail.html for what in ("c", "o", "u"))
    assert "List-Unsubscribe" not in mail.headers


def test_nobody_can_bury_a_stranger_in_mail(shop):
    ingest(shop.space, [Person("twin", {"email": "ANA@example.com"})])
    refused = []
    for number in range(5):
        refused.append(ask(shop, key="ana" if number % 2 else "twin").refused)
        shop.clock.set(shop.clock.now() + 60)
        shop.wave()
    assert refused == [None, None, None, "too often", "too often"]
    assert len(mails(shop)) == 3

    shop.clock.set(shop.clock.now() + DAY)
    assert ask(shop).refused is None


def test_the_same_asked_twice_within_a_second_is_one_request_and_one_mail(shop):
    assert ask(shop) == ask(shop)
    assert ask(shop).refused is None
    shop.wave()
    assert len(mails(shop)) == 1


def test_two_topics_asked_for_at_once_are_two_mails(shop):
    ask(shop, "news")
    ask(shop, "offers")
    shop.wave()

    assert len({link(shop, mail) for mail in mails(shop)}) == 2
    shop.client.request("POST", link(shop, mails(shop)[0]))
    assert len(shop.said()[0]) == 1


def test_what_is_granted_is_not_asked_again(shop):
    ask(shop)
    shop.wave()
    shop.client.request("POST", link(shop, mails(shop)[0]))

    assert ask(shop) == Asked("news", "granted")


@pytest.mark.parametrize(
    ("key", "topic", "words"),
    [("nobody", "news", "no customer"), ("ana", "nws", "no topic"), ("ana", "tips", "belongs to the contract")],
)
def test_what_cannot_be_asked_is_said(shop, key, topic, words):
    with pytest.raises(NotPossible, match=words):
        ask(shop, topic, key)


def test_without_an_address_or_a_journey_nobody_can_be_asked(shop):
    ingest(shop.space, [Person("sam", {"phone": "+31612345678"})])
    assert ask(shop, key="sam").refused == "no address"

    (shop.space.root / "journeys" / "consent.yaml").unlink()
    shop.space.project = open_project(shop.space.root)
    publish(shop.space, shop.clock.now())
    assert ask(shop).refused == "no journey"

    shop.space.links = None
    with pytest.raises(LinksUnset, match="web:"):
        ask(shop)


def test_requests_that_nobody_confirmed_are_forgotten(shop):
    made = ask(shop)
    tidy(shop.space)
    with shop.space.store.reading() as tx:
        assert [row.id for row in opt_ins.of_customer(tx, 1)] == [made.request.id]
    shop.clock.set(shop.clock.now() + 30 * DAY + 1)
    tidy(shop.space)
    with shop.space.store.reading() as tx:
        assert opt_ins.of_customer(tx, 1) == ()


def test_a_link_to_confirm_serves_one_customer_and_one_request(shop):
    ingest(shop.space, [Person("bo", {"email": "bo@example.com"})])
    made = ask(shop)
    other = shop.space.links.confirm(2, "news", made.request.id).rpartition("/")[2]
    guessed = shop.space.links.confirm(1, "news", "0" * 32).rpartition("/")[2]

    for token in (other, guessed):
        person = shop.space.links.person(Purpose.CONFIRM, token)
        assert confirm(shop.space, person, Visitor()).state == "gone"
    assert shop.said()[0] == {}
    assert shop.said("bo")[0] == {}
