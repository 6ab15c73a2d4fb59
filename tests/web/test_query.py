from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.web.query import Query, day_of, start_of

JULY = date(2026, 7, 20)


def read(address):
    return Query.read(dict(parse_qsl(urlsplit(address).query)))


def test_an_address_says_only_what_differs_from_everything():
    assert Query().address() == "/inbox"
    assert Query(journey="renewal", day=JULY, span="day").address() == "/inbox?journey=renewal&day=2026-07-20&span=day"


queries = st.builds(
    Query,
    q=st.text(st.characters(exclude_categories=("C", "Z")), max_size=50),
    journey=st.sampled_from(["", "renewal"]),
    customer=st.sampled_from(["", "c001", "a&b=c"]),
    page=st.integers(1, 100_000),
    mail=st.sampled_from(["", "m1"]),
    view=st.sampled_from([None, "text", "headers"]),
    width=st.sampled_from(["full", "phone"]),
    images=st.booleans(),
)


@given(
    queries,
    st.one_of(
        st.none(), st.tuples(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.sampled_from(["until", "week", "day"]))
    ),
)
def test_every_state_of_the_page_has_an_address_that_brings_it_back(query, when):
    if when:
        query = read(query.but(day=when[0], span=when[1]))

    assert read(query.address()) == query


@pytest.mark.parametrize(
    "params",
    [
        {"day": "yesterday"},
        {"day": "0001-01-01"},
        {"page": "0"},
        {"page": "-3"},
        {"page": "1e9"},
        {"page": "\uff19"},
        {"view": "<script>"},
        {"span": "day"},
        {"width": "99"},
        {"q": "\x00"},
        {"nonsense": "x"},
    ],
)
def test_what_makes_no_sense_counts_as_not_said(params):
    assert Query.read(params) == Query()


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [("day", JULY, JULY), ("week", date(2026, 7, 14), JULY), ("until", None, JULY)],
)
def test_the_slider_says_which_days_are_shown(span, first, last):
    wanted = Query(day=JULY, span=span).filter()

    assert (wanted.since and day_of(wanted.since)) == first
    assert day_of(wanted.until - 1) == last
    assert wanted.until == start_of(date(2026, 7, 21))


def test_a_changed_filter_begins_on_its_first_page_and_an_opened_mail_stays():
    query = Query(page=4)

    assert read(query.but(journey="renewal")).page == 1
    assert read(query.but(mail="m1")).page == 4
