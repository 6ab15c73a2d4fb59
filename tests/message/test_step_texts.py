"""The texts in journeys themselves are checked as carefully as templates, at their place in the YAML."""

import pytest

from lifeloop.work.project import open_project

PROJECT = """\
project: small
company: {name: Small, address: 1 Street}
customer: {first_name: text, phone: phone?, gift: text?}
events:
  order.placed: {total: money, coupon: text?}
  survey.answered: {score: 0..10, comment: text?}
objects: {contract: {key: contract_id, ends: date?}}
topics: {service: {basis: contract}}
senders: {us: Us <us@example.com>}
approvers: {lead: lead@example.com}
values: {present: 25}
connections: {crm: {base: https://example.com, actions: {task: POST /tasks}}}
"""
HEAD = "journey: one\nphase: welcome\nname: One\nabout: One\nagain: always\ndelivery: {topic: service}\n"
ORDER = "start: {event: order.placed}\n"
ANSWER = "  - wait: {for: survey.answered, max: 3 days}\n    else: [{stop: no answer}]\n"


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "journeys").mkdir()
    (tmp_path / "templates" / "a").mkdir(parents=True)
    (tmp_path / "lifeloop.yaml").write_text(PROJECT)
    (tmp_path / "templates" / "a" / "hello.md").write_text("---\nsubject: Hello\nfrom: us\n---\nHello!\n")

    def opened(steps, start=ORDER):
        (tmp_path / "journeys" / "one.yaml").write_text(f"{HEAD}{start}steps:\n{steps}")
        return open_project(tmp_path)

    return opened


def call(text):
    return f"  - call: crm.task\n    with:\n      title: {text}\n"


def found(project):
    return [(one.code, one.severity, one.message) for one in project.diagnostics if one.severity != "note"]


@pytest.mark.parametrize(
    ("text", "code", "words", "marked"),
    [
        ("{{ customer.frist_name }}", "J123", "customer.frist_name is not in the catalogue", "customer.frist_name"),
        ("Ring {{ custmer.first_name }}", "J123", "custmer.first_name is not in the catalogue", "custmer.first_name"),
        ("Give {{ values.presnt }}", "J123", "values.presnt is not in the catalogue", "values.presnt"),
        ("About {{ contract.ends }}", "J123", "contract.ends is not in the catalogue", "contract.ends"),
        ("Say {{ ofer }}", "J123", "ofer is not in the catalogue", "ofer"),
        ("Say {{ customer }}", "J123", '"customer" is a whole record; say what you want of it', "customer"),
        (
            "Ring {{ customer.phone }}",
            "J131",
            "customer.phone may be missing, and this text needs it",
            "customer.phone",
        ),
        ("Code {{ start.coupon }}", "J131", "start.coupon may be missing, and this text needs it", "start.coupon"),
        ("Code {{ event.coupon }}", "J131", "event.coupon may be missing, and this text needs it", "event.coupon"),
        ("Hi {{ customer.first_name", "J404", '"{{" is opened here and never closed', "{{"),
        ("{{ customer.first_name | shout }}", "J405", 'there is no filter "shout"', "shout"),
        ("{% macro x() %}", "J405", "{% macro %} is not for texts", "{% macro x() %}"),
    ],
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_mistake_in_a_call_has_code_line_and_column(shop, quote, text, code, words, marked):
    line = f"      title: {quote}{text}{quote}"
    project = shop(f"  - call: crm.task\n    with:\n{line}\n")

    (one,) = [one for one in project.diagnostics if one.severity != "note"]
    assert (one.code, one.severity, one.message) == (code, "error", words)
    assert (one.place.file, one.place.line) == ("journeys/one.yaml", 11)
    assert line[one.place.column - 1 : one.place.end_column - 1] == marked
    assert project.journeys["one"].plan is None


def test_a_subject_and_a_question_are_texts_too(shop):
    project = shop(
        "  - send: a/hello\n    subject: 'For {{ customer.nam }}'\n"
        "  - ask: lead\n    question: 'Give {{ customer.gift }}?'\n    max: 1 day\n    then: [{stop: yes they said}]\n"
    )
    assert [(one.code, one.place.line, one.place.column) for one in project.diagnostics if one.severity != "note"] == [
        ("J123", 10, 22),
        ("J131", 12, 24),
    ]


def test_data_that_a_wait_may_not_have_brought_may_be_missing(shop):
    project = shop(f"{ANSWER}{call(chr(34) + '{{ event.score }} {{ event.comment }}' + chr(34))}")
    assert found(project) == [("J131", "error", "event.comment may be missing, and this text needs it")]
    assert "when: event.comment is present" in next(one for one in project.diagnostics if one.code == "J131").hint


def test_the_name_of_data_that_stands_alone_is_checked_the_same(shop):
    project = shop(call("customer.phone"))
    (one,) = [one for one in project.diagnostics if one.severity == "error"]
    assert (one.code, one.place.line, one.place.column, one.place.end_column) == ("J131", 11, 14, 28)


@pytest.mark.parametrize(
    "steps",
    [
        call('"{{ customer.phone | default(1) }}"'),
        call('"{% if customer.phone %}{{ customer.phone }}{% endif %}"'),
        "  - call: crm.task\n    when: customer.phone is present\n    with: {title: '{{ customer.phone }}'}\n",
        (
            "  - if: customer.phone is present\n    then:\n      - call: crm.task\n"
            "        with: {title: '{{ customer.phone }}'}\n"
        ),
        (
            f"{ANSWER}  - if: event.comment is present\n    then:\n      - call: crm.task\n"
            "        with: {title: '{{ event.comment }}'}\n"
        ),
        "  - set: {offer: values.present}\n" + call('"{{ offer }} {{ journey.offer }} {{ values.present }}"'),
        "  - repeat: 2 times\n    every: 1 day\n    steps:\n      - call: crm.task\n        with: {n: '{{ round }}'}\n",
        "  - call: crm.task\n    as: ticket\n" + call('"{{ ticket.id }} {{ journey.ticket.id }} {{ company.name }}"'),
        (
            "  - send: a/hello\n    with: {chapter: one}\n    subject: '{{ chapter }} for {{ customer.email }}'\n"
            "    when: customer.email is present\n"
        ),
        call('"{{ start.total | money }} {{ event.total }} {{ start.date }} {{ now.year }}"'),
        call('"{% for word in customer.first_name %}{{ word }}{% endfor %}"'),
    ],
)
def test_what_is_guarded_given_or_remembered_is_fine(shop, steps):
    project = shop(steps)
    assert found(project) == []
    assert project.journeys["one"].plan is not None


def test_the_date_a_journey_is_counted_from_is_known(shop):
    steps = call('"{{ contract.ends | date }}"')
    assert found(shop(steps, start="start: {date: 75 days before contract.ends}\n")) == []
    by_hand = "start: [{date: 75 days before contract.ends}, by hand]\n"
    assert [one[0] for one in found(shop(steps, start=by_hand))] == ["J131"]


def test_another_event_takes_the_place_of_the_one_that_was_guarded(shop):
    steps = (
        "  - if: event.coupon is present\n    then:\n"
        "      - wait: {for: survey.answered, max: 3 days}\n        else: [{stop: no answer}]\n"
        "      - call: crm.task\n        with: {title: '{{ event.comment }}'}\n"
    )
    assert [one[0] for one in found(shop(steps))] == ["J131"]


def test_a_name_that_is_wrong_is_told_once(shop):
    wrong = f"{ANSWER}{call(chr(34) + '{{ event.scor }}' + chr(34))}"
    assert [(one[0], one[2].split(" ")[0]) for one in found(shop(wrong))] == [("J141", "event.scor")]
    with_default = f"{ANSWER}{call(chr(34) + '{{ event.scor | default(1) }}' + chr(34))}"
    assert [(one[0], one[2].split(" ")[0]) for one in found(shop(with_default))] == [("J123", "event.scor")]


def test_a_closing_step_cannot_count_on_any_event(shop):
    call = "call: crm.task\n        with: {title: '{{ event.total }}'}"
    stop = f"stop:\n  - when: survey.answered happened\n    then:\n      - {call}"
    assert [one[0] for one in found(shop("  - wait: 3 days\n", start=f"{ORDER}{stop}\n"))] == ["J131"]
