from dataclasses import replace
from datetime import time

import pytest

from lifeloop.journey.catalogue import MessageInfo
from lifeloop.journey.condition import AnyObject, DataName, Happened
from lifeloop.journey.known import Known
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor
from lifeloop.journey.plan import Branch, Call, Enter, OnMoment, Plan, Send, Set, Split, Stop, Wait, WaitFor
from lifeloop.journey.project import check_text


def compiled(text: str, known: Known, head: str = "") -> Plan:
    head = head or "journey: renewal\nstart: {event: contract.started}\ndelivery: {topic: contract}\n"
    journey, found = check_text(head + text, "journeys/renewal.yaml", known)
    assert journey.plan is not None, found
    return journey.plan


def node(plan: Plan, name: str):
    return next(node for node in plan.nodes if node.id == name)


def test_steps_get_ids_from_what_they_do_and_written_ids_stay(known):
    plan = compiled(
        """
steps:
  - send: renewal/offer
  - wait: 3 days
  - wait: 4 days
    id: breather
  - wait: 5 days
  - send: renewal/offer
  - milestone: Half way
  - set: {offer: values.nothing}
  - call: crm.create-task
  - stop: no answer
values: {nothing: 1}
""",
        known,
    )
    assert [node.id for node in plan.nodes] == [
        "send-offer", "wait-1", "breather", "wait-3", "send-offer-2", "milestone-half-way", "set-offer",
        "call-create-task", "stop-no-answer",
    ]  # fmt: skip


def test_a_written_id_wins_over_a_derived_one_that_comes_first(known):
    plan = compiled("steps:\n  - send: renewal/offer\n  - wait: 1 day\n    id: send-offer\n", known)
    assert [node.id for node in plan.nodes] == ["send-offer-2", "send-offer"]


def test_branches_join_behind_the_choice(known):
    plan = compiled(
        """
steps:
  - if: customer.plan is premium
    then:
      - send: renewal/offer
    else:
      - stop: not premium
  - choose:
      - when: customer.plan is plus
        then:
          - send: renewal/reminder
    else:
      - milestone: other
  - milestone: end
""",
        known,
    )
    first, choose = node(plan, "if-1"), node(plan, "choose-1")
    assert isinstance(first, Branch)
    assert (first.cases[0].target, first.otherwise, first.verb) == ("send-offer", "stop-not-premium", "if")
    assert node(plan, "send-offer").next == "choose-1"
    assert (choose.cases[0].target, choose.otherwise) == ("send-reminder", "milestone-other")
    assert {node(plan, "send-reminder").next, node(plan, "milestone-other").next} == {"milestone-end"}
    assert node(plan, "milestone-end").next is None


def test_a_way_without_steps_goes_straight_on(known):
    plan = compiled(
        """
steps:
  - split: tone
    into:
      - {path: letter, share: 33.5%, steps: [{send: renewal/offer}]}
      - {path: holdout, share: 66.5%}
  - wait: {for: contract.renewed, max: 7 days}
    then:
      - milestone: renewed
""",
        known,
    )
    split, wait = node(plan, "split-tone"), node(plan, "wait-1")
    assert isinstance(split, Split)
    assert [(path.share, path.target) for path in split.paths] == [(3350, "send-offer"), (6650, "wait-1")]
    assert isinstance(wait, WaitFor)
    assert (wait.then, wait.otherwise) == ("milestone-renewed", None)


def test_when_is_asked_in_front_of_the_step(known):
    plan = compiled("steps:\n  - send: renewal/offer\n    when: customer.plan is plus\n  - wait: 1 day\n", known)
    asked = node(plan, "send-offer.when")
    assert plan.first == "send-offer.when"
    assert (asked.cases[0].target, asked.otherwise, asked.verb) == ("send-offer", "wait-1", "when")


def test_a_repeat_is_unrolled_and_asks_before_and_after_each_wait(known):
    plan = compiled(
        """
steps:
  - repeat: 2 times
    every: 3 weeks
    until: renewal/* was clicked
    steps:
      - send: renewal/reminder
        with: {chapter: "{{ round }}", next: "part {{ round + 1 }}", plain: round}
  - milestone: over
""",
        known,
    )
    assert [node.id for node in plan.nodes] == [
        "repeat-1.1.until", "repeat-1.1.wait", "repeat-1.1.still", "send-reminder.1",
        "repeat-1.2.until", "repeat-1.2.wait", "repeat-1.2.still", "send-reminder.2", "milestone-over",
    ]  # fmt: skip
    outs = [node.cases[0].target for node in plan.nodes if isinstance(node, Branch)]
    assert outs == ["milestone-over"] * 4
    second = node(plan, "send-reminder.2")
    assert second.args == {"round": 2, "chapter": "2", "next": "part {{ 2 + 1 }}", "plain": "round"}
    assert node(plan, "send-reminder.1").next == "repeat-1.2.until"
    assert node(plan, "repeat-1.2.wait").until == Length(days=21)


def test_repeats_inside_repeats_have_ids_of_their_own(known):
    plan = compiled(
        """
steps:
  - repeat: 2 times
    every: 1 day
    steps:
      - repeat: 2 times
        every: 1 hour
        when: customer.plan is plus
        steps:
          - milestone: there
""",
        known,
    )
    ids = [node.id for node in plan.nodes]
    assert len(ids) == len(set(ids))
    assert "milestone-there.2.1" in ids
    assert "repeat-2.1.when" in ids


def test_a_missed_date_skips_to_the_next_dated_wait_that_surely_comes(known):
    plan = compiled(
        """
start: {date: 75 days before customer.contract_end}
steps:
  - wait: until 60 days before customer.contract_end
  - if: customer.plan is plus
    then:
      - wait: until 50 days before customer.contract_end
      - send: renewal/offer
  - wait: until 45 days before customer.contract_end
    when: customer.plan is plus
  - wait: until 30 days before customer.contract_end
  - wait: 3 days
  - wait: until 10:00
""",
        known,
        "journey: renewal\ndelivery: {topic: contract}\n",
    )
    ahead = {node.id: node.ahead for node in plan.nodes if isinstance(node, Wait)}
    assert plan.ahead == "wait-1"
    assert ahead == {
        "wait-1": "wait-4", "wait-2": "wait-4", "wait-3": "wait-4", "wait-4": None, "wait-5": None, "wait-6": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("journey", "step", "hours", "gap"),
    [
        ("hours: weekdays 09:00-18:00", "topic: inspiration", True, Length(seconds=20 * 3600)),
        ("hours: weekdays 09:00-18:00", "topic: service", False, None),
        ("hours: weekdays 09:00-18:00, topic: service", "by: email", True, None),
        ("gap: 2 days", "topic: service, hours: every day 09:00-20:00", True, None),
        ("topic: service, gap: 2 days", "by: email", False, Length(days=2)),
        ("topic: contract, gap: 1 hour", "by: email", False, Length(seconds=3600)),
    ],
)
def test_service_ignores_only_what_is_said_further_out_than_its_topic(known, journey, step, hours, gap):
    plan = compiled(
        f"steps:\n  - {{send: renewal/offer, {step}}}\n",
        known,
        f"journey: renewal\nstart: by hand\ndelivery: {{{journey}}}\n",
    )
    policy = node(plan, "send-offer").policy
    assert (policy.hours is not None, policy.gap) == (hours, gap)
    assert policy.late.after == Length(seconds=(72 if policy.topic == "service" else 24) * 3600)
    assert policy.needs_consent is (policy.topic == "inspiration")
    assert policy.counts is (policy.topic != "service")


def test_defaults_fill_in_what_a_step_does_not_say(known):
    plan = compiled(
        "defaults: {send: {by: [push, email], late: {after: 6 hours, then: stop}}}\n"
        "steps:\n  - send: renewal/offer\n  - send: renewal/reminder\n    by: sms\n    expires: 2 days\n",
        known,
    )
    offer, reminder = node(plan, "send-offer"), node(plan, "send-reminder")
    assert (offer.by, reminder.by) == (("push", "email"), ("sms",))
    assert (offer.policy.late.after, offer.policy.late.then) == (Length(seconds=6 * 3600), "stop")
    assert reminder.policy.expires == Length(days=2)


def test_the_channel_comes_from_the_message_when_the_step_is_silent(known):
    texts = {**known.library, "renewal/text": MessageInfo("renewal/text", channel="sms")}
    plan = compiled("steps:\n  - send: renewal/text\n  - send: renewal/offer\n", replace(known, library=texts))
    assert [node.by for node in plan.nodes] == [("sms",), ("email",)]


def test_the_plan_says_what_it_reads_and_what_wakes_it(five):
    plan = five.journeys["renewal"].plan
    assert plan.listens == ("question.answered", "contract.renewed", "contract.cancelled")
    assert plan.watches == (DataName("customer", ("contract_end",)),)
    assert set(plan.history) == {"contract.cancelled", "contract.renewed"}
    assert plan.values == {"offer": "10%", "best_offer": "15%"}
    assert plan.again.per == DataName("customer", ("contract_end",))
    assert node(plan, "call-create-task").uses == ("customer",)
    assert node(plan, "ask-retention-lead").uses == ("customer", "values")
    assert plan.templates["renewal/offer"] == "digest of renewal/offer"


def test_stop_rules_carry_the_words_of_the_author_and_their_closing_steps(five):
    renewed, cancelled = five.journeys["renewal"].plan.stops
    assert (renewed.reason, renewed.then) == ("contract.renewed happened", "send-thank-you")
    assert (cancelled.reason, cancelled.then) == ("contract.cancelled happened", None)
    goal, _ = five.journeys["welcome"].plan.stops
    assert (goal.reason, goal.when) == ("goal reached", five.journeys["welcome"].plan.goal)
    assert isinstance(goal.when, Happened)
    assert goal.when.span.length == Length(days=14)


def test_a_text_that_reads_something_remembered_needs_the_memory_of_the_run(known):
    texts = {**known.library, "renewal/offer": MessageInfo("renewal/offer", uses=("offer", "customer.plan"))}
    plan = compiled(
        "steps:\n  - set: {offer: 10%}\n  - send: renewal/offer\n"
        "  - send: renewal/offer\n    with: {offer: start.date}\n",
        replace(known, library=texts),
    )
    assert node(plan, "send-offer").uses == ("customer", "journey")
    assert node(plan, "send-offer-2").uses == ("customer", "start")
    assert node(plan, "send-offer-2").args == {"offer": "{{ start.date }}"}


def test_a_journey_about_a_thing_runs_once_per_thing(known):
    from lifeloop.journey.catalogue import Attribute, ObjectType

    fields = {
        "contract_id": Attribute("contract_id"),
        "holder": Attribute("holder", choices=("ours", "competitor")),
        "ends": Attribute("ends", "date", optional=True),
    }
    kinds = {"contract": ObjectType("contract", "contract_id", fields)}
    with_things = replace(known, catalogue=replace(known.catalogue, objects=kinds))
    plan = compiled(
        """
start: {date: 75 days before contract.ends, at: 10:00, where: contract.holder is ours}
again: once per contract.ends
stop:
  - any contract is present where contract.holder is competitor
steps:
  - wait: until 30 days before contract.ends at 10:00
  - set: {contract.holder: competitor}
""",
        with_things,
        "journey: renewal\n",
    )
    ends = DataName("contract", ("ends",))
    trigger = plan.triggers[0]
    assert isinstance(trigger, OnMoment)
    assert trigger.moments == (FromAnchor(Length(days=75), before=True, anchor=ends, at=time(10)),)
    assert (plan.object, plan.again.per, plan.objects) == ("contract", ends, ("contract",))
    assert ends in plan.watches
    assert DataName("contract", ("contract_id",)) in plan.watches
    assert isinstance(plan.stops[0].when, AnyObject)
    assert node(plan, "set-holder").assignments == ((DataName("contract", ("holder",)), "competitor"),)


def test_data_is_copied_by_its_name_and_values_are_typed(known):
    plan = compiled(
        """
steps:
  - set: {customer.promoter: true, customer.last_score: 7, offer: values.offer, wish: start.date, n: 0.5, t: "1"}
  - enter: recovery
    with: {score: customer.last_score, why: low}
values: {offer: 10%}
""",
        known,
    )
    assert dict(node(plan, "set-promoter").assignments) == {
        DataName("customer", ("promoter",)): True,
        DataName("customer", ("last_score",)): 7,
        DataName("journey", ("offer",)): DataName("values", ("offer",)),
        DataName("journey", ("wish",)): DataName("start", ("date",)),
        DataName("journey", ("n",)): 0.5,
        DataName("journey", ("t",)): "1",
    }
    assert node(plan, "enter-recovery").args == {"score": DataName("customer", ("last_score",)), "why": "low"}


def test_every_target_of_the_five_journeys_exists_and_lies_behind(five):
    for plan in five.plans.values():
        order = {node.id: index for index, node in enumerate(plan.nodes)}
        assert len(order) == len(plan.nodes)
        for one in plan.nodes:
            assert all(order[target] > order[one.id] for target in targets(one) if target is not None)
        assert set(five.journeys[plan.journey].places) == set(order)


def targets(node):
    match node:
        case Branch(cases=cases, otherwise=otherwise):
            return [case.target for case in cases] + [otherwise]
        case Split(paths=paths):
            return [path.target for path in paths]
        case WaitFor():
            return [node.then, node.otherwise]
        case Stop():
            return []
        case Send() | Wait() | Call() | Enter() | Set():
            return [node.next]
        case _:
            return [getattr(node, name) for name in ("next", "then", "otherwise") if hasattr(node, name)]


def test_the_same_text_gives_the_same_digest_and_another_word_another(known):
    text = "steps:\n  - send: renewal/offer\n  - wait: 3 days\n"
    one, two = compiled(text, known), compiled(text, known)
    assert one == two
    assert one.digest != compiled(text.replace("3 days", "4 days"), known).digest
    texts = {**known.library, "renewal/offer": MessageInfo("renewal/offer", digest="another text")}
    assert one.digest != compiled(text, replace(known, library=texts)).digest
