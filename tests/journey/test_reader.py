"""What the words of a file become; what is said about wrong ones stands in the golden files."""

from datetime import datetime, time

import pytest

from lifeloop.journey import plan as p
from lifeloop.journey.condition import Compare, DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, OnMonthDay, OnWeekday
from lifeloop.journey.project import check_text
from lifeloop.journey.source import Scalar
from lifeloop.journey.spec import (
    AskStep,
    CallStep,
    DayTime,
    Expectation,
    Input,
    JourneySpec,
    WaitForStep,
    WaitStep,
)


def read(text, known) -> JourneySpec:
    journey, found = check_text(f"journey: welcome\n{text}", "journeys/welcome.yaml", known)
    assert [one.message for one in found if one.severity == "error"] == []
    return journey.spec


def steps(text, known):
    return read(f"start: {{event: contract.started}}\ndelivery: {{topic: contract}}\nsteps:\n{text}", known).steps


def start_of(text, known):
    spec = read(f"start: {text}\nsteps:\n  - stop: done\n", known)
    return [start.trigger for start in spec.starts]


def anchored(days, before, name, at=time(10)):
    return FromAnchor(Length(days=days), before, DataName("customer", (name,)), at)


def test_every_start_of_the_reference(known):
    assert start_of("by hand", known) == [p.ByHand()]
    assert start_of("from another journey", known) == [p.FromJourney()]
    assert start_of("{every: month on the 1st at 09:00}", known) == [p.OnCalendar(OnMonthDay(1, time(9)))]
    assert start_of("{every: Monday at 10:00}", known) == [p.OnCalendar(OnWeekday((1,), time(10)))]
    changed = p.OnChange(DataName("customer", ("status",)), "former")
    assert start_of("{changes: customer.status, to: former}", known) == [changed]
    assert start_of("{changes: customer.status}", known) == [p.OnChange(DataName("customer", ("status",)))]
    assert start_of("[by hand, {event: order.delivered}]", known) == [p.ByHand(), p.OnEvent("order.delivered")]
    [moment] = start_of(
        '{date: "90 days before customer.competitor_end, or 9 months after customer.left_at", at: 10:00}', known
    )
    later = FromAnchor(Length(months=9), False, DataName("customer", ("left_at",)), time(10))
    assert moment.moments == (anchored(90, True, "competitor_end"), later)
    [event] = start_of("{event: order.delivered, where: event.total is at least 20}", known)
    assert isinstance(event.where, Compare)
    assert event.where.operands == (20,)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("never", p.Again()),
        ("always", p.Again("always")),
        ("after 6 months", p.Again("after", after=Length(months=6))),
        ("once per event.date", p.Again("once", per=DataName("event", ("date",)))),
        ("once per customer.contract_end", p.Again("once", per=DataName("customer", ("contract_end",)))),
    ],
)
def test_who_may_come_back(known, text, again):
    spec = read(f"start: {{event: contract.started}}\nagain: {text}\nsteps:\n  - stop: done\n", known)
    assert spec.again == again


def test_the_three_kinds_of_wait(known):
    length, clock, event = steps(
        """
  - wait: 1 day 6 hours
  - wait: until 10:00
  - wait:
      for: survey.answered
      where: event.score is at most 6
      max: until 5 days before customer.contract_end at 10:00
      since: now
    else:
      - stop: no answer
""",
        known,
    )
    assert isinstance(length, WaitStep)
    assert (length.until, clock.until) == (Length(days=1, seconds=6 * 3600), AtTime(time(10)))
    assert isinstance(event, WaitForStep)
    assert (event.event, event.since_now, event.then) == ("survey.answered", True, ())
    assert event.max == anchored(5, True, "contract_end")
    assert event.where.text == "event.score is at most 6"
    assert len(event.otherwise) == 1


def test_a_missed_date_may_go_on_or_stop(known):
    skip, on = steps(
        "  - wait: until 5 days before customer.contract_end\n"
        "  - wait: until 4 days before customer.contract_end\n    missed: continue\n",
        known,
    )
    assert (skip.missed, on.missed) == ("skip", "continue")


def test_what_is_handed_to_other_systems_stays_text_and_names_become_templates(known):
    call, ask = steps(
        """
  - call: crm.create-task
    as: ticket
    max: 2 hours
    with:
      title: "Call {{ customer.first_name }}"
      due: customer.contract_end
      quoted: "customer.contract_end"
      many: [1, 2.5, true, {deep: null}]
  - ask: retention-lead
    question: "Offer {{ values.offer }}?"
    max: 1 day
    then:
      - stop: yes
values: {offer: 10%}
""",
        known,
    )
    assert isinstance(call, CallStep)
    assert call.args == {
        "title": "Call {{ customer.first_name }}",
        "due": "{{ customer.contract_end }}",
        "quoted": "customer.contract_end",
        "many": [1, 2.5, True, {"deep": None}],
    }
    assert (call.answer_as, call.max) == ("ticket", Length(seconds=7200))
    assert isinstance(ask, AskStep)
    assert ask.otherwise is None


def test_a_test_of_a_journey(five):
    test = five.journeys["renewal"].tests[1]
    assert (test.person, test.clock) == ("ana", datetime(2026, 6, 10, 8))  # noqa: DTZ001  # the customer's own clock
    assert test.changes == {"contract_end": "2026-06-30", "phone": None, "yearly_value": 120}
    [entry] = test.when
    assert isinstance(entry, Input)
    assert (entry.what, entry.name, entry.at) == ("enter", "renewal", DayTime(0, time(8)))
    [expected] = test.expect
    assert isinstance(expected, Expectation)
    assert (expected.what, expected.name, expected.at) == ("send", "renewal/reminder", DayTime(6, time(10)))
    moved = five.journeys["renewal"].tests[2]
    assert moved.until == DayTime(60)
    assert moved.when[0].data == {"customer.contract_end": "2026-12-31"}


def test_data_of_a_test_is_typed_by_the_catalogue(five):
    first, _, small = five.journeys["satisfaction"].tests
    assert first.when[0].data == {"order_id": "A-17", "total": 59.9}
    assert first.when[1].data == {"order_id": "A-17", "score": 3, "comment": "Scratched"}
    assert small.expect == ()
    assert first.expect[-1].at is None


def test_every_input_and_expectation_of_a_test(known):
    spec = read(
        """start: by hand
delivery: {topic: contract}
steps:
  - send: welcome/hello
tests:
  - name: all words
    given: ana
    clock: 2026-03-02 08:00
    when:
      - {at: day 1, enter: welcome, with: {why: x}}
      - {answer: approved}
      - {answer: {id: 7}}
      - {open: welcome/hello}
      - {click: welcome/hello}
      - {set: {customer.plan: plus}}
    expect:
      - {send: welcome/hello}
      - {call: crm.create-task}
      - {enter: recovery}
      - {milestone: there}
      - {set: {customer.plan: plus}}
      - {record: survey.answered, with: {score: 3}}
      - {ask: retention-lead}
      - {stop: done}
""",
        known,
    )
    [test] = spec.tests
    assert [(one.what, one.name, one.data) for one in test.when] == [
        ("enter", "welcome", {"why": "x"}),
        ("answer", "approved", {}),
        ("answer", "answered", {"id": 7}),
        ("open", "welcome/hello", {}),
        ("click", "welcome/hello", {}),
        ("set", "", {"customer.plan": "plus"}),
    ]
    assert test.when[0].at == DayTime(1)
    assert [one.what for one in test.expect] == ["send", "call", "enter", "milestone", "set", "record", "ask", "stop"]


def test_every_value_keeps_its_place(five):
    spec = five.journeys["renewal"].spec
    call = spec.steps[-1]
    assert isinstance(call.when.source, Scalar)
    assert (call.places["call"].line, call.when.place.line) == (call.place.line, call.place.line + 1)
    assert spec.places["goal"].line == 16
    assert spec.places["key goal"].column == 1


def test_without_a_phase_the_name_of_the_journey_may_say_it(five, known):
    assert {name: journey.spec.phase for name, journey in five.journeys.items()}["reactivation"] == "reactivation"
    assert read("phase: growth\nstart: by hand\nsteps:\n  - stop: done\n", known).phase == "growth"
