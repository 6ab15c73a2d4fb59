"""Clicks and openings are counted as far as project and customer allow, and programs are kept apart from people."""

import asyncio
import html
import re

import pytest

from lifeloop.store import consents, events, hits, messages
from lifeloop.store.values import ConsentRow
from lifeloop.web.recipient_clicks import PICTURE
from lifeloop.work import hits as judging
from lifeloop.work.forgetting import forget
from lifeloop.work.hits import Coming, settle_hits, who
from lifeloop.work.tracking import safe_target

PERSON = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
OFFER = "https://www.example.com/offer?utm_source=lifeloop&utm_medium=email&utm_campaign=shop&utm_content=shop-one"
STORY = "https://www.example.com/story?a=1&b=2"


def addresses(mail):
    return [html.unescape(found) for found in re.findall(r'href="([^"]+)"', mail.html)]


def paths(mail, what):
    return re.findall(rf"https://mail\.example\.com(/{what}/[\w.-]+)", mail.html)


def receipts(shop, mail):
    with shop.space.store.reading() as tx:
        return dict(messages.find(tx, [mail.message_id])[mail.message_id].receipts)


def told(shop):
    with shop.space.store.reading() as tx:
        return [(row.name, row.data) for row in events.after(tx, 0, 100) if row.name.startswith("message.")]


def counted(shop):
    with shop.space.store.reading() as tx:
        return {(url, by): number for (_, url, by), number in hits.counts(tx, "one").items()}


def individual(recipients):
    shop = recipients(tracking="individual")
    mail = shop.mail(consents={"news": True, "tracking": True})
    shop.clock.set(shop.clock.now() + 300)
    return shop, mail


def settle(shop, later=61):
    shop.clock.set(shop.clock.now() + later)
    return settle_hits(shop.space, shop.clock.now())


def test_off_leaves_mails_as_they_were_written(recipients):
    shop = recipients()
    mail = shop.mail(consents={"news": True, "tracking": True})

    assert {OFFER, STORY, "mailto:hello@example.com"} <= set(addresses(mail))
    assert paths(mail, "c") == paths(mail, "o") == []


def test_aggregate_links_are_the_same_for_everybody_and_name_nobody(recipients):
    shop = recipients(tracking="aggregate")
    ana, bo = shop.mail("ana", consents={"news": True, "tracking": True}), shop.mail("bo")

    assert paths(ana, "c") == paths(bo, "c")
    assert len(paths(ana, "c")) == 2
    assert paths(ana, "o") == []
    assert "mailto:hello@example.com" in addresses(ana)
    assert STORY not in ana.text
    shop.client.get(paths(ana, "c")[1], headers=PERSON)
    shop.client.get(paths(bo, "c")[1], headers=PERSON)
    assert counted(shop) == {(STORY, "person"): 2}
    settle(shop)
    assert receipts(shop, ana) == {}
    assert told(shop) == []


def test_individual_needs_a_yes_of_its_own(recipients):
    shop = recipients(tracking="individual")
    yes = shop.mail("ana", consents={"news": True, "tracking": True})
    no, never = shop.mail("bo", consents={"news": True, "tracking": False}), shop.mail("cy")

    assert paths(no, "c") == paths(never, "c")
    assert set(paths(yes, "c")).isdisjoint(paths(no, "c"))
    assert [len(paths(mail, "o")) for mail in (yes, no, never)] == [1, 0, 0]
    assert yes.html.index("/o/") < yes.html.index("</body>")


def test_ways_to_leave_and_to_choose_are_never_counted(recipients):
    _, mail = individual(recipients)

    assert len(paths(mail, "u")) >= 1
    assert len(paths(mail, "p")) >= 1
    assert "/c/" not in mail.headers["List-Unsubscribe"]


def test_a_click_leads_where_the_mail_said(recipients):
    shop, mail = individual(recipients)
    answers = [shop.client.get(path, headers=PERSON) for path in paths(mail, "c")]

    assert [answer.headers["location"] for answer in answers] == [OFFER, STORY]
    for answer in answers:
        assert answer.status_code == 302
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert len(answer.content) == 0


def test_a_click_becomes_a_receipt_and_an_event_once(recipients):
    shop, mail = individual(recipients)
    clicked_at = shop.clock.now()
    for _ in range(3):
        shop.client.get(paths(mail, "c")[0], headers=PERSON)

    assert receipts(shop, mail) == {}  # not before a burst would be over
    settle(shop)
    assert receipts(shop, mail) == {"opened": clicked_at, "clicked": clicked_at}
    assert sorted(told(shop)) == [
        ("message.clicked", {"message": "shop/one"}),
        ("message.opened", {"message": "shop/one"}),
    ]
    assert settle(shop) == 0


def test_a_wave_judges_too(recipients):
    shop, mail = individual(recipients)
    shop.client.get(paths(mail, "c")[0], headers=PERSON)
    shop.wave(61)

    assert "clicked" in receipts(shop, mail)


def test_an_opening_is_noted_by_its_picture(recipients):
    shop, mail = individual(recipients)
    (path,) = paths(mail, "o")
    answer = shop.client.get(path, headers=PERSON)
    settle(shop)

    assert (answer.content, answer.headers["content-type"]) == (PICTURE, "image/gif")
    assert len(PICTURE) < 44
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert list(receipts(shop, mail)) == ["opened"]


def test_who_takes_the_yes_back_is_not_seen_any_more_in_old_mails_either(recipients):
    shop, mail = individual(recipients)
    with shop.space.store.transaction() as tx:
        consents.record(tx, [ConsentRow(1, "tracking", False, shop.clock.now())], shop.clock.now())

    assert shop.client.get(paths(mail, "c")[1], headers=PERSON).headers["location"] == STORY
    shop.client.get(paths(mail, "o")[0], headers=PERSON)
    settle(shop)

    assert receipts(shop, mail) == {}
    assert counted(shop) == {(STORY, "person"): 1}
    with shop.space.store.reading() as tx:
        assert hits.of_messages(tx, [mail.message_id]) == {mail.message_id: []}


EDGE = "Mozilla/5.0 (Windows NT 10.0) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"


@pytest.mark.parametrize(
    ("what", "agent", "ahead", "wanted"),
    [
        ("opened", "Mozilla/5.0", False, "prefetch"),
        ("opened", EDGE, False, "prefetch"),
        ("opened", "Mozilla/5.0 (Windows NT 5.1) (via ggpht.com GoogleImageProxy)", False, "proxy"),
        ("opened", "YahooMailProxy; https://help.yahoo.com", False, "proxy"),
        ("opened", PERSON["user-agent"], False, "person"),
        ("opened", PERSON["user-agent"], True, "bot"),
        ("clicked", PERSON["user-agent"], False, "person"),
        ("clicked", PERSON["user-agent"], True, "bot"),
        ("clicked", "", False, "bot"),
        ("clicked", "Mozilla/5.0", False, "bot"),
        ("clicked", "curl/8.5.0", False, "bot"),
        ("clicked", "python-requests/2.32", False, "bot"),
        ("clicked", "Go-http-client/2.0", False, "bot"),
        ("clicked", "Mozilla/5.0 HeadlessChrome/120", False, "bot"),
        ("clicked", "BarracudaCentral/1.0", False, "bot"),
        ("clicked", "Mozilla/5.0 (compatible; Mimecast)", False, "bot"),
        ("clicked", "Mozilla/5.0 (Windows; Proofpoint)", False, "bot"),
        ("clicked", "Microsoft Office Existence Discovery", False, "bot"),
        ("clicked", "Mozilla/5.0 BingPreview/1.0b", False, "bot"),
        ("clicked", "WhatsApp/2.23", False, "bot"),
        ("clicked", "Slackbot-LinkExpanding 1.0", False, "bot"),
        ("clicked", "facebookexternalhit/1.1", False, "bot"),
    ],
)
def test_programs_are_told_from_people(what, agent, ahead, wanted):
    assert who(what, Coming(agent, ahead)) == wanted


@pytest.mark.parametrize(
    "headers",
    [{"user-agent": "curl/8"}, {**PERSON, "sec-purpose": "prefetch;prerender"}, {**PERSON, "x-purpose": "preview"}],
)
def test_a_scanner_is_led_on_and_counts_for_nothing(recipients, headers):
    shop, mail = individual(recipients)
    assert shop.client.get(paths(mail, "c")[1], headers=headers).headers["location"] == STORY
    settle(shop)

    assert receipts(shop, mail) == {}
    assert counted(shop) == {(STORY, "bot"): 1}


def test_asking_without_looking_is_not_counted(recipients):
    shop, mail = individual(recipients)
    for path in (*paths(mail, "c"), *paths(mail, "o")):
        shop.client.request("HEAD", path, headers=PERSON)

    assert counted(shop) == {}
    assert settle(shop) == 0


def test_a_burst_over_many_links_is_no_person(recipients, monkeypatch):
    monkeypatch.setattr(judging, "BURST_LINKS", 2)  # the mail of these tests has two links
    shop, mail = individual(recipients)
    for path in paths(mail, "c"):
        shop.client.get(path, headers=PERSON)
    settle(shop)
    assert receipts(shop, mail) == {}

    shop.client.get(paths(mail, "c")[0], headers=PERSON)
    settle(shop)
    assert "clicked" in receipts(shop, mail)


def test_a_click_in_the_moment_of_sending_is_no_person(recipients):
    shop = recipients(tracking="individual")
    mail = shop.mail(consents={"news": True, "tracking": True})
    shop.client.get(paths(mail, "c")[0], headers=PERSON)
    settle(shop)

    assert receipts(shop, mail) == {}


EVIL = [
    "https://evil.example",
    "//evil.example",
    "https:evil.example",
    "\\evil.example",
    "javascript:alert(1)",
    "%0d%0aX:1",
]


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_in_an_address_can_lead_elsewhere(recipients, evil):
    shop, mail = individual(recipients)
    path = paths(mail, "c")[1]

    assert shop.client.get(f"{path}?u={evil}&url={evil}", headers=PERSON).headers["location"] == STORY
    assert shop.client.get("/c/x", params={"u": evil}).headers["location"] == "https://www.example.com"
    assert "evil" not in str(shop.client.get(f"/c/{evil}").headers.get("location", ""))


@pytest.mark.parametrize(
    "url",
    [*EVIL[1:], "http:///x", "ftp://example.com", "https://user@example.com", "https://a b.example", "https://x\r\nY:1",
     "data:text/html,x", "https://[::1", "https://example.com:port", "https://exämple.com", "https://" + "a" * 3000],
)  # fmt: skip
def test_only_plain_web_addresses_are_targets(url):
    assert safe_target(url) is None


def test_a_target_that_was_changed_in_the_database_is_not_followed(recipients):
    shop, mail = individual(recipients)
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE link SET url = 'javascript:alert(1)'")

    assert shop.client.get(paths(mail, "c")[1]).headers["location"] == "https://www.example.com"


def test_what_is_not_known_is_answered_like_what_is(recipients):
    shop, mail = individual(recipients)
    (known,) = paths(mail, "o")
    unknown = shop.space.links.opened("ee" * 16).removeprefix("https://mail.example.com")
    answers = [shop.client.get(path, headers=PERSON) for path in (known, unknown, "/o/x.gif", "/o/" + "A" * 39)]

    assert len({(answer.status_code, answer.content, tuple(answer.headers.items())) for answer in answers}) == 1
    lost = shop.space.links.click("ee" * 16, "ab" * 12).removeprefix("https://mail.example.com")
    wrong = [shop.client.get(path, headers=PERSON) for path in (lost, "/c/x", "/c/" + "A" * 55)]
    assert {(answer.status_code, answer.headers["location"]) for answer in wrong} == {(302, "https://www.example.com")}
    settle(shop)
    assert list(receipts(shop, mail)) == ["opened"]


def test_a_database_that_is_away_keeps_nobody_from_reading(recipients, monkeypatch):
    shop, mail = individual(recipients)

    def broken(*_given):
        raise RuntimeError("away")

    monkeypatch.setattr("lifeloop.web.recipient_clicks.note", broken)
    assert shop.client.get(paths(mail, "c")[1], headers=PERSON).headers["location"] == STORY


def test_the_pages_judge_by_themselves(recipients, monkeypatch):
    monkeypatch.setattr("lifeloop.web.recipient_clicks.SETTLE", -1)
    monkeypatch.setattr(
        "lifeloop.web.recipient_clicks.settle_hits", lambda space, now: settle_hits(space, now, after=0)
    )
    shop, mail = individual(recipients)

    async def click():
        import httpx

        transport = httpx.ASGITransport(shop.public)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
            await client.get(paths(mail, "c")[0], headers=PERSON)
            for _ in range(3000):
                await asyncio.sleep(0.02)
                if receipts(shop, mail):
                    break

    asyncio.run(click())
    assert "clicked" in receipts(shop, mail)


def test_links_in_a_mail_go_on_working_when_its_message_is_gone(recipients):
    shop = recipients(tracking="individual", retention="{messages: 30 days}")
    mail = shop.mail(consents={"news": True, "tracking": True})
    leave, (look, _), (picture,) = shop.link(mail, "u"), paths(mail, "c"), paths(mail, "o")
    choose = shop.link(mail, "p")
    shop.clock.set(shop.clock.now() + 400 * 86_400)
    assert forget(shop.space, shop.clock.now()) == {"old_messages": 1}

    assert shop.client.get(look, headers=PERSON).headers["location"] == OFFER
    assert shop.client.get(picture, headers=PERSON).content == PICTURE
    assert settle(shop) == 0
    assert told(shop) == []
    assert shop.client.get(choose).status_code == 200
    assert shop.client.request("POST", leave, content="List-Unsubscribe=One-Click").text.startswith("Done.")
    assert shop.said()[0]["news"] is False


def test_a_topic_that_is_no_more_can_still_be_left_when_nothing_tells_of_it_but_their_yes(recipients):
    shop = recipients(retention="{messages: 30 days}")
    leave = shop.link(shop.mail(), "u")
    file = shop.space.root / "lifeloop.yaml"
    file.write_text(file.read_text().replace("  news:", "  letters:"))
    shop.rewrite((shop.space.root / "journeys" / "one.yaml").read_text().replace("topic: news", "topic: letters"))
    shop.clock.set(shop.clock.now() + 400 * 86_400)
    assert forget(shop.space, shop.clock.now()) == {"old_messages": 1}

    assert shop.client.request("POST", leave, content="List-Unsubscribe=One-Click").text.startswith("Done.")
    assert shop.said()[0]["news"] is False
