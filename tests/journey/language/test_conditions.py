from __future__ import annotations

import time

import pytest

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.condition import (
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
from lifeloop.journey.conditions import read_condition
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.length import Length
from lifeloop.journey.saying import say_condition
from lifeloop.journey.source import Place, Report, Scalar


@pytest.fixture
def read(scope):
    def run(text: str, here=scope) -> tuple[object, list[Diagnostic]]:
        report = Report()
        scalar = Scalar(text, Place("x.yaml", 1, 1, 1, 1 + len(text)))
        return read_condition(scalar, here, report), report.found

    return run


def customer(name: str, operator, *operands, kind="text") -> Compare:
    return Compare(DataName("customer", (name,)), operator, operands, kind)


PREMIUM = customer("plan", "is", "premium")

SENTENCES = [
    ("customer.plan is premium", PREMIUM),
    ("customer.plan = premium", PREMIUM),
    ('customer.plan == "premium"', PREMIUM),
    ("Customer.plan is premium", None),
    ("customer.plan IS premium", PREMIUM),
    ("customer.plan is not premium", customer("plan", "is not", "premium")),
    ("customer.plan != premium", customer("plan", "is not", "premium")),
    ("customer.plan is one of plus, premium", customer("plan", "is one of", "plus", "premium")),
    ("customer.left_because is not one of moved-abroad, deceased",
     customer("left_because", "is not one of", "moved-abroad", "deceased")),
    ("customer.left_because is moved abroad", customer("left_because", "is", "moved abroad")),
    ("customer.left_because contains price", customer("left_because", "contains", "price")),
    ("customer.left_because starts with 'the price'", customer("left_because", "starts with", "the price")),
    ("customer.left_because is O_o", customer("left_because", "is", "O_o")),
    ('customer.next_year_wish is "more"', customer("next_year_wish", "is", "more")),
    ("customer.next_year_wish is “more and more”", customer("next_year_wish", "is", "more and more")),
    ('customer.next_year_wish is "say \\"yes\\""', customer("next_year_wish", "is", 'say "yes"')),
    ("customer.next_year_wish is 5", customer("next_year_wish", "is", "5")),
    ("customer.next_year_wish is example.com", customer("next_year_wish", "is", "example.com")),
    ("customer.yearly_value is at least 500", customer("yearly_value", "is at least", 500, kind="number")),
    ("customer.yearly_value >= 500 EUR", customer("yearly_value", "is at least", 500, kind="number")),
    ("customer.yearly_value is at most €59.90", customer("yearly_value", "is at most", 59.9, kind="number")),
    ('customer.yearly_value > "1,000"', customer("yearly_value", "is above", 1000, kind="number")),
    ("customer.yearly_value is more than 10%", customer("yearly_value", "is above", 10, kind="number")),
    ("customer.last_score is less than 7", customer("last_score", "is below", 7, kind="number")),
    ("customer.last_score is between 1 and 6", customer("last_score", "is between", 1, 6, kind="number")),
    ("customer.auto_renews is false", customer("auto_renews", "is", False, kind="boolean")),
    ("customer.auto_renews is yes", customer("auto_renews", "is", True, kind="boolean")),
    ("customer.email is present", customer("email", "is present")),
    ("customer.email is not missing", customer("email", "is present")),
    ("customer.last_score is missing", customer("last_score", "is missing", kind="number")),
    ("customer.since is more than 30 days ago",
     customer("since", "is more than ago", Length(days=30), kind="date")),
    ("customer.since is less than 1 day 6 hours ago",
     customer("since", "is less than ago", Length(days=1, seconds=21600), kind="date")),
    ("customer.contract_end is within 45 days",
     customer("contract_end", "is within", Length(days=45), kind="date")),
    ("customer.contract_end is before 2026-12-31", customer("contract_end", "is before", "2026-12-31", kind="date")),
    ("customer.contract_end > 2026-12-31", customer("contract_end", "is after", "2026-12-31", kind="date")),
    ("customer.contract_end is after customer.since",
     customer("contract_end", "is after", DataName("customer", ("since",)), kind="date")),
    ("customer.seen_at is after 2026-12-31 09:00",
     customer("seen_at", "is after", "2026-12-31T09:00", kind="datetime")),
    ("event.order_id is start.order_id",
     Compare(DataName("event", ("order_id",)), "is", (DataName("start", ("order_id",)),), "text")),
    ("event.score is at least values.threshold",
     Compare(DataName("event", ("score",)), "is at least", (DataName("values", ("threshold",)),), "number")),
    ("journey.ticket.id is 5", Compare(DataName("journey", ("ticket", "id")), "is", (5,), "number")),
    ("journey.offer is 5 EUR", Compare(DataName("journey", ("offer",)), "is", ("5 EUR",), "text")),
    ('journey.offer is "5"', Compare(DataName("journey", ("offer",)), "is", ("5",), "text")),
    ("journey.offer is values.offer",
     Compare(DataName("journey", ("offer",)), "is", (DataName("values", ("offer",)),), "text")),
    ("journey.at is within 3 days", Compare(DataName("journey", ("at",)), "is within", (Length(days=3),), "date")),
    ("order.placed happened", Happened("order.placed")),
    ("unsubscribed happened", Happened("unsubscribed")),
    ("order.placed did not happen in the last 180 days",
     Happened("order.placed", negated=True, span=Span("last", Length(days=180)))),
    ("order.placed happened at least 2 times in the last 90 days",
     Happened("order.placed", 2, span=Span("last", Length(days=90)))),
    ("order.placed happened at least 1 time", Happened("order.placed")),
    ("setup.finished happened within 14 days", Happened("setup.finished", span=Span("within", Length(days=14)))),
    ("order.placed happened since the start", Happened("order.placed", span=Span("start"))),
    ("order.placed happened ever", Happened("order.placed", span=Span("ever"))),
    ("order.placed happened in the last 30 days where event.total > 20",
     Happened("order.placed", span=Span("last", Length(days=30)),
              where=Compare(DataName("event", ("total",)), "is above", (20,), "number"))),
    ("renewal/* was clicked", MessageWas("renewal/*", "clicked")),
    ("welcome/need-a-hand was not opened in the last 10 days",
     MessageWas("welcome/need-a-hand", "opened", True, Span("last", Length(days=10)))),
    ("customer is in lapsed-customers", InSegment("lapsed-customers")),
    ("customer is not in lapsed-customers", InSegment("lapsed-customers", True)),
    ("customer is churn-risk", Named("churn-risk")),
    ("customer is not churn-risk", Named("churn-risk", True)),
    ("any contract is missing", AnyObject("contract", True)),
    ("any contract is present where contract.holder is competitor",
     AnyObject("contract", where=Compare(DataName("contract", ("holder",)), "is", ("competitor",), "text"))),
    ("any contract is present where (contract.holder is ours and contract.ends is within 45 days)",
     AnyObject("contract", where=AllOf((
         Compare(DataName("contract", ("holder",)), "is", ("ours",), "text"),
         Compare(DataName("contract", ("ends",)), "is within", (Length(days=45),), "date"))))),
    ("any contract is present where contract.holder is ours and customer.plan is premium",
     AllOf((AnyObject("contract", where=Compare(DataName("contract", ("holder",)), "is", ("ours",), "text")),
            PREMIUM))),
    ("not (customer.plan is premium)", Not(PREMIUM)),
    ("(customer.plan is premium)", PREMIUM),
    ("customer.email is present and customer.plan is premium", AllOf((customer("email", "is present"), PREMIUM))),
    ("customer.last_score is missing or customer.last_score is at least 7",
     AnyOf((customer("last_score", "is missing", kind="number"),
            customer("last_score", "is at least", 7, kind="number")))),
    ("customer.last_score is between 1 and 6 and (customer.plan is premium or customer.email is present)",
     AllOf((customer("last_score", "is between", 1, 6, kind="number"),
            AnyOf((PREMIUM, customer("email", "is present")))))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "condition"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_sentences_mean_what_they_say(read, text: str, condition):
    value, found = read(text)
    assert value == condition
    assert any(one.severity == "error" for one in found) == (condition is None)


@pytest.mark.parametrize("condition", [c for _, c in SENTENCES if c], ids=[text for text, c in SENTENCES if c])
def test_what_is_said_is_read_as_the_same(read, condition):
    assert read(say_condition(condition)) == (condition, [])


# Code, the words that the caret stands under, and words of the label.
WRONG = [
    ("customer.next_year_wish is more", "J114", "more", 'put it in quotes: "more"'),
    ("customer.next_year_wish is at home and customer.plan is free", "J114", "at home", '"at home"'),
    ("customer.next_year_wish is present tense", "J114", "present tense", '"present tense"'),
    ("customer.plan is in free, plus", "J114", "in free", "is one of free, plus"),
    ("customer.plan is at least 3", "J122", "is at least", "customer.last_score is at least 3"),
    ("customer.plan is at least 3", "J122", "is at least", "customer.plan is one of plus, premium"),
    ("customer.plan is premum", "J122", "premum", 'did you mean "premium"?'),
    ("customer.plan is one of free, premum", "J122", "premum", 'did you mean "premium"?'),
    ("customer.last_score is at least 11", "J122", "11", "outside"),
    ("customer.last_score contains 3", "J122", "contains", "customer.last_score is"),
    ("customer.last_score is many", "J122", "many", "a number from 0 to 10"),
    ("customer.auto_renews is above 3", "J122", "is above", "customer.auto_renews is true"),
    ("customer.auto_renews is maybe", "J122", "maybe", "true or false"),
    ("customer.auto_renews is flase", "J122", "flase", 'did you mean "false"?'),
    ("customer.contract_end is 30 June", "J122", "30 June", "2026-12-31"),
    ("customer.contract_end is more than 30 days", "J122", "30 days", "is more than 30 days ago"),
    ("customer.contract_end is after start.total", "J122", "start.total", "cannot be compared"),
    ("customer.plan is within 3 days", "J122", "is within", ""),
    ("customer.frist_name is Ana", "J123", "customer.frist_name", "did you mean customer.first_name?"),
    ("customer.surname is Ana", "J123", "customer.surname", "did you mean customer.last_name?"),
    ("custmer.plan is free", "J123", "custmer.plan", "did you mean customer.plan?"),
    ("user.plan is free", "J123", "user.plan", "did you mean customer.plan?"),
    ("plan is free", "J123", "plan", "did you mean customer.plan?"),
    ("customer.score is 3", "J123", "customer.score", "customer.last_score"),
    ("order.placed is premium", "J123", "order.placed", "order.placed happened"),
    ("contract.ends is present", "J123", "contract.ends", "any contract is present where"),
    ("event.order_id is strat.order_id", "J123", "strat.order_id", "start.order_id"),
    ("order.placd happened", "J124", "order.placd", 'did you mean "order.placed"?'),
    ("renewal/ofer was sent", "J121", "renewal/ofer", 'did you mean "renewal/offer"?'),
    ("growth/* was sent", "J121", "growth/*", ""),
    ("customer is in lapsed-custmers", "J125", "lapsed-custmers", 'did you mean "lapsed-customers"?'),
    ("customer is lapsed-customers", "J125", "lapsed-customers", "write in lapsed-customers"),
    ("customer is churnrisk", "J125", "churnrisk", "churn-risk"),
    ("any contrat is present", "J128", "contrat", 'did you mean "contract"?'),
    ("order.placed did not happen in the last 90", "J111", "90", "90 what?"),
    ("order.placed happened at least two times", "J119", "two", "at least 2 times"),
    ("order.placed hapened", "J119", "hapened", 'did you mean "happened"?'),
    ("customer.plan equals free", "J119", "equals", 'did you mean "is"?'),
    ("customer.plan isn't free", "J119", "isn't", "write is not"),
    ("customer.phone is not null", "J119", "is not null", "write is present"),
    ("customer.phone is empty", "J119", "is empty", "write is missing"),
    ("customer.plan is free && customer.email is present", "J119", "&&", "write and"),
    ("customer.plan is free or plus", "J119", "s", "is one of a, b"),
    ("customer.plan", "J119", "n", "customer.plan is present"),
    ("customer.plan is", "J119", "s", ""),
    ("customer.plan is free and", "J119", "d", "missing here"),
    ("not customer.plan is free", "J119", "customer.plan", "not (…)"),
    ("(customer.plan is free", "J119", "e", "closing bracket"),
    ("customer.plan is free)", "J119", ")", ""),
    ('customer.next_year_wish is "a', "J119", '"', "closing quote"),
    ("customer.next_year_wish is don't know", "J119", "'", "quotes"),
    ("", "J119", "", "customer.plan is premium"),
    (
        "customer.plan is free or customer.plan is plus and customer.email is present",
        "J115",
        None,
        "customer.plan is free or (customer.plan is plus and customer.email is present)",
    ),
    (
        "customer.email is present and (customer.plan is free and customer.plan is plus or unsubscribed happened)",
        "J115",
        "customer.plan is free and customer.plan is plus or unsubscribed happened",
        "(customer.plan is free and customer.plan is plus) or unsubscribed happened",
    ),
    ("{{ customer.plan == 'premium' }}", "J113", None, "write:  customer.plan is premium"),
    ("{% if customer.plan %}", "J113", None, "write a sentence"),
]


@pytest.mark.parametrize(("text", "code", "under", "label"), WRONG, ids=[f"{w[0][:40]}-{w[3][:12]}" for w in WRONG])
def test_each_mistake_is_one_diagnostic_under_its_own_words(read, text: str, code: str, under: str | None, label: str):
    value, found = read(text)
    assert value is None
    assert found[0].code == code
    place = found[0].place
    shown = text[place.column - 1 : place.end_column - 1]
    assert shown == (text if under is None else under)
    assert label in found[0].label
    assert len(found) == 1


def test_every_mistake_of_a_sentence_is_found(read):
    value, found = read("customer.plan is premum and order.placd happened")
    assert value is None
    assert [one.code for one in found] == ["J122", "J124"]


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{{ customer.plan == 'premium' }}", "customer.plan is premium"),
        ("{{ customer.plan in ['premium', 'plus'] }}", "customer.plan is one of premium, plus"),
        ("{{ customer.last_score >= 7 and customer.phone is not none }}",
         "customer.last_score is at least 7 and customer.phone is present"),
    ],
)  # fmt: skip
def test_a_template_is_translated_when_it_can_be(read, template: str, sentence: str):
    _, found = read(template)
    assert [(one.text, one.certain) for one in found[0].suggestions] == [(sentence, True)]
    assert read(sentence)[1] == []


def test_event_is_unknown_where_no_event_is_at_hand(read, scope):
    _, found = read("event.score is 3", scope.without("event"))
    assert [one.code for one in found] == ["J123"]
    assert "no event here" in found[0].message


def test_any_message_may_be_named_where_templates_are_not_known(read, catalogue):
    from lifeloop.journey.scope import project_scope

    assert read("nowhere/at-all was sent", project_scope(catalogue))[1] == []
    assert [one.code for one in read("nowhere/at-all was sent", project_scope(catalogue, []))[1]] == ["J121"]


def read_block(text: str, scope) -> tuple[object, list[Diagnostic]]:
    report = Report()
    node = read_yaml(text, "x.yaml", report)
    assert node is not None
    return read_condition(node, scope, report), report.found


def test_a_list_means_all_and_words_nest(scope):
    text = """
- customer.plan is premium
- any:
    - customer.email is present
    - none: [unsubscribed happened, customer is churn-risk]
- all: [customer.phone is present]
"""
    value, found = read_block(text, scope)
    phone, email = customer("phone", "is present"), customer("email", "is present")
    quiet = Not(AnyOf((Happened("unsubscribed"), Named("churn-risk"))))
    assert (value, found) == (AllOf((PREMIUM, AnyOf((email, quiet)), phone)), [])


def test_a_list_of_one_is_that_one(scope):
    assert read_block("- customer.plan is premium", scope) == (PREMIUM, [])


def test_all_lines_of_a_list_are_checked(scope):
    value, found = read_block("- customer.plan is premum\n- customer.email is present\n- order.placd happened\n", scope)
    assert value is None
    assert [(one.code, one.place.line, one.place.column) for one in found] == [("J122", 1, 20), ("J124", 3, 3)]


@pytest.mark.parametrize("text", ["either: [customer.plan is free]", "any: []", "- {when: customer.plan is free}"])
def test_other_blocks_are_no_conditions(scope, text: str):
    value, found = read_block(text, scope)
    assert (value, [one.code for one in found]) == (None, ["J119"])


def test_the_caret_is_right_inside_quotes_and_after_other_letters(scope):
    _, found = read_block('{ä: 1, none: "customer.plan is premum"}', scope)
    assert [(one.code, one.place.column) for one in found] == [("J119", 2), ("J122", 32)]


def test_a_folded_condition_is_read_and_its_mistake_has_a_place(scope):
    value, _ = read_block("any:\n  - customer.plan is premium and\n    customer.email is present\n", scope)
    assert value == AllOf((PREMIUM, customer("email", "is present")))
    _, found = read_block("any:\n  - >\n    customer.plan is\n    premum\n", scope)
    assert [(one.code, one.place.line) for one in found] == [("J122", 2)]


def test_two_hundred_conditions_are_read_quickly(read):
    texts = [text for text, condition in SENTENCES if condition] * 4
    read(texts[0])
    times = []
    for _ in range(3):
        start = time.process_time()
        for text in texts[:200]:
            read(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.3


def test_an_endless_sentence_is_refused(read):
    value, found = read("(" * 3000 + "customer.plan is free" + ")" * 900)
    assert (value, found[0].code) == (None, "J119")
    value, found = read(" and ".join(["customer.plan is free"] * 1000))
    assert (value, found[0].code) == (None, "J119")


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("customer.plan == premium", "customer.plan is premium"),
        ("customer.plan==premium", "customer.plan is premium"),
        ("customer.plan <> premium", "customer.plan is not premium"),
    ],
)
def test_a_sign_of_programmers_is_read_and_put_right(read, text, fixed):
    condition, (found,) = read(text)
    assert condition == read(fixed)[0]
    assert (found.code, found.severity, found.suggestions[0].certain) == ("J110", "warning", True)
    start, end = found.place.column - 1, found.place.end_column - 1
    assert text[:start] + found.suggestions[0].text + text[end:] == fixed
