import json
import string
from datetime import date, time

from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.journey import plan as p
from lifeloop.journey.catalogue import Limit
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
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, InHours, OnDate, OnMonthDay, OnWeekday
from lifeloop.journey.plan_json import plan_from_json, plan_to_json, with_digest

words = st.text(string.ascii_letters + "äß€ ", min_size=1, max_size=8)
lengths = st.builds(Length, *(st.integers(0, 9) for _ in range(4)))
names = st.builds(DataName, words, st.lists(words, min_size=1, max_size=2).map(tuple))
values = st.one_of(words, st.integers(-9, 9), st.booleans(), st.floats(-9, 9), st.just("2026-01-01"), st.just("10:00"))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple)
hours = st.builds(Hours, days, times, times)
anchors = st.builds(FromAnchor, lengths, st.booleans(), names, st.none() | times)
moments = st.one_of(
    st.builds(AtTime, times),
    st.builds(OnWeekday, days, times),
    st.builds(OnMonthDay, st.integers(1, 31), times),
    st.builds(OnDate, st.dates(date(2025, 1, 1), date(2035, 1, 1)), times),
    st.builds(InHours, hours),
    anchors,
)
spans = st.builds(Span, st.sampled_from(["last", "within", "start", "ever", "default"]), st.none() | lengths)
leaves = st.one_of(
    st.builds(
        Compare,
        names,
        st.sampled_from(["is", "is not", "is one of", "is within", "is present"]),
        st.lists(st.one_of(values, names, lengths), max_size=3).map(tuple),
        st.sampled_from(["text", "number", "boolean", "date", "datetime"]),
    ),
    st.builds(MessageWas, words, st.sampled_from(["sent", "opened", "clicked"]), st.booleans(), spans),
    st.builds(InSegment, words, st.booleans()),
    st.builds(Named, words, st.booleans()),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=2).map(tuple)),
        st.builds(Not, inner),
        st.builds(Happened, words, st.integers(1, 3), st.booleans(), spans, st.none() | inner),
        st.builds(AnyObject, words, st.booleans(), st.none() | inner),
    ),
    max_leaves=4,
)
targets = st.none() | words
given_values = st.none() | values | names
jsons = st.recursive(
    st.none() | values,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=3,
)
policies = st.builds(
    p.Policy,
    words,
    st.booleans(),
    st.booleans(),
    st.none() | hours,
    st.booleans(),
    st.none() | lengths,
    st.none() | st.builds(Limit, st.integers(1, 9), lengths),
    st.builds(p.Late, lengths, st.sampled_from(["skip", "send", "stop"])),
    st.none() | lengths,
)
nodes = st.one_of(
    st.builds(
        p.Send, words, words, st.just(("email",)), policies, targets, args=st.dictionaries(words, jsons, max_size=2)
    ),
    st.builds(p.Wait, words, lengths | moments, targets, st.sampled_from(["skip", "continue", "stop"]), targets),
    st.builds(p.WaitFor, words, words, lengths | moments, conditions, st.booleans(), targets, targets),
    st.builds(p.Branch, words, st.lists(st.builds(p.Case, conditions, targets), max_size=2).map(tuple), targets),
    st.builds(
        p.Split, words, words, st.lists(st.builds(p.Path, words, st.integers(0, 10000), targets), max_size=2).map(tuple)
    ),
    st.builds(p.Set, words, st.lists(st.tuples(names, given_values), max_size=2).map(tuple), targets),
    st.builds(p.Record, words, words, st.dictionaries(words, given_values, max_size=2), targets),
    st.builds(p.Call, words, words, words, st.dictionaries(words, jsons, max_size=2), targets, lengths),
    st.builds(p.Ask, words, words, words, lengths | moments, then=targets, otherwise=targets),
    st.builds(p.Enter, words, words, st.dictionaries(words, given_values, max_size=2), targets),
    st.builds(p.Milestone, words, words, targets),
    st.builds(p.Stop, words, words),
)
triggers = st.one_of(
    st.builds(p.OnEvent, words, conditions),
    st.builds(p.OnMoment, st.lists(anchors, min_size=1, max_size=2).map(tuple), conditions),
    st.builds(p.OnSegment, words, st.booleans()),
    st.builds(p.OnChange, names, st.none() | values),
    st.builds(p.OnCalendar, st.builds(OnWeekday, days, times) | st.builds(OnMonthDay, st.integers(1, 31), times)),
    st.just(p.ByHand()),
    st.just(p.FromJourney()),
)
plans = st.builds(
    p.Plan,
    words,
    words,
    words,
    words,
    st.lists(triggers, max_size=2).map(tuple),
    st.lists(nodes, max_size=3).map(tuple),
    targets,
    audience=conditions,
    again=st.builds(p.Again, st.sampled_from(["never", "after", "once"]), st.none() | lengths, st.none() | names),
    stops=st.lists(st.builds(p.StopRule, conditions, words, targets), max_size=2).map(tuple),
    goal=st.none() | conditions,
    values=st.dictionaries(words, values, max_size=2),
    watches=st.lists(names, max_size=2).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(plans)
def test_a_plan_survives_json(plan):
    again = plan_from_json(plan_to_json(plan))
    assert again == plan
    # 1 == True == 1.0 in Python; the letters tell them apart.
    assert plan_to_json(again) == plan_to_json(plan)


@settings(max_examples=30, deadline=None)
@given(plans)
def test_the_digest_is_of_everything_but_itself(plan):
    once = with_digest(plan)
    assert with_digest(once) == once
    assert with_digest(p.Plan(**{**vars_of(plan), "name": plan.name + "!"})).digest != once.digest


def vars_of(plan):
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__}


def test_the_five_journeys_survive_json(five):
    for plan in five.plans.values():
        assert plan_from_json(plan_to_json(plan)) == plan
        assert with_digest(plan).digest == plan.digest


def test_the_letters_are_canonical(five):
    text = plan_to_json(five.plans["welcome"])
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
