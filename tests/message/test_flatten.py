"""Styles are moved when a message is compiled, and that gives what moving them afterwards would give."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lifeloop.journey.people import read_people
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report
from lifeloop.message.flatten import inlined
from lifeloop.message.library import read_library
from lifeloop.message.preview import preview
from lifeloop.message.render import Reader, Renderer

ROOT = Path(__file__).parents[2]
NOW = 1_780_300_800
STYLE = "<style>.a { color: #111111 } .b { color: #222222 } td { padding: 1px }</style>"


class Events(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.seen = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, sorted(attrs)))

    def handle_endtag(self, tag):
        self.seen.append(f"/{tag}")

    def handle_data(self, data):
        if data.strip():
            self.seen.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def starter():
    report = Report()
    catalogue = read_catalogue(ROOT, report)
    people = read_people(ROOT / "people", catalogue, report)
    return catalogue, people, read_library(ROOT / "templates", catalogue)


def test_the_starters_templates_have_no_mistakes(starter):
    library, found = starter[2]

    assert [f"{one.place.file}:{one.place.line} {one.message}" for one in found] == []
    assert len(library) > 40
    assert all(info.locales == ("en", "nl") for info in library.values())


@pytest.mark.parametrize("locale", ["en", "nl-BE"])
def test_moving_styles_before_filling_in_equals_moving_them_after(starter, locale):
    catalogue, people, (library, _) = starter
    early, late = (Renderer(ROOT / "templates", catalogue, inline=when) for when in (True, False))

    for name in library:
        one, other = (
            preview(renderer, name, person=people["ana"], at=NOW, locale=locale).rendered for renderer in (early, late)
        )
        assert one.text == other.text
        if one.html is not None:
            assert Events(one.html).seen == Events(other.html).seen, name
            assert "<style>" in one.html
            assert 'class="card"' in one.html


@pytest.mark.parametrize("locale", ["en", "nl"])
def test_every_starter_mail_passes_every_check(starter, locale):
    catalogue, people, (library, _) = starter
    renderer = Renderer(ROOT / "templates", catalogue)

    for name in library:
        seen = preview(renderer, name, person=people["ana"], at=NOW, locale=locale)
        assert [check for check in seen.checks if check.state != "ok"] == [], name
        assert seen.missing == {}


def test_loops_and_conditions_keep_their_place_in_tables(desk):
    desk.write(
        "_layouts/brand.html",
        f"<html><head>{STYLE}</head><body><table><tr><td>{{{{ content }}}}</td></tr></table></body></html>",
    )
    desk.write(
        "hello/page.html",
        "---\nsubject: x\n---\n"
        "<table>{% for one in event.products %}{% if one.n < 3 %}<tr><td class='a'>{{ one.n }}</td></tr>"
        "{% else %}<tr><td class='b'>{{ one.n }}</td></tr>{% endif %}{% endfor %}</table>",
    )
    context = {"customer": {}, "event": {"products": [{"n": n} for n in range(5)]}}
    early, late = (desk.renderer(inline=when).render("hello/page", context=context) for when in (True, False))

    assert Events(early.html).seen == Events(late.html).seen
    assert early.html.count("color: #111111") == 3
    assert early.html.count("color: #222222") == 2


@pytest.mark.parametrize(
    "body",
    [
        '<p class="{{ customer.plan }}">x</p>',
        '<p style="color: {{ customer.colour }}">x</p>',
        '<p class="{% if customer.plan %}a{% else %}b{% endif %}">x</p>',
        "<table><tr><td>1</td></tr>{% if customer.plan %}</table><table>{% endif %}<tr><td>2</td></tr></table>",
    ],
)
def test_what_only_data_can_style_is_styled_after_filling_in(desk, body):
    desk.write("_layouts/brand.html", f"<html><head>{STYLE}</head><body>{{{{ content }}}}</body></html>")
    desk.write("hello/page.html", f"---\nsubject: x\n---\n{body}")
    context = {"customer": {"plan": "a", "colour": "#111111"}}
    early, late = (desk.renderer(inline=when).render("hello/page", context=context) for when in (True, False))

    assert early.html == late.html
    assert "#111111" in early.html or "padding: 1px" in early.html


def test_rules_about_neighbours_wait_until_loops_are_filled_in(desk):
    desk.write(
        "_layouts/brand.html",
        "<html><head><style>li:last-child { color: #123456 }</style></head><body>{{ content }}</body></html>",
    )
    body = "{% for one in event.products %}\n- {{ one }}\n{% endfor %}"

    assert desk.render(body, context={"event": {"products": ["a", "b", "c"]}}).html.count("#123456") == 1


def test_the_companys_own_colours_are_settled_once(desk):
    desk.write(
        "_layouts/brand.html",
        '<html><head><style>p { color: {{ company.color | default("#123456") }} }</style></head>'
        "<body>{{ content }}</body></html>",
    )
    desk.message("Hi")
    renderer = desk.renderer()

    assert 'style="color: #123456' in renderer.render("hello/there", context={"customer": {}}).html
    assert not next(iter(renderer._compiled.values())).inline_later


def test_rules_for_dark_and_small_screens_stay_in_the_head():
    page = inlined(
        "<html><head><meta charset=utf-8><style>p{color:#111} @media (prefers-color-scheme: dark)"
        "{p{color:#eee!important}}</style></head><body><p>x</p></body></html>"
    )

    assert page.index("charset") < page.index("@media")
    assert "color:#111" not in page.partition("</head>")[0].replace(" ", "")


def test_the_companys_data_is_escaped_where_it_must_be(desk):
    desk.catalogue = replace(desk.catalogue, company={"name": "<b>Sons & Co"})

    out = desk.render("By {{ company.name }}")

    assert "By &lt;b&gt;Sons &amp; Co" in out.html
    assert out.text == "By <b>Sons & Co\n"


def test_an_unsubscribe_link_of_the_layout_is_made_safe_too(desk):
    out = desk.render("Hi", reader=Reader(unsubscribe_url="javascript:alert(1)"))

    assert out.links == ("#",)


@pytest.mark.parametrize("plan", ["plus", None])
def test_a_block_that_a_parser_would_tear_apart_is_filled_in_first(desk, plan):
    desk.write("_layouts/brand.html", f"<html><head>{STYLE}</head><body>{{{{ content }}}}</body></html>")
    body = '<p class="a">{% if customer.plan %}<div class="b">in</div>{% endif %}after</p>'
    desk.write("hello/page.html", f"---\nsubject: x\n---\n{body}")
    early, late = (
        desk.renderer(inline=when).render("hello/page", context={"customer": {"plan": plan}}) for when in (True, False)
    )

    assert Events(early.html).seen == Events(late.html).seen
