from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
)
from lifeloop.journey.conditions import read_condition
from lifeloop.journey.length import Length
from lifeloop.journey.saying import say_condition, say_value
from lifeloop.journey.source import Place, Report, Scalar

LENGTHS = st.one_of(
    st.builds(Length, months=st.integers(0, 40), days=st.integers(0, 400), seconds=st.integers(0, 10**6)),
    st.builds(Length, working_days=st.integers(1, 99)),
)
# Words of the language, names and nonsense: all of them are texts when a condition says so.
TEXTS = st.one_of(
    st.sampled_from(
        ["more", "at home", "is", "not here", "5", "true", "2026-12-31", "customer.plan", "null", "a, b", "x or y"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="{}\r"), min_size=1, max_size=12),
)
NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False))
DATES = st.dates().map(lambda day: day.isoformat())
MOMENTS = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M").rjust(16, "0"))


def name(text: str) -> DataName:
    root, *path = text.split(".")
    return DataName(root, tuple(path))


def compared(subject: str, kind, values, operators) -> st.SearchStrategy[Condition]:
    one = st.builds(lambda op, v: Compare(name(subject), op, (v,), kind), st.sampled_from(operators), values)
    several = st.builds(
        lambda op, vs: Compare(name(subject), op, tuple(vs), kind),
        st.sampled_from(["is one of", "is not one of"]),
        st.lists(values, min_size=1, max_size=3),
    )
    known = st.builds(lambda op: Compare(name(subject), op, (), kind), st.sampled_from(["is present", "is missing"]))
    return st.one_of(one, several, known)


EQUAL, ORDER = ["is", "is not"], ["is at least", "is at most"]
COMPARISONS = st.one_of(
    compared("customer.next_year_wish", "text", TEXTS, [*EQUAL, "contains", "starts with"]),
    compared("journey.offer", "text", TEXTS, EQUAL),
    compared("customer.yearly_value", "number", NUMBERS, [*EQUAL, *ORDER, "is above", "is below"]),
    compared("customer.auto_renews", "boolean", st.booleans(), EQUAL),
    compared("customer.contract_end", "date", DATES, [*EQUAL, *ORDER, "is before", "is after"]),
    compared("customer.seen_at", "datetime", MOMENTS, [*EQUAL, "is before", "is after"]),
    st.builds(
        lambda op, length: Compare(name("customer.since"), op, (length,), "date"),
        st.sampled_from(["is more than ago", "is less than ago", "is within"]),
        LENGTHS,
    ),
    st.builds(lambda a, b: Compare(name("customer.yearly_value"), "is between", (a, b), "number"), NUMBERS, NUMBERS),
    st.just(Compare(name("event.order_id"), "is", (name("start.order_id"),), "text")),
)
SPANS = st.one_of(
    st.builds(Span, st.sampled_from(["default", "start", "ever"])),
    st.builds(Span, st.sampled_from(["last", "within"]), LENGTHS),
)
COUNTS, NEGATED = st.integers(1, 9), st.booleans()


def grown(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    some = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, some),
        st.builds(AnyOf, some),
        st.builds(Not, parts),
        st.builds(Happened, st.just("order.placed"), COUNTS, NEGATED, SPANS, st.none() | parts),
        st.builds(AnyObject, st.just("contract"), NEGATED, st.none() | parts),
    )


LEAVES = st.one_of(
    COMPARISONS,
    st.builds(Happened, st.sampled_from(["order.placed", "unsubscribed"]), COUNTS, NEGATED, SPANS),
    st.builds(
        MessageWas,
        st.sampled_from(["renewal/*", "renewal/offer", "*"]),
        st.sampled_from(["sent", "opened", "clicked", "replied", "bounced"]),
        NEGATED,
        SPANS,
    ),
    st.builds(InSegment, st.just("lapsed-customers"), NEGATED),
    st.builds(Named, st.just("churn-risk"), NEGATED),
)
CONDITIONS = st.recursive(LEAVES, grown, max_leaves=6)


@given(CONDITIONS)
@settings(deadline=None, max_examples=200)
def test_reading_what_is_said_gives_the_same_condition(scope, condition: Condition):
    here = scope.having("event", {**scope.roots["event"], **scope.catalogue.events["order.placed"].attributes})
    said = say_condition(condition)
    report = Report()
    read = read_condition(Scalar(said, Place("x", 1, 1, 1, 1 + len(said))), here, report)
    assert report.found == []
    assert read == condition


def test_values_are_in_quotes_only_where_they_must_be():
    assert say_value("moved-abroad", "text") == "moved-abroad"
    assert say_value("New York", "text") == "New York"
    assert say_value("15 EUR", "text") == "15 EUR"
    assert say_value("more", "text") == '"more"'
    assert say_value('say "hi"', "text") == '"say \\"hi\\""'
    assert say_value("5", "text") == '"5"'
    assert say_value(5, "number") == "5"
    assert say_value(1e-7, "number") == "0.0000001"
    assert say_value(True, "boolean") == "true"
