"""People choose on a page of their own: topics, less often, a pause; it holds from the moment they save."""

import json
import re

import pytest

from lifeloop.store import events, preferences
from lifeloop.web.recipient_words import EN, LANGUAGES, speech

DAY = 86_400
FORM = {"by": "page", "shown": ["tips", "news", "offers"], "pace": "all", "pause": "no", "do": "save"}


@pytest.fixture
def shop(recipients):
    return recipients()


def link(shop, key="ana", **data):
    return shop.link(shop.mail(key, **data), "p")


def save(shop, path, **said):
    return shop.client.request("POST", path, data={**FORM, **said})


def wish(shop):
    with shop.space.store.reading() as tx:
        return preferences.of_customer(tx, 1)


def test_the_page_shows_what_somebody_gets(shop):
    page = shop.client.get(link(shop)).text

    on = {name: bool(on) for name, on in re.findall(r'name="topic" value="(\w+)"( checked)?', page)}
    assert on == {"tips": True, "news": True, "offers": False}
    assert "Stories &amp; ideas" in page
    assert "service" not in page
    assert "<script" not in page
    assert 'name="tracking"' not in page


def test_what_is_switched_holds_and_is_proved(shop):
    path = link(shop)
    answer = save(shop, path, topic=["offers"])

    present, history = shop.said()
    assert present == {"news": False, "offers": True, "tips": False}
    assert "Offers" in answer.text
    assert "Stories" not in answer.text
    granted = next(row for row in history if row.topic == "offers")
    assert (granted.source, granted.wording, granted.version) == ("preferences", "Offers", speech("en").version)
    assert json.loads(granted.evidence)["method"] == "preferences"


def test_saving_the_same_again_writes_nothing(shop):
    path = link(shop)
    for _ in range(3):
        save(shop, path, topic=["tips", "news"])

    assert [row.topic for row in shop.said()[1]] == ["news"]


def test_switching_off_is_an_event_for_the_journeys(shop):
    save(shop, link(shop), topic=["tips"])

    with shop.space.store.reading() as tx:
        told = [(row.name, row.data) for row in events.after(tx, 0, 100)]
    assert told[1:] == [("unsubscribed", {"topic": "news"})]


def test_a_topic_that_the_page_did_not_show_stays(shop):
    path = link(shop, consents={"news": True, "offers": True})
    save(shop, path, shown=["news"])

    assert shop.said()[0] == {"news": False, "offers": True}


def test_topics_that_nobody_may_switch_are_not_switched(shop):
    save(shop, link(shop), shown=["service", "made-up", "tracking"], topic=["made-up"], tracking="yes")

    assert shop.said()[0] == {"news": True}


def test_everything_stops_with_one_button(shop):
    path = link(shop, consents={"news": True, "offers": True})
    answer = save(shop, path, topic=["news", "offers"], do="nothing")

    assert shop.said()[0] == {"news": False, "offers": False, "tips": False}
    assert "You get nothing from us any more" in answer.text


def test_a_pause_holds_mail_until_it_ends_and_then_it_leaves(shop):
    path = link(shop)
    answer = save(shop, path, topic=["tips", "news"], pause="1")
    shop.clock.set(shop.clock.now() + DAY)

    assert "Silent until 2 April 2026." in answer.text
    assert "Silent until 2 April 2026" in shop.client.get(path).text
    assert shop.order() == 0
    assert shop.wave(29 * DAY) == 0
    assert shop.wave(DAY + 3600) == 1


def test_a_pause_that_is_ended_lets_mail_go_at_once(shop):
    path = link(shop)
    save(shop, path, topic=["tips", "news"], pause="3")
    shop.clock.set(shop.clock.now() + DAY)
    assert shop.order() == 0
    save(shop, path, topic=["tips", "news"], pause="keep")
    assert shop.wave() == 0

    save(shop, path, topic=["tips", "news"], pause="no")

    assert wish(shop).paused_until is None
    assert shop.wave() == 1


def test_less_often_is_one_a_week(shop):
    path = link(shop)
    save(shop, path, topic=["tips", "news"], pace="weekly")
    shop.clock.set(shop.clock.now() + DAY)

    assert 'value="weekly" checked' in shop.client.get(path).text
    assert shop.order() == 0
    assert shop.wave(5 * DAY) == 0
    assert shop.wave(DAY) == 1


@pytest.mark.parametrize(
    ("locale", "words"),
    [("nl", "Wat wil je van ons krijgen?"), ("nl-BE", "Verhalen &amp; ideeën"), ("fr", EN["choose_title"])],
)
def test_the_page_speaks_the_customers_language(shop, locale, words):
    assert words in shop.client.get(link(shop, locale=locale)).text


def test_days_are_written_as_people_write_them(shop):
    answer = save(shop, link(shop, locale="nl"), topic=["news"], pause="3")
    assert "Stil tot 2 juni 2026." in answer.text


@pytest.mark.parametrize("body", ["", "topic=news", "do=nothing", "by=page" + "x" * 20_000])
def test_a_form_that_came_in_pieces_changes_nothing(shop, body):
    path = link(shop)
    headers = {"content-type": "application/x-www-form-urlencoded"}

    assert shop.client.request("POST", path, content=body, headers=headers).status_code == 400
    assert shop.said()[0] == {"news": True}


def test_looking_changes_nothing(shop):
    path = link(shop)
    for _ in range(20):
        shop.client.get(path + "?by=page&do=nothing&pause=3")
        shop.client.request("HEAD", path)

    assert shop.said()[0] == {"news": True}
    assert wish(shop) == preferences.AS_IT_COMES


def test_being_seen_needs_a_yes_of_its_own(recipients):
    shop = recipients(tracking="individual")
    path = link(shop)
    assert 'name="tracking" value="yes">' in shop.client.get(path).text

    save(shop, path, shown=["news", "tracking"], topic=["news"], tracking="yes")
    assert shop.said()[0] == {"news": True, "tracking": True}
    assert shop.said()[1][-1].wording == EN["tracking_switch"]

    save(shop, path, shown=["news", "tracking"], topic=["news"])
    assert shop.said()[0] == {"news": True, "tracking": False}


def test_a_language_is_complete_and_keeps_its_gaps():
    gaps = re.compile(r"\{\w+\}")
    for words in LANGUAGES.values():
        assert words.keys() == EN.keys()
        assert {name: set(gaps.findall(text)) for name, text in words.items()} == {
            name: set(gaps.findall(text)) for name, text in EN.items()
        }
        assert len(words["months"].split()) == 12


def test_each_language_has_a_version_of_its_own():
    assert speech("nl").version != speech("en").version
    assert speech("de", "nl").language == "nl"
    assert speech().language == "en"
