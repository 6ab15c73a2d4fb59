"""A colleague's question: by mail, behind a signed link, answered once, until its time is up."""

import pytest

from lifeloop.store import customers, inbox, messages
from lifeloop.store.values import InboxFilter
from lifeloop.work import keys
from lifeloop.work.asking import Answerer, answer
from lifeloop.work.finding import NotFoundError
from lifeloop.work.rights import erase
from lifeloop.work.story import tell

DAY = 86_400
ASK = """
journey: one
phase: welcome
name: The big discount
start: {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - ask: boss
    question: "Shall {{ customer.first_name | default('they') }} get <15%>?"
    max: 2 days
    then:
      - milestone: discount
    else:
      - milestone: none
"""


@pytest.fixture
def shop(recipients):
    made = recipients()
    made.rewrite(ASK)
    return made


def asked(shop, key="ana"):
    """Let a question leave; return its mail."""
    return shop.mail(key)


def path(shop, mail):
    return shop.link(mail, "a")


def post(shop, where, **form):
    return shop.client.request("POST", where, data=form)


def said(shop):
    with shop.space.store.reading() as tx:
        (row,) = tx.ask("SELECT id FROM message WHERE kind = 'ask'")
        return messages.find(tx, [row.id])[row.id]


def milestones(shop):
    shop.wave()
    with shop.space.store.reading() as tx:
        return [row.detail for row in tx.ask("SELECT detail FROM visit WHERE what = 'milestone'")]


def test_the_mail_asks_with_one_button_per_answer(shop):
    mail = asked(shop)

    assert (mail.to, mail.subject) == ("boss@example.com", "Shall Ana get <15%>?")
    link = "https://mail.example.com" + path(shop, mail)
    assert mail.html.count(f'href="{link}?yes"') == mail.html.count(f'href="{link}?no"') == 1
    assert "Shall Ana get &lt;15%&gt;?" in mail.html
    for words in ("customer ana", "The big discount", "Wednesday 4 March 2026, 11:00", "counts as no", f"{link}?yes"):
        assert words in mail.text
    assert len(link) <= len("https://mail.example.com/a/") + 40
    assert "boss" not in link


def test_looking_answers_nothing(shop):
    where = path(shop, asked(shop))
    for suffix in ("", "?yes", "?no", "?answer=approved"):
        for method in ("GET", "HEAD"):
            assert shop.client.request(method, where + suffix).status_code == 200
    assert post(shop, where).status_code == post(shop, where, answer="perhaps").status_code == 200

    page = shop.client.get(where).text
    assert "Shall Ana get &lt;15%&gt;?" in page
    assert page.index('value="approved"') < page.index('value="declined"')
    flipped = shop.client.get(where + "?no").text
    assert flipped.index('value="declined"') < flipped.index('value="approved"')
    assert said(shop).answered_at is None
    assert milestones(shop) == []


@pytest.mark.parametrize(("word", "milestone"), [("approved", "discount"), ("declined", "none")])
def test_the_button_answers_and_the_journey_goes_on(shop, word, milestone):
    where = path(shop, asked(shop))
    page = post(shop, where, answer=word, note="Only\nthis once")

    assert f"Answered: {'yes' if word == 'approved' else 'no'}" in page.text
    assert "boss, by mail, 2 March 2026, 11:00" in page.text
    assert said(shop).answer == {
        "approved": word == "approved", "note": "Only this once", "by": "boss", "via": "mail",
    }  # fmt: skip
    assert milestones(shop) == [milestone]


def test_the_second_click_shows_the_first_answer(shop):
    where = path(shop, asked(shop))
    first = post(shop, where, answer="approved").text
    shop.clock.set(shop.clock.now() + 3600)
    second = post(shop, where, answer="declined").text

    assert "the first answer counts" not in first
    for page in (second, shop.client.get(where).text):
        assert "Answered: yes" in page
        assert "2 March 2026, 11:00" in page
        assert "the first answer counts" in page
    assert said(shop).answer["approved"] is True
    assert shop.woken == ["one"]  # once, and not for the second click
    assert milestones(shop) == ["discount"]


def test_at_the_deadline_it_is_over(shop):
    where = path(shop, asked(shop))
    shop.clock.set(shop.clock.now() + 2 * DAY + 1)  # and no wave has looked yet
    assert "Its time is up" in post(shop, where, answer="approved").text
    with pytest.raises(NotFoundError):
        answer(shop.space, said(shop).id, approved=True, note="")
    assert said(shop).answered_at is None
    assert milestones(shop) == ["none"]
    assert "Its time is up" in shop.client.get(where).text


def test_whoever_answers_first_elsewhere_is_named_on_the_page(shop):
    where = path(shop, asked(shop))
    answer(shop.space, said(shop).id[:8], approved=False, note="", by=Answerer("noor", "command"))
    page = post(shop, where, answer="approved").text

    assert "Answered: no" in page
    assert "noor, on the command line" in page
    with shop.space.store.reading() as tx:
        story = tell(shop.space, tx, customers.find_keys(tx, ["ana"])["ana"], 50)
    assert "declined by noor" in [line.aside for line in story.past]


def test_a_link_opens_its_own_question_and_nothing_else(shop):
    where = path(shop, asked(shop))
    changed = where[:-1] + ("A" if where[-1] != "A" else "B")
    unsubscribe = shop.space.links.leave(1, "news", said(shop).id).removeprefix("https://mail.example.com/u")
    unknown = shop.space.links.ask("0" * 32).removeprefix("https://mail.example.com")

    for other in (changed, "/a" + unsubscribe, unknown, "/a/x"):
        assert shop.client.get(other).status_code == 404
        assert post(shop, other, answer="approved").status_code == 404
    assert shop.client.get("/u" + where[2:]).status_code == 404
    assert said(shop).answered_at is None


def test_many_wrong_links_from_one_place_are_answered_no_more(shop):
    where = path(shop, asked(shop))
    for _ in range(100):
        shop.client.get("/a/x")
    assert shop.client.get(where).status_code == 429


def test_the_page_and_the_mail_speak_dutch(shop):
    shop.rewrite(ASK, language="nl")
    mail = asked(shop)
    assert "Antwoord vóór: woensdag 4 maart 2026, 11:00. Geen antwoord telt als nee." in mail.text
    page = shop.client.get(path(shop, mail)).text
    assert "Een vraag voor boss" in page
    assert "4 maart 2026, 11:00" in page


def test_a_mail_that_did_not_arrive_leaves_the_question_open(shop):
    asked(shop)
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE message SET status = 'rejected', sent_at = NULL WHERE kind = 'ask'")
    answer(shop.space, said(shop).id[:8], approved=True, note="")
    assert milestones(shop) == ["discount"]


def test_an_erased_customer_leaves_no_page(shop):
    where = path(shop, asked(shop))
    with shop.space.store.reading() as tx:
        ana = customers.find_keys(tx, ["ana"])["ana"]
    erase(shop.space, ana)
    assert shop.client.get(where).status_code == 404
    assert post(shop, where, answer="approved").status_code == 404


def test_a_question_of_many_lines_has_a_subject_of_one(shop):
    shop.rewrite(ASK.replace('"Shall', '"Well?\\n\\nShall'))
    mail = asked(shop)
    assert mail.subject == "Well? Shall Ana get <15%>?"
    with shop.space.store.reading() as tx:
        assert len(inbox.search(tx, InboxFilter())) == 1


# For other programs --------------------------------------------------------------------------------------------------


@pytest.fixture
def key(shop):
    return keys.add(shop.space, "crm", scopes=["answer"])


def call(shop, key, method="GET", where="/v1/asks", **said):
    headers = {"X-Write-Key": key} if key else {}
    return shop.client.request(method, where, headers=headers, **({"json": said} if said else {}))


def test_another_program_lists_and_answers_with_its_key(shop, key):
    asked(shop)
    (one,) = call(shop, key).json()["questions"]
    assert one == {
        "id": said(shop).id,
        "who": "boss",
        "question": "Shall Ana get <15%>?",
        "customer": "ana",
        "journey": "one",
        "step": "ask-boss",
        "asked": "2026-03-02T10:00:00Z",
        "until": "2026-03-04T10:00:00Z",
    }
    assert call(shop, key, where="/v1/asks?who=nobody").json() == {"questions": []}
    where = f"/v1/asks/{one['id']}/answer"
    done = call(shop, key, "POST", where, answer="approved", note="fine", by="Noor")
    assert (done.status_code, done.json()["by"], done.json()["answer"]) == (200, "Noor (crm)", "approved")
    again = call(shop, key, "POST", where, answer="declined")
    assert (again.status_code, again.json()["answer"]) == (409, "approved")
    assert call(shop, key).json() == {"questions": []}
    assert shop.woken == ["one"]
    assert milestones(shop) == ["discount"]


def test_without_a_key_that_may_answer_nothing_is_told_or_taken(shop):
    asked(shop)
    writes = keys.add(shop.space, "website", scopes=["track"])
    where = f"/v1/asks/{said(shop).id}/answer"
    for wrong, status in ((None, 401), ("wk_live_" + "a" * 22, 401), (writes, 403)):
        for refused in (call(shop, wrong), call(shop, wrong, "POST", where, answer="approved")):
            assert refused.status_code == status
            assert refused.headers["content-type"] == "application/problem+json"
            assert "Shall" not in refused.text
    assert said(shop).answered_at is None


@pytest.mark.parametrize("body", [{"answer": "yes"}, {"answer": ["approved"]}, {"answer": "approved", "note": 7}, []])
def test_what_is_no_answer_is_refused(shop, key, body):
    asked(shop)
    headers = {"X-Write-Key": key}
    where = f"/v1/asks/{said(shop).id}/answer"
    assert shop.client.request("POST", where, headers=headers, json=body).status_code == 422
    assert shop.client.request("POST", where, headers=headers, content=b"{" * 20_000).status_code == 413
    assert call(shop, key, "POST", "/v1/asks/nothing/answer", answer="approved").status_code == 404
    shop.clock.set(shop.clock.now() + 2 * DAY + 1)
    late = call(shop, key, "POST", where, answer="approved")
    assert (late.status_code, late.json()["code"]) == (410, "time_is_up")
