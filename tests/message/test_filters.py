import pytest

from lifeloop.message.errors import RenderProblemError
from lifeloop.message.here import format_locale, tidy_locale
from lifeloop.message.render import Reader

NOW = 1_780_300_800  # Mon 1 June 2026, 08:00 UTC


def said(desk, text, locale="en-GB", **data):
    desk.message("x")
    desk.message("x", name="hello/there.nl.md")
    desk.message(text, name="hello/there.md")
    desk.message(text, name="hello/there.nl.md")
    return desk.render(
        context={"event": data}, reader=Reader(locale=locale, now=NOW, zone="Europe/Amsterdam")
    ).text.strip()


@pytest.mark.parametrize(
    ("text", "locale", "result"),
    [
        ("{{ event.x | money }}", "en-GB", "€59.90"),
        ("{{ event.x | money('USD') }}", "en-US", "$59.90"),
        ("{{ event.x | money }}", "nl-NL", "€\xa059,90"),
        ("{{ 25 | money }}", "nl-NL", "€\xa025"),
        ("{{ '15 USD' | money }}", "en-US", "$15"),
        ("{{ 12408 | number }}", "en-GB", "12,408"),
        ("{{ 12408.5 | number }}", "nl", "12.408,5"),
        ("{{ 2.346 | number(2) }}", "en-GB", "2.35"),
        ("{{ 2.6 | number(0) }}", "en-GB", "3"),
        ("{{ 0.1 | percent }}", "en-GB", "10%"),
        ("{{ '2026-06-30' | date }}", "en-GB", "30 June 2026"),
        ("{{ '2026-06-30' | date }}", "nl-BE", "30 juni 2026"),
        ("{{ '2026-06-30' | date('weekday') }}", "nl-BE", "dinsdag"),
        ("{{ '2026-06-30' | date('EEEE d MMMM') }}", "en-GB", "Tuesday 30 June"),
        ("{{ '2026-06-30T23:30:00Z' | date('day') }}", "en-GB", "1 July"),
        ("{{ '2026-06-30T23:30:00Z' | time }}", "en-GB", "01:30"),
        ("{{ '2026-06-30' | days_left }}", "en-GB", "29"),
        ("{{ event.list | join(', ') }}", "en-GB", "a, b"),
        ("{{ event.rows | map(attribute='n') | sum }}", "en-GB", "3"),
        ("{{ 'aXa' | replace('X', 'b') }}", "en-GB", "aba"),
        ("{{ event.nothing | default('none') }}", "en-GB", "none"),
        ("{{ 'john smith' | title }}", "en-GB", "John Smith"),
    ],
)
def test_a_filter_writes_for_the_reader(desk, text, locale, result):
    assert said(desk, text, locale, x=59.9, list=["a", "b"], rows=[{"n": 1}, {"n": 2}]) == result


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'soon' | date }}",
        "{{ '2026-06-30' | time }}",
        "{{ 'a' | number }}",
        "{{ 'x' | replace('', 'y') }}",
        "{{ event.x | money }}",
        "{{ event.x | join }}",
        "{{ '2026-06-30' | date('QQQQQQQQ') }}",
    ],
)
def test_what_cannot_be_written_is_a_problem(desk, text):
    with pytest.raises(RenderProblemError):
        said(desk, text)


@pytest.mark.parametrize(
    ("written", "tidy"),
    [("nl_be", "nl-BE"), ("DE-at", "de-AT"), ("zh-hans-cn", "zh-Hans-CN"), ("x", ""), ("", ""), ("../x", "")],
)
def test_a_locale_is_tidied(written, tidy):
    assert tidy_locale(written) == tidy


@pytest.mark.parametrize(
    ("wanted", "written", "country", "result"),
    [
        ("nl-BE", "nl", "NL", "nl_BE"),
        ("nl-BE", "en", "NL", "en_NL"),
        ("", "en", None, "en"),
        ("nl-PT", "nl", "NL", "nl"),
        ("", "xx", None, "en"),
    ],
)
def test_figures_follow_the_text_and_the_readers_region(wanted, written, country, result):
    assert format_locale(wanted, written, country) == result
