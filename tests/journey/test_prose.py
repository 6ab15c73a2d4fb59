from pathlib import Path

import pytest

from lifeloop.journey.catalogue import (
    Action,
    Attribute,
    Catalogue,
    Connection,
    EventType,
    MessageInfo,
    ObjectType,
    Sender,
    Topic,
)
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.condition import AllOf, DataName
from lifeloop.journey.known import Known
from lifeloop.journey.project import load_project
from lifeloop.journey.prose import prose_text, read_aloud
from lifeloop.journey.prose_names import action_words, date_words, event_words, not_happened_words, template_words
from lifeloop.journey.reader import read_journey
from lifeloop.journey.source import Report
from lifeloop.journey.words import VERBS

APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
TOP = Path(__file__).parents[2]
CATALOGUE = Catalogue(
    customer={
        "plan": Attribute("plan", choices=("free", "premium")),
        "phone": Attribute("phone", "phone", optional=True),
        "vip": Attribute("vip", "boolean", optional=True),
        "left_at": Attribute("left_at", "date", optional=True),
        "has_panels": Attribute("has_panels", "boolean", optional=True),
        "is_new": Attribute("is_new", "boolean", optional=True),
        "left_because": Attribute("left_because", choices=("price", "moved-abroad"), optional=True),
    },
    events={
        name: EventType(name, {"score": Attribute("score", "number")})
        for name in ("survey.answered", "order.delivered", "unsubscribed", "advice.ready")
    },
    objects={"contract": ObjectType("contract", "id", {"id": Attribute("id"), "ends": Attribute("ends", "date")})},
    topics={"service": Topic("service", "contract", titles={"en": "Your contract"})},
    segments={"ready-for-more": AllOf(())},
    senders={"anna": Sender("anna", "Anna", "anna@example.com")},
    connections={"crm": Connection("crm", "https://example.com", actions={"task": Action("task", "POST", "/t")})},
    approvers={"lead": "lead@example.com"},
)
LIBRARY = {name: MessageInfo(name) for name in ("a/first-letter", "a/reminder")}


ORDERED = "start: {event: order.delivered}\n"
ABOUT_A_CONTRACT = "start: {date: 75 days before contract.ends}\n"


def told(steps="steps: [{stop: done}]", head=ORDERED):
    report = Report()
    text = f"journey: x\nphase: welcome\nname: X\n{head}{steps}\n"
    known = Known(CATALOGUE, LIBRARY, journeys=frozenset({"x", "y"}))
    spec = read_journey(read_yaml(text, "x.yaml", report), "x.yaml", known, report)
    assert [one.message for one in report.found if one.severity == "error"] == []
    return read_aloud(spec, CATALOGUE)


def sentences(steps, head=ORDERED):
    return [straight(f"{said.number} {said.text}".strip()) for said in told(f"steps:\n{steps}", head).steps]


def straight(text):
    """With the apostrophe of keyboards, which is easier on the tests below."""
    return text.replace(APOSTROPHE, "'")


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("send: a/first-letter", "1 Send “First letter”."),
        ("send: a/reminder\n    by: [push, sms]", "1 Send “Reminder” by push message or else text message."),
        (
            "send: a/reminder\n    from: anna\n    expires: 2 days",
            "1 Send “Reminder” from Anna, or not at all if it cannot leave within 2 days.",
        ),
        (
            "send: a/reminder\n    when: customer.phone is present",
            "1 If the customer's phone number is known, send “Reminder”.",
        ),
        ("set: {customer.vip: true}", "1 Remember that the customer's “vip” is yes."),
        (
            "set: {customer.plan: premium, round: 2}",
            "1 Remember “premium” as the customer's plan and “2” as the round.",
        ),
        ("record: survey.answered", "1 Note that a survey was answered."),
        ("call: crm.task\n    with: {title: 'Ring {{ customer.plan }}'}", "1 Have “crm” task “Ring [plan]”."),
        ("enter: y", "1 Start the journey “y” as well."),
        ("milestone: half-way", "1 Mark the milestone “half way”."),
        ("stop: no answer", "1 End the journey (“no answer”)."),
        ("wait: 3 days", "1 Wait 3 days."),
        ("send: a/reminder\n    note: agreed with legal", "1 Send “Reminder”. (agreed with legal)"),
    ],
    ids=lambda value: value.split("\n")[0] if ":" in value else "",
)
def test_a_step_is_one_sentence(step, sentence):
    assert sentences(f"  - {step}") == [sentence]


def test_waits_are_said_with_what_follows_them():
    assert sentences(
        "  - wait: 3 days\n  - wait: until 10:00\n  - send: a/reminder\n"
        "  - wait: until 45 days before contract.ends at 10:00\n    missed: continue\n  - send: a/reminder\n"
        "  - wait: until a weekday at 09:00\n  - send: a/reminder\n",
        head=ABOUT_A_CONTRACT,
    ) == [
        "1 3 days later, at 10:00, send “Reminder”.",
        "2 45 days before the contract ends, at 10:00, even if that moment has passed, send “Reminder”.",
        "3 On a weekday at 09:00, send “Reminder”.",
    ]


def test_short_arms_stand_in_the_sentence():
    assert sentences(
        "  - wait: {for: survey.answered, max: 4 days}\n    then: [{send: a/reminder}]\n    else: [{stop: silence}]"
    ) == [
        (
            "1 Wait until a survey is answered, at most 4 days; when it comes, send “Reminder”; "
            "if nothing comes in time, end the journey (“silence”)."
        )
    ]


def test_long_arms_are_numbered_below_it():
    assert sentences(
        "  - if: customer.plan is premium and customer.phone is missing\n"
        "    then: [{send: a/reminder}, {wait: 2 days}, {send: a/first-letter}]\n    else: [{stop: free}]"
    ) == [
        "1 If the customer's plan is “premium” and the customer's phone number is not known:",
        "1.1 Send “Reminder”.",
        "1.2 2 days later, send “First letter”.",
        "Otherwise, end the journey (“free”).",
    ]


def test_choices_shares_and_rounds_are_told():
    said = sentences(
        "  - choose: [{when: customer.plan is free, then: [{send: a/reminder}]}]\n    else: [{stop: no}]\n"
        "  - split: tone\n    into:\n"
        "      - {path: warm, share: 90%, steps: [{send: a/reminder}]}\n      - {path: holdout, share: 10%}\n"
        "  - repeat: 2 times\n    every: 3 weeks\n    until: a/* was clicked\n    steps: [{send: a/reminder}]\n"
        "  - ask: lead\n    question: Shall we?\n    max: 1 day\n    then: [{send: a/reminder}]\n"
    )
    assert said == [
        (
            "1 Take the first that holds: if the customer's plan is “free”, send “Reminder”; "
            "otherwise, end the journey (“no”)."
        ),
        (
            "2 Share people out by chance (“tone”), each person always the same way: 90% (“warm”), send “Reminder”; "
            "10% (“holdout”), nothing, for comparison."
        ),
        "3 Repeat 2 times, every 3 weeks, until any message of “a” was clicked; each time, send “Reminder”.",
        "4 Ask the lead “Shall we?” and wait for the answer, at most 1 day; if they agree, send “Reminder”.",
    ]


@pytest.mark.parametrize(
    ("head", "opening"),
    [
        ("start: {event: order.delivered}\n", "It starts when an order is delivered. Once, and never again."),
        (
            "start: by hand\nagain: always\n",
            "It starts by hand. Whoever has been through it may come again at any time.",
        ),
        (
            "start: {date: 75 days before contract.ends, at: 10:00}\nagain: once per contract.ends\n",
            "It starts 75 days before the contract ends, at 10:00. Once for each new value of “contract ends”.",
        ),
        (
            (
                "start: {date: 9 months after customer.left_at}\nagain: after 6 months\n"
                "audience: customer.plan is not premium\n"
            ),
            (
                "It starts 9 months after the customer left, provided that the customer's plan is not “premium”. "
                "Whoever has been through it may come again after 6 months."
            ),
        ),
        ("start: {every: Monday at 10:00}\n", "It starts every Monday at 10:00. Once, and never again."),
        (
            "start: {changes: customer.plan, to: free}\n",
            "It starts when the customer's plan changes to “free”. Once, and never again.",
        ),
    ],
)
def test_who_enters_and_when_is_said_first(head, opening):
    assert straight(told(head=head).opening[0]) == opening


def test_what_ends_it_and_what_success_is():
    prose = told(
        head="start: by hand\ngoal: survey.answered happened within 14 days\n"
        "stop:\n  - goal reached\n  - when: order.delivered happened\n    then: [{send: a/reminder}]\n"
        "  - unsubscribed happened\n"
    )
    assert prose.opening[1:] == (
        (
            "It ends early as soon as its goal is reached, as soon as an order is delivered (then: send “Reminder”) "
            "or as soon as the customer unsubscribed."
        ),
        "It is a success if a survey was answered within 14 days of the start.",
    )


def test_the_rules_for_its_messages_come_last():
    prose = told(
        head="start: by hand\ndelivery: {hours: weekdays 09:00-18:00, "
        "limit: 2 per week, holidays: avoid, topic: service}\n"
    )
    assert tuple(map(straight, prose.closing)) == (
        (
            "Messages leave on weekdays between 09:00 and 18:00, not on public holidays, at most 2 per week, "
            "never two within "
            "20 hours; all times are on the customer's own clock. Their topic is “Your contract”."
        ),
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (DataName("contract", ("ends",)), "the contract ends"),
        (DataName("customer", ("left_at",)), "the customer left"),
        (DataName("customer", ("since",)), "the customer joined"),
        (DataName("customer", ("contract_end",)), "the customer's contract end"),
        (DataName("start", ("date",)), "the date it began with"),
    ],
    ids=str,
)
def test_dates_are_said_so_that_before_can_stand_in_front(name, said):
    assert straight(date_words(name)) == said


def test_events_are_said_as_clauses():
    assert event_words("order.delivered") == "an order is delivered"
    assert event_words("order.delivered", tense="was") == "an order was delivered"
    assert event_words("advice.ready") == "“advice ready” happens"
    assert not_happened_words("ticket.opened") == "no ticket was opened"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("start.score is at least 20", "the score it began with is at least 20"),
        ("customer.vip is true", "the customer's “vip” is yes"),
        ("customer.has_panels is true", "the customer has panels"),
        ("customer.has_panels is false", "the customer does not have panels"),
        ("customer.has_panels is not true", "the customer does not have panels"),
        ("customer.is_new is true", "the customer is new"),
        ("customer.plan is missing or customer.plan is free", "the customer's plan is not known or is “free”"),
        ("customer.left_because is moved-abroad", "the customer's “left because” is “moved abroad”"),
        ("customer is in ready-for-more", "the customer is in the segment “ready for more”"),
    ],
)
def test_conditions_are_said_as_people_say_them(condition, said):
    (sentence,) = sentences(f"  - send: a/reminder\n    when: {condition}")
    assert sentence == f"1 If {said}, send “Reminder”."


def test_at_the_door_the_data_of_the_start_is_what_is_at_hand():
    opening = told(head="start: {event: order.delivered}\naudience: start.score is at least 20\n").opening[0]
    assert "provided that the score is at least 20." in opening


def test_the_same_data_of_a_later_event_is_told_apart():
    wait = "  - wait: {for: survey.answered, where: event.score is start.score, max: 1 day}\n    else: [{stop: no}]"
    assert "where the score is the one it began with" in sentences(wait)[0]


def test_a_segment_is_called_one():
    assert (
        told(head="start: {joins: ready-for-more}\n")
        .opening[0]
        .startswith("It starts when somebody joins the segment “ready for more”.")
    )


def test_actions_that_make_a_thing_are_said_with_an_article():
    assert [action_words(name) for name in ("create-task", "add-offer", "task", "sync-all", "send-papers")] == [
        "create a task",
        "add an offer",
        "task",
        "sync all",
        "send papers",
    ]


def test_templates_in_questions_are_said_as_what_they_stand_for():
    assert template_words("Offer {{ values.offer }} to {{ customer.first_name | title }}", {"offer": "10%"}) == (
        "Offer 10% to [first name]"
    )


def test_every_verb_of_the_language_is_told_in_the_starter():
    names = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in TOP.glob("templates/[a-z]*/*.md")}
    project = load_project(TOP, {name: MessageInfo(name) for name in names})
    texts = [prose_text(read_aloud(journey.spec, project.catalogue)) for journey in project.journeys.values()]
    assert len(texts) >= 7
    for text in texts:
        assert "{{" not in text
        assert "customer." not in text
        assert "  ." not in text
    assert len(VERBS) == 14
