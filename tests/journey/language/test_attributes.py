from __future__ import annotations

import pytest

from lifeloop.journey.attributes import coerce, read_attribute
from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.source import Place, Report, Scalar

KEY = Scalar("x", Place("lifeloop.yaml", 3, 3, 3, 4))


def read(text: str):
    report = Report()
    value = Scalar(text, Place("lifeloop.yaml", 3, 6, 3, 6 + len(text)))
    return read_attribute(KEY, value, report), report.found


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("text", Attribute("x")),
        ("text?", Attribute("x", optional=True)),
        ("phone? personal", Attribute("x", "phone", optional=True, personal=True)),
        ("text personal", Attribute("x", personal=True)),
        ("email", Attribute("x", "email", personal=True)),
        ("integer", Attribute("x", "number")),
        ("yes/no", Attribute("x", "boolean")),
        ("money?", Attribute("x", "money", optional=True)),
        ("length?", Attribute("x", "length", optional=True)),
        ("0..10", Attribute("x", "number", low=0, high=10)),
        ("-1.5..1.5?", Attribute("x", "number", optional=True, low=-1.5, high=1.5)),
        ("free | plus | premium", Attribute("x", choices=("free", "plus", "premium"))),
        ("free | plus?", Attribute("x", optional=True, choices=("free", "plus"))),
        ("(free | plus)? personal", Attribute("x", optional=True, personal=True, choices=("free", "plus"))),
    ],
)
def test_types_are_read(text: str, attribute: Attribute):
    assert read(text) == (attribute, [])


@pytest.mark.parametrize(
    ("text", "label", "column"),
    [
        ("nubmer?", 'did you mean "number"?', 6),
        ("string", 'did you mean "text"?', 6),
        ("10..0", "write 0..10", 6),
        ("a | a", "write  a | b | c", 6),
        ("a | b persnal", "come only  ?  and  personal", 12),
        ("a | b? persnal", "come only  ?  and  personal", 13),
        ("colour", "types are", 6),
        ("", "write its type", 6),
    ],
)
def test_what_is_no_type_is_refused_once(text: str, label: str, column: int):
    _, found = read(text)
    assert [one.code for one in found] == ["J181"]
    assert label in found[0].label
    assert found[0].place.column == column


SCORE = Attribute("score", "number", low=0, high=10)
PLAN = Attribute("plan", choices=("free", "premium"))


@pytest.mark.parametrize(
    ("attribute", "given", "value"),
    [
        (Attribute("x"), "Ana", "Ana"),
        (Attribute("x"), 5, "5"),
        (Attribute("x"), "  ", None),
        (Attribute("x"), None, None),
        (SCORE, "7", 7),
        (SCORE, 7.5, 7.5),
        (Attribute("x", "money"), "59.90", 59.9),
        (Attribute("x", "money"), "1,234.50 EUR", 1234.5),
        (Attribute("x", "boolean"), "yes", True),
        (Attribute("x", "boolean"), "0", False),
        (Attribute("x", "boolean"), True, True),
        (Attribute("x", "date"), "2026-06-30", "2026-06-30"),
        (Attribute("x", "date"), "2026-06-30T00:00:00Z", "2026-06-30"),
        (Attribute("x", "datetime"), "2026-06-30 9:05", "2026-06-30T09:05"),
        (Attribute("x", "datetime"), "2026-06-30T09:05:07+02:00", "2026-06-30T09:05:07+02:00"),
        (Attribute("x", "email"), "ana@example.com", "ana@example.com"),
        (Attribute("x", "phone"), "+351 912 345 678", "+351 912 345 678"),
        (Attribute("x", "length"), "P1M", "1 month"),
        (PLAN, "premium", "premium"),
        (PLAN, "Premium", "premium"),
    ],
)
def test_values_are_fitted(attribute: Attribute, given: object, value: object):
    result = coerce(attribute, given)
    assert (result.value, result.reason) == (value, None)
    assert type(result.value) is type(value)


@pytest.mark.parametrize(
    ("attribute", "given", "reason"),
    [
        (SCORE, "many", '"many" is not a number'),
        (SCORE, 11, "11 is not a number from 0 to 10"),
        (SCORE, float("nan"), '"nan" is not a number'),
        (SCORE, True, '"true" is not a number'),
        (SCORE, [1], "one value belongs here, not several"),
        (PLAN, "gold", '"gold" is not one of free, premium'),
        (Attribute("x", "date"), "30.06.2026", '"30.06.2026" is not a date such as 2026-12-31'),
        (Attribute("x", "date"), "2026-02-30", '"2026-02-30" is not a date such as 2026-12-31'),
        (Attribute("x", "boolean"), "maybe", '"maybe" is not true or false'),
        (Attribute("x", "email"), "ana@", '"ana@" is not an e-mail address'),
        (Attribute("x", "phone"), "none", '"none" is not a phone number'),
        (Attribute("x", "length"), "3", '"3" is not a length of time'),
    ],
)
def test_what_does_not_fit_has_a_reason(attribute: Attribute, given: object, reason: str):
    result = coerce(attribute, given)
    assert (result.value, result.reason) == (None, reason)
