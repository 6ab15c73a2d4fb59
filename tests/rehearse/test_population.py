from collections import Counter
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from lifeloop.engine.values import SendMessage, Visited
from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Policy
from lifeloop.rehearse.behaviour import Temper
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.people import made_up
from lifeloop.rehearse.population import Life, Population
from lifeloop.rehearse.tally import Tally

BEGIN = 1_772_409_600
YEAR = 365 * 86_400
UTC = ZoneInfo("UTC")
COUNTS = Policy("stories", gap=Length(seconds=20 * 3600))


def crowd(project, seed=3):
    return Population(project.plans, list(project.people.values()), project.catalogue, BEGIN, BEGIN + YEAR, seed)


def sends(lives):
    return [[(at, said.message) for at, _, said in life.sends] for life in lives]


def test_the_same_seed_is_the_same_year_and_another_is_not(starter):
    assert sends(crowd(starter).lives(6)) == sends(crowd(starter).lives(6))
    assert sends(crowd(starter).lives(6)) != sends(crowd(starter, seed=4).lives(6))


def test_a_life_depends_on_its_number_not_on_how_many_there_are(starter):
    assert sends(crowd(starter).lives(3)) == sends(crowd(starter).lives(6))[:3]


def test_recovery_starts_seldom(starter):
    begun = Counter(
        one.journey
        for life in crowd(starter).lives(120)
        for one in life.happened
        if getattr(one.effect, "what", "") == "started"
    )
    assert begun["recovery"] < begun["welcome"] / 2
    assert begun["recovery"] > 0


def test_dates_in_made_up_answers_lie_around_the_day_they_are_given(starter):
    temper = Temper.of(1, starter.catalogue, starter.plans)
    for number in range(40):
        value = temper._value(Attribute("day", "date"), "x", f"{number}", BEGIN)
        assert -8 <= (date.fromisoformat(value) - date(2026, 3, 2)).days <= 31


def test_made_up_comments_are_words_that_a_mail_can_quote(starter):
    temper = Temper.of(1, starter.catalogue, starter.plans)
    said = {temper._value(Attribute("comment", "text"), "x", f"{number}", BEGIN) for number in range(40)}
    assert len(said) > 1
    assert all(" " in one for one in said)


def test_made_up_customers_are_not_the_samples(starter):
    people = [made_up(number, 1, list(starter.people.values()), starter.catalogue) for number in range(20)]
    assert len({person.name for person in people}) == 20
    assert {person.customer.get("email") for person in people}.isdisjoint(
        person.customer.get("email") for person in starter.people.values() if "email" in person.customer
    )


def life(starter, *times, policy=COUNTS):
    person = starter.people["ana"]
    said = (SendMessage("n", 1, "welcome/hello", "email", policy, at, None, None, {}, {}) for at in times)
    happened = tuple(Happened(at, "welcome", one, "-") for at, one in zip(times, said, strict=True))
    return Life(replace(person), (), happened)


def test_a_tally_counts_people_hours_and_days(starter):
    tally = Tally(UTC)
    for one in (life(starter), life(starter, BEGIN, BEGIN + 3600), life(starter, BEGIN + 60, BEGIN + 3 * 86_400)):
        tally.add(one)
    assert (tally.people, tally.messages, tally.without) == (3, 4, 1)
    assert dict(tally.per_person) == {0: 1, 2: 2}
    assert tally.busiest_hour == (date(2026, 3, 2), 0, 2)
    assert tally.busiest_day == (date(2026, 3, 2), 3)
    assert (tally.at_least(0.3), tally.at_least(0.5)) == (0, 2)


def held(at, journey, rule):
    return Happened(at, journey, Visited("n", 1, at, "held", rule), "-")


def test_only_what_the_gap_had_to_part_is_a_collision(starter):
    both = life(starter, BEGIN, BEGIN + 3600)
    quiet = life(starter, BEGIN + 60, policy=replace(COUNTS, counts=False)).happened
    tally = Tally(UTC)
    tally.add(both)
    assert not tally.collisions, "two messages that the gap does not concern may come close"
    later = (held(BEGIN + 70, "renewal", "gap"), held(BEGIN + 80, "renewal", "hours"))
    tally.add(replace(both, happened=(both.happened[0], *quiet, *later)))
    assert dict(tally.collisions) == {("welcome", "renewal"): 1}
