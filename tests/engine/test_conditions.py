from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.engine.conditions import Scope, holds
from lifeloop.engine.explain import explain, read_by
from lifeloop.engine.values import Event, Sent
from lifeloop.journey.condition import (
    ALWAYS,
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    DataName,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
)
from lifeloop.journey.length import Length

ZONE = ZoneInfo("Europe/Amsterdam")
DAY = 86_400
DAYS = Length(days=30)


def name(text):
    root, *path = text.split(".")
    return DataName(root, tuple(path))


def compare(subject, operator, *operands, kind="text"):
    return Compare(name(subject), operator, operands, kind)


@pytest.fixture
def scope(trial):
    return Scope(zone=ZONE, now=trial.at("2026-06-15 12:00"))


def known(scope, value, **more):
    return replace(scope, customer={"x": value}, **more)


def ask(scope, value, operator, *operands, kind="text"):
    return holds(compare("customer.x", operator, *operands, kind=kind), known(scope, value))


@pytest.mark.parametrize(
    ("value", "asked", "wanted"),
    [
        ("plus", ("is", ("plus",), "text"), True),
        ("Plus", ("is", ("plus",), "text"), False),
        (7, ("is", ("7",), "text"), False),
        ("7", ("is", (7,), "number"), False),
        (7.0, ("is", (7,), "number"), True),
        (True, ("is", (1,), "number"), False),
        (True, ("is", (True,), "boolean"), True),
        (1, ("is", (True,), "boolean"), False),
        ("a", ("is not", ("b",), "text"), True),
        (3, ("is not", ("b",), "text"), False),
        ("a", ("is one of", ("b", "a"), "text"), True),
        ("c", ("is one of", ("b", "a"), "text"), False),
        ("c", ("is not one of", ("b", "a"), "text"), True),
        ("a", ("is not one of", ("b", "a"), "text"), False),
        (5, ("is at least", (5,), "number"), True),
        (5, ("is at most", (4.5,), "number"), False),
        (5, ("is above", (5,), "number"), False),
        (5, ("is below", (6,), "number"), True),
        (5, ("is between", (5, 6), "number"), True),
        (7, ("is between", (5, 6), "number"), False),
        ("sunflower", ("contains", ("flow",), "text"), True),
        ("sunflower", ("contains", ("Flow",), "text"), False),
        (["red", "blue"], ("contains", ("blue",), "text"), True),
        (["red", "blue"], ("contains", ("blu",), "text"), False),
        ([1, 2], ("contains", (2,), "number"), True),
        ([True], ("contains", (1,), "number"), False),
        ("sunflower", ("starts with", ("sun",), "text"), True),
        ("sunflower", ("starts with", ("flower",), "text"), False),
        ("", ("is present", (), "text"), True),
        ("2026-06-01", ("is before", ("2026-06-02",), "date"), True),
        ("2026-06-02T23:00:00Z", ("is", ("2026-06-02",), "date"), True),
        ("2026-06-02", ("is after", ("2026-06-02",), "date"), False),
        ("soon", ("is after", ("2026-06-02",), "date"), False),
        ("2026-06-01T12:00:00Z", ("is", ("2026-06-01T14:00:00",), "datetime"), True),
        ("2026-06-01", ("is before", ("2026-06-01T00:00:01",), "datetime"), True),
    ],
)
def test_comparisons(scope, value, asked, wanted):
    operator, operands, kind = asked
    assert ask(scope, value, operator, *operands, kind=kind) is wanted


ALL_COMPARISONS = [
    ("is", ("a",), "text"),
    ("is not", ("a",), "text"),
    ("is one of", ("a",), "text"),
    ("is not one of", ("a",), "text"),
    ("is at least", (1,), "number"),
    ("is at most", (1,), "number"),
    ("is above", (1,), "number"),
    ("is below", (1,), "number"),
    ("is between", (1, 2), "number"),
    ("contains", ("a",), "text"),
    ("starts with", ("a",), "text"),
    ("is present", (), "text"),
    ("is more than ago", (DAYS,), "date"),
    ("is less than ago", (DAYS,), "datetime"),
    ("is within", (DAYS,), "date"),
    ("is before", ("2026-01-01",), "date"),
    ("is after", ("2026-01-01",), "datetime"),
]


@pytest.mark.parametrize(("operator", "operands", "kind"), ALL_COMPARISONS)
def test_unknown_data_make_every_comparison_false(scope, operator, operands, kind):
    condition = compare("customer.x", operator, *operands, kind=kind)
    assert not holds(condition, scope)
    assert not holds(condition, known(scope, None))
    assert holds(Not(condition), scope)
    assert holds(compare("customer.x", "is missing"), scope)


@pytest.mark.parametrize("operator", ["is", "is not", "is not one of", "is one of"])
def test_an_unknown_operand_makes_a_comparison_false(scope, operator):
    assert not ask(scope, "a", operator, name("customer.other"))


def test_one_of_finds_a_known_operand_beside_an_unknown_one(scope):
    assert ask(scope, "a", "is one of", name("customer.other"), "a")
    assert not ask(scope, "a", "is not one of", name("customer.other"), "b")


@pytest.mark.parametrize(
    ("value", "operator", "wanted"),
    [
        ("2026-05-15", "is more than ago", True),
        ("2026-05-16", "is more than ago", False),
        ("2026-05-16", "is less than ago", False),
        ("2026-05-17", "is less than ago", True),
        ("2026-06-15", "is less than ago", True),
        ("2026-06-16", "is less than ago", False),
        ("2026-06-14", "is within", False),
        ("2026-06-15", "is within", True),
        ("2026-07-15", "is within", True),
        ("2026-07-16", "is within", False),
    ],
)
def test_thirty_days_around_today(scope, value, operator, wanted):
    assert ask(scope, value, operator, DAYS, kind="date") is wanted


def test_today_is_the_customers_today(scope, trial):
    late = replace(scope, now=trial.at("2026-06-15 23:30"))
    tokyo = replace(late, zone=ZoneInfo("Asia/Tokyo"))
    condition = compare("customer.x", "is within", Length(), kind="date")
    assert holds(condition, known(late, "2026-06-15"))
    assert holds(condition, known(tokyo, "2026-06-16"))
    assert not holds(condition, known(tokyo, "2026-06-15"))


def test_date_times_are_compared_by_the_second(scope):
    hour = Length(seconds=3600)
    assert ask(scope, "2026-06-15T10:00:00Z", "is within", hour, kind="datetime")
    assert ask(scope, "2026-06-15T11:00:00Z", "is within", hour, kind="datetime")
    assert not ask(scope, "2026-06-15T11:00:01Z", "is within", hour, kind="datetime")
    assert ask(scope, "2026-06-15T09:00:01Z", "is less than ago", hour, kind="datetime")
    assert not ask(scope, "2026-06-15T09:00:00Z", "is less than ago", hour, kind="datetime")


def test_names_lead_into_records_memory_values_and_the_runs_object(scope):
    full = replace(
        scope,
        start={"id": "A"},
        event={"order": {"id": "A"}},
        memory={"ticket": {"id": "A"}},
        values={"id": "A"},
        object_kind="contract",
        object={"id": "A"},
    )
    for subject in ("start.id", "event.order.id", "journey.ticket.id", "values.id", "contract.id"):
        assert holds(compare(subject, "is", "A"), full), subject
        assert not holds(compare(subject + ".deeper", "is", "A"), full)
    assert not holds(compare("order.id", "is", "A"), full)


@pytest.fixture
def lived(scope):
    now = scope.now
    start = now - 10 * DAY
    return replace(
        scope,
        in_run=True,
        started_at=start,
        start_seq=2,
        events=(
            Event(1, "order.placed", start - DAY, {"total": 10}),
            Event(2, "order.placed", start, {"total": 20}),
            Event(3, "order.placed", start + DAY, {"total": 30}),
            Event(4, "order.placed", now, {"total": 40}),
        ),
    )


@pytest.mark.parametrize(
    ("span", "count"),
    [
        (Span(), 2),
        (Span("start"), 2),
        (Span("ever"), 4),
        (Span("last", Length(days=9)), 1),
        (Span("last", Length(days=10)), 2),
        (Span("last", Length(seconds=9 * DAY + 1)), 2),
        (Span("within", Length(days=1)), 1),
        (Span("within", Length(days=10)), 2),
    ],
)
def test_spans_in_a_run(lived, span, count):
    assert holds(Happened("order.placed", count, span=span), lived)
    assert not holds(Happened("order.placed", count + 1, span=span), lived)
    assert holds(Happened("order.placed", count + 1, negated=True, span=span), lived)


def test_without_a_run_bare_means_ever_and_since_the_start_means_nothing(lived):
    outside = replace(lived, in_run=False, started_at=None, start_seq=None)
    assert holds(Happened("order.placed", 4), outside)
    assert not holds(Happened("order.placed", span=Span("start")), outside)
    assert not holds(Happened("order.placed", span=Span("within", DAYS)), outside)


def test_where_asks_each_event(lived):
    rich = compare("event.total", "is at least", 30, kind="number")
    assert holds(Happened("order.placed", 2, span=Span("ever"), where=rich), lived)
    assert not holds(Happened("order.placed", 3, span=Span("ever"), where=rich), lived)


def test_messages_are_the_runs_own_in_a_run_and_anybodys_outside(scope):
    now = scope.now
    sent = (
        Sent("renewal/offer", "email", "t", now - DAY, own=True, clicked_at=now),
        Sent("renewal/letter", "email", "t", now - DAY),
    )
    inside = replace(scope, in_run=True, started_at=now - 2 * DAY, sent=sent)
    assert holds(MessageWas("renewal/*", "clicked"), inside)
    assert holds(MessageWas("*er", "sent"), inside)
    assert not holds(MessageWas("renewal/letter", "sent"), inside)
    assert holds(MessageWas("renewal/letter", "sent"), replace(inside, in_run=False))
    assert holds(MessageWas("renewal/offer", "opened", negated=True), inside)
    assert not holds(MessageWas("renewal.offer", "sent"), inside), "a dot is no wildcard"
    assert not holds(MessageWas("renewal/offer", "sent", span=Span("last", Length(seconds=3600))), inside)
    assert holds(MessageWas("renewal/offer", "clicked", span=Span("last", Length(seconds=3600))), inside)


def test_segments_predicates_and_objects(scope):
    full = replace(
        scope,
        segments=frozenset({"lapsed"}),
        named=frozenset({"churn-risk"}),
        things={"contract": ({"holder": "ours"}, {"holder": "them"})},
    )
    theirs = compare("contract.holder", "is", "them")
    assert holds(InSegment("lapsed"), full)
    assert holds(InSegment("other", negated=True), full)
    assert holds(Named("churn-risk"), full)
    assert holds(AnyObject("contract", where=theirs), full)
    assert not holds(AnyObject("contract", negated=True, where=theirs), full)
    assert holds(AnyObject("order", negated=True), full)


def test_all_any_none(scope):
    yes, no = AllOf(()), AnyOf(())
    assert holds(yes, scope)
    assert not holds(no, scope)
    assert holds(AllOf((yes, Not(no))), scope)
    assert not holds(AllOf((yes, no)), scope)
    assert holds(AnyOf((no, yes)), scope)


NASTY = "'); __import__('os').system('true') #\n\"\"\"{x} \\"


@given(st.text() | st.just(NASTY))
def test_what_authors_write_is_never_code(text):
    scope = Scope(zone=ZONE, now=0, customer={text: text}, segments=frozenset({text}), named=frozenset({text}))
    assert holds(Compare(DataName("customer", (text,)), "is", (text,), "text"), scope)
    assert holds(Compare(DataName("customer", (text,)), "contains", (text,), "text"), scope)
    assert holds(InSegment(text), scope)
    assert holds(Named(text), scope)
    assert not holds(Compare(DataName(text, (text,)), "is", (text,), "text"), scope)
    assert not holds(Happened(text), scope)
    assert not holds(MessageWas(text, "sent"), scope)


def test_lists_hold_members_of_every_kind(scope):
    assert ask(scope, ["2026-06-01T09:00:00Z"], "contains", "2026-06-01", kind="date")
    assert ask(scope, ["2026-06-01T09:00:00Z"], "contains", "2026-06-01T11:00:00", kind="datetime")
    assert ask(scope, [False], "contains", False, kind="boolean")
    assert not ask(scope, [0], "contains", False, kind="boolean")
    assert not ask(scope, {"red": 1}, "contains", "red")


def test_a_literal_of_another_kind_is_unknown(scope):
    assert not ask(scope, 7, "is", "seven", kind="number")
    assert not ask(scope, 7, "is not", "seven", kind="number")
    assert not ask(scope, "a", "is within", "b", kind="text")


def test_explanations_tell_line_by_line(lived):
    condition = AllOf(
        (
            compare("customer.x", "is", name("customer.y")),
            Happened("order.placed"),
            Not(MessageWas("a/*", "sent")),
            AnyObject("contract"),
            ALWAYS,
        )
    )
    told = explain(condition, replace(lived, customer={"x": "1", "y": "2"}, things={"contract": ({}, {})}))
    assert not told.holds
    assert [part.holds for part in told.parts] == [False, True, True, True, True]
    assert told.parts[0].read == {"customer.x": "1", "customer.y": "2"}
    assert told.parts[1].read == {"order.placed happened": 2, "last at": lived.now}
    assert read_by(told)["contract"] == 2
