import shutil
from pathlib import Path

import pytest

from lifeloop.message.render import Reader

BRAND = Path(__file__).parents[2] / "templates" / "_layouts"
READER = Reader(
    now=1_780_300_800,
    unsubscribe_url="https://example.com/u/1",
    preferences_url="https://example.com/p/1",
)


def branded(desk, body="Hello", locale="en", topic="stories", **head):
    shutil.copytree(BRAND, desk.templates / "_layouts", dirs_exist_ok=True)
    desk.message(body, **head)
    desk.message(body, name="hello/there.nl.md", **head)
    reader = Reader(
        locale=locale,
        now=READER.now,
        unsubscribe_url=READER.unsubscribe_url,
        preferences_url=READER.preferences_url,
    )
    return desk.render(reader=reader, said={"topic": topic})


def test_the_layout_speaks_the_language_of_the_message(desk):
    english, dutch = branded(desk), branded(desk, locale="nl-BE")

    assert "You get “Stories” because you said yes to it." in english.text
    assert "Je krijgt “Verhalen” omdat je daar ja tegen zei." in dutch.html
    assert ('lang="en"' in english.html, 'lang="nl"' in dutch.html) == (True, True)
    assert "Stop deze mails: https://example.com/u/1" in dutch.text


def test_the_layout_says_who_writes_and_from_where(desk):
    out = branded(desk)

    for words in ("Sunny &amp; Sons", "Kade 1, Rotterdam"):
        assert words in out.html
    assert "Sunny & Sons, Kade 1, Rotterdam" in out.text


def test_a_message_about_a_contract_says_so_and_offers_no_way_to_stop_it(desk):
    out = branded(desk, topic="service")

    assert "because it is about your contract or your question." in out.text
    assert "/u/1" not in out.html + out.text
    assert out.links[-1] == "https://example.com/p/1"


def test_the_preheader_comes_first_and_is_hidden(desk):
    out = branded(desk, preheader="Before {{ customer.first_name }} reads")
    body = out.html.partition("<body")[2]

    assert body.index("Before Ana reads") < body.index("Hello")
    assert "display: none" in body.partition("Before Ana")[0]


def test_a_mail_stays_small(desk):
    assert branded(desk).size < 12_000


@pytest.mark.parametrize("layout", ["<p>no place</p>", "{{ content }}{{ content }}"])
def test_a_layout_says_content_once(desk, layout):
    desk.write("_layouts/brand.html", layout)

    assert desk.codes("Hello") == ["J403"]


def test_a_sentence_that_a_language_lacks_is_said(desk):
    desk.write("_layouts/brand.html", "{{ content }}{{ words.bye }}{{ words.hi }}")
    desk.write("_layouts/words.yaml", "en: {bye: Bye}\nnl: {}\n")
    found = {(one.severity, one.message) for one in desk.problems("Hello")}

    assert found == {
        ("warning", 'the layout "brand" says words.bye, which has no nl text'),
        ("error", 'the layout "brand" says words.hi, which has no en text'),
        ("error", 'the layout "brand" says words.hi, which has no nl text'),
    }


def test_a_sentence_may_speak_of_data_and_is_escaped(desk):
    desk.write("_layouts/brand.html", "<p>{{ content }}</p>{{ words.bye }}")
    desk.write("_layouts/words.yaml", 'en: {bye: "Bye <{{ customer.first_name }}>"}\n')

    assert "Bye &lt;A&amp;na&gt;" in desk.render("x", context={"customer": {"first_name": "A&na"}}).html


def test_mistakes_in_a_layout_have_their_place(desk):
    desk.write("_layouts/brand.html", "<p>\n{{ content }}\n{{ customer.nam }} {% if %}")

    assert [(one.code, one.place.line, one.place.column) for one in desk.problems("x")] == [
        ("J123", 3, 4),
        ("J404", 3, 20),
        ("J404", 3, 20),
    ]


def test_a_plain_text_part_without_the_message_is_none(desk):
    desk.message("Hello")
    desk.write("_layouts/brand.html", "<p>{{ content }}</p>")
    desk.write("_layouts/brand.txt", "Sunny & Sons")
    assert [(one.code, one.place.file) for one in desk.problems()] == [("J403", "templates/_layouts/brand.txt")]
