"""One click ends one topic, whoever's program makes it; looking ends nothing, and a wrong link says nothing."""

import json

import pytest

from lifeloop.store import events

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
MULTIPART = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
SCANNERS = ["", "Barracuda/1.0", "Mozilla/5.0", "Slackbot", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0", "curl/8.0"]


@pytest.fixture
def shop(recipients):
    return recipients()


@pytest.fixture
def link(shop):
    return shop.link(shop.mail(), "u")


def is_subscribed(shop, topic="news", key="ana"):
    return shop.said(key)[0].get(topic) is True


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, FORM),
        (ONE_CLICK, f"{FORM}; charset=utf-8"),
        (MULTIPART, "multipart/form-data; boundary=b"),
        (MULTIPART[:20], "multipart/form-data; boundary=b"),
        ("List-Unsub", FORM),
        ("", FORM),
        ("", None),
        ("\xff\x00" * 100, "application/octet-stream"),
        ("x=" + "y" * 100_000, FORM),
    ],
)
def test_one_click_unsubscribes_whatever_its_body(shop, link, body, kind):
    answer = shop.client.request("POST", link, content=body, headers={"content-type": kind} if kind else {})

    assert (answer.status_code, answer.text) == (200, "Done. You are unsubscribed.\n")
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert not is_subscribed(shop)


def test_its_proof_names_the_way_the_mail_and_nobodys_address(shop):
    mail = shop.mail()
    agent = {"user-agent": "Mozilla/5.0 (compatible; mail program)", "content-type": FORM}
    shop.client.request("POST", shop.link(mail, "u"), content=ONE_CLICK, headers=agent)

    row = shop.said()[1][-1]
    proof = json.loads(row.evidence)
    assert (row.topic, row.granted, row.source, row.at) == ("news", False, "rfc8058", shop.clock.now())
    assert (proof["method"], proof["message"]) == ("rfc8058", mail.message_id)
    assert proof["agent"] == "Mozilla/5.0 (compatible; mail program)"
    assert "127.0.0" not in row.evidence
    assert len(proof["ip"]) == 24


def test_a_second_click_is_as_good_and_changes_nothing(shop, link):
    answers = [shop.client.request("POST", link, content=ONE_CLICK) for _ in range(3)]

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "Done. You are unsubscribed.\n")}
    assert [row.granted for row in shop.said()[1]] == [True, False]
    with shop.space.store.reading() as tx:
        assert [row.name for row in events.after(tx, 0, 100)] == ["order.placed", "unsubscribed"]


@pytest.mark.parametrize("agent", SCANNERS)
def test_looking_never_unsubscribes(shop, link, agent):
    headers = {"user-agent": agent, "purpose": "prefetch"}
    for _ in range(20):
        assert shop.client.request("GET", link, headers=headers).status_code == 200
        assert shop.client.request("HEAD", link, headers=headers).status_code == 200

    assert is_subscribed(shop)
    assert len(shop.said()[1]) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_a_post_unsubscribes(shop, link, method):
    assert shop.client.request(method, link).status_code == 405
    assert is_subscribed(shop)


def test_the_page_has_one_button_and_a_way_to_choose(shop, link):
    page = shop.client.get(link)

    assert page.text.count("<button") == 1
    assert "Stories &amp; ideas" in page.text
    assert 'href="https://mail.example.com/p/' in page.text
    assert "<script" not in page.text
    assert "ana" not in page.text.lower()


def test_its_button_unsubscribes_and_says_so_on_a_page(shop, link):
    answer = shop.client.request("POST", link, data={"by": "page"})

    assert answer.headers["content-type"].startswith("text/html")
    assert "Done. You are unsubscribed." in answer.text
    assert shop.said()[1][-1].source == "page"
    assert "Done. You are unsubscribed." in shop.client.get(link).text


def test_one_changed_character_leads_nowhere_and_tells_nothing(shop, link):
    token = link.rpartition("/")[2]
    wrong = [f"/u/{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}" for place in range(39)]
    wrong += ["/u/1", "/u/ana@example.com", "/u/" + "A" * 39, "/u/" + "A" * 5000, link + "A", link[:-1], "/u/%00"]
    answers = [(method, shop.client.request(method, one)) for one in wrong for method in ("GET", "POST")]

    assert {answer.status_code for _, answer in answers} == {404}
    assert len({answer.text for _, answer in answers}) == 1
    assert is_subscribed(shop)


def test_a_link_of_another_purpose_or_of_another_company_is_none(shop, link, recipients):
    preferences = shop.link(shop.mail("bo"), "p").rpartition("/")[2]
    foreign = recipients()
    other = foreign.link(foreign.mail(), "u").rpartition("/")[2]

    assert shop.client.request("POST", f"/u/{preferences}").status_code == 404
    assert shop.client.request("POST", f"/u/{other}").status_code == 404
    assert shop.client.request("POST", f"/p/{link.rpartition('/')[2]}", data={"by": "page"}).status_code == 404
    assert is_subscribed(shop)


def test_one_topic_ends_and_the_other_stays(shop):
    link = shop.link(shop.mail(consents={"news": True, "offers": True}), "u")
    shop.client.request("POST", link, content=ONE_CLICK)

    assert not is_subscribed(shop)
    assert is_subscribed(shop, "offers")


def test_nobody_learns_how_many_customers_there_are(shop):
    links = [shop.link(shop.mail(f"c{number}"), "u") for number in range(5)]

    assert len({link[3:9] for link in links}) == 5
    assert not any("example" in link for link in links)


def test_who_tries_links_is_kept_waiting_and_can_still_leave(shop, link):
    for number in range(100):
        assert shop.client.get(f"/u/{number}").status_code == 404
    assert shop.client.get(link).status_code == 429
    assert shop.client.request("POST", link, content=ONE_CLICK).status_code == 200
    shop.clock.set(shop.clock.now() + 61)
    assert shop.client.get(link).status_code == 200


def test_the_mail_carries_the_link_in_its_header_too(shop):
    mail = shop.mail()
    header = mail.headers["List-Unsubscribe"]

    assert header == f"<https://mail.example.com{shop.link(mail, 'u')}>"
    assert len(f" {header},") <= 78


def test_somebody_else_s_host_is_refused(shop, link):
    assert shop.client.get(link, headers={"host": "evil.example"}).status_code == 421
    assert shop.client.get(link, headers={"host": "mail.example.com"}).status_code == 200


@pytest.mark.parametrize("what", ["u", "p", "nowhere"])
def test_every_page_is_locked_down(shop, what):
    mail = shop.mail()
    answer = shop.client.get("/nowhere" if what == "nowhere" else shop.link(mail, what))

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store, private"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["strict-transport-security"]


def test_only_recipients_pages_are_there(shop):
    for path in ("/", "/inbox", "/assets/inbox.js", "/assets/../app.py", "/mail/1/frame", "/docs"):
        assert shop.client.get(path).status_code == 404
    assert shop.client.get("/assets/recipient.css").headers["content-type"].startswith("text/css")
    assert "Disallow: /" in shop.client.get("/robots.txt").text


def test_a_topic_title_is_text_and_nothing_more(recipients):
    shop = recipients()
    topics = dict(shop.space.catalogue.topics)
    from dataclasses import replace

    topics["news"] = replace(topics["news"], titles={"en": "<img src=x onerror=alert(1)>"})
    link = shop.link(shop.mail(), "u")
    shop.space.project = replace(shop.space.project, catalogue=replace(shop.space.catalogue, topics=topics))

    assert "<img" not in shop.client.get(link).text
    assert "&lt;img" in shop.client.get(link).text


def test_a_database_that_is_away_is_said_without_details(shop, link, monkeypatch):
    def broken(*_given, **_named):
        raise RuntimeError("secret words of a database")

    monkeypatch.setattr("lifeloop.web.recipient_leave.leave", broken)
    answer = shop.client.request("POST", link, content=ONE_CLICK)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "secret" not in answer.text


def test_where_somebody_comes_from_is_believed_of_a_proxy_only(shop, link):
    from lifeloop.web.recipient import create_public_app

    def place(app, told):
        client = type(shop.client)(app)
        for number in range(100):
            client.get(f"/u/{number}", headers={"x-forwarded-for": told})
        return client.get(link, headers={"x-forwarded-for": "203.0.113.9"}).status_code

    assert place(create_public_app(shop.space), "198.51.100.1") == 429  # the same neighbour, whatever they claim
    assert place(create_public_app(shop.space, behind_proxy=True), "9.9.9.9, 198.51.100.1") == 200
    assert place(create_public_app(shop.space, behind_proxy=True), "9.9.9.9, 203.0.113.77") == 429
    assert place(create_public_app(shop.space, behind_proxy=True), "nonsense") == 200
