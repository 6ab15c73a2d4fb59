"""Whatever stands in a file: nothing is raised, and what is not understood is said exactly where it stands."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.conditions import read_condition
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_anchors, read_every, read_hours, read_limit, read_moment, read_when
from lifeloop.journey.people import read_people
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Place, Report, Scalar
from lifeloop.journey.times import read_time

from_here = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])

WORDS = st.sampled_from(
    [
        "customer",
        "customer.plan",
        "customer.contract_end",
        "event.score",
        "start.order_id",
        "journey.x",
        "contract",
        "contract.ends",
        "order.placed",
        "renewal/*",
        "lapsed-customers",
        "churn-risk",
        "is",
        "not",
        "one",
        "of",
        "at",
        "least",
        "most",
        "above",
        "below",
        "between",
        "and",
        "or",
        "any",
        "all",
        "where",
        "happened",
        "did",
        "happen",
        "was",
        "sent",
        "opened",
        "in",
        "the",
        "last",
        "within",
        "since",
        "start",
        "ever",
        "present",
        "missing",
        "more",
        "less",
        "than",
        "ago",
        "before",
        "after",
        "contains",
        "starts",
        "with",
        "times",
        "2",
        "3",
        "10",
        "90",
        "days",
        "hours",
        "week",
        "premium",
        "free",
        '"a',
        "'b'",
        "(",
        ")",
        ",",
        "=",
        "!=",
        ">=",
        "{{",
        "}}",
        "&&",
        "2026-12-31",
        "10:00",
        "true",
        "null",
        "until",
        "weekdays",
        "09:00-18:00",
        "Tuesday",
        "per",
        "month",
        "on",
        "1st",
        "every",
        "noon",
        "-",
        "&",
        "*",
        "#",
        ":",
        "~",
        "é",
        "名",
    ]
)
SENTENCES = st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.text(max_size=40))


def scalar(text: str) -> Scalar:
    return Scalar(text, Place("x.yaml", 1, 1, 1, 1 + len(text)))


def check(value: object, report: Report, text: str) -> None:
    assert (value is None) == bool(report.found)
    for one in report.found:
        assert one.message
        assert 1 <= one.place.column <= one.place.end_column <= len(text) + 2
        assert "None" not in one.message + one.label or "None" in text


@given(SENTENCES)
@example("is")
@example("customer.plan is one of")
@example("any")
@example(")")
@from_here
def test_any_sentence_is_a_condition_or_a_diagnostic(scope, text: str):
    report = Report()
    check(read_condition(scalar(text), scope, report), report, text)


@pytest.mark.parametrize("read", [read_moment, read_when, read_anchors], ids=lambda read: read.__name__)
@given(text=SENTENCES)
@from_here
def test_any_text_is_a_moment_or_a_diagnostic(scope, read, text: str):
    report = Report()
    check(read(scalar(text), report, scope), report, text)


@pytest.mark.parametrize(
    "read", [read_length, read_hours, read_every, read_limit, read_time], ids=lambda read: read.__name__
)
@given(text=SENTENCES)
@from_here
def test_any_text_is_a_time_or_a_diagnostic(read, text: str):
    report = Report()
    check(read(scalar(text), report), report, text)


def test_endless_texts_are_refused_at_once_and_quoted_in_part(scope):
    readers = [read_length, read_hours, read_every, read_limit]
    for letters in (" ", "1 ", ", ", "10:00-", "Mon, ", " or ", " at ", "( "):
        text, report = letters * (100_000 // len(letters)), Report()
        start = process_time()
        values = [read(scalar(text), report) for read in readers]
        values += [read(scalar(text), report, scope) for read in (read_moment, read_when, read_anchors)]
        values.append(read_condition(scalar(text), scope, report))
        assert process_time() - start < 1
        assert values == [None] * 8
        assert all(len(one.message) < 600 for one in report.found)


BROKEN_YAML = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(["\n", "- ", "&x ", "*x", "!t ", "<<", "\t", *"a: []{}|>#?%\"'"])).map("".join),
)


@given(BROKEN_YAML)
@from_here
def test_any_text_is_yaml_or_a_diagnostic(text: str):
    report = Report()
    node = read_yaml(text, "x.yaml", report)
    assert node is not None or len(report.found) >= 1
    lines = text.count("\n") + 1
    for one in report.found:
        assert 1 <= one.place.line <= lines + 1
        assert one.place.column >= 1


PLAIN = st.sampled_from(["", "text", "date?", "5", "true", "x y", "env.A", "[1]", "customer.email is present"])
KEYS = st.sampled_from(["key", "basis", "titles", "base", "actions", "hours", "host", "a", "any"])
SECTIONS = st.sampled_from(
    [
        "project",
        "topics",
        "customer",
        "events",
        "objects",
        "segments",
        "connections",
        "senders",
        "values",
        "channels",
        "web",
        "tracking",
        "delivery",
        "predicates",
        "priority",
        "company",
        "email",
        "grace",
    ]
)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(inner, max_size=2).map(lambda parts: "[" + ", ".join(parts) + "]")
    blocks = st.dictionaries(KEYS, inner, max_size=3)
    return lists | blocks.map(lambda block: "{" + ", ".join(f"{key}: {value}" for key, value in block.items()) + "}")


@given(st.recursive(PLAIN, nested, max_leaves=5), SECTIONS)
@from_here
def test_any_project_is_read_or_reported(tmp_path: Path, value: str, key: str):
    (tmp_path / "lifeloop.yaml").write_text(f"{key}: {{x: {value}}}\n{key}2: {value}\n")
    (tmp_path / "ana.yaml").write_text(f"{key}: {value}\ncontract: {value}\nconsents: {value}\n")
    report = Report()
    catalogue = read_catalogue(tmp_path, report)
    read_people(tmp_path, catalogue, report)
    assert all(one.message for one in report.found)
