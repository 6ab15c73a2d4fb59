"""Journeys of the language reference, built by hand, lived through on a set clock."""

from datetime import time

import pytest

from lifeloop.journey.catalogue import Limit
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, OnWeekday
from lifeloop.journey.plan import (
    Ask,
    Branch,
    Call,
    Case,
    Enter,
    Milestone,
    OnEvent,
    OnMoment,
    Path,
    Policy,
    Send,
    Set,
    Split,
    Stop,
    StopRule,
    Wait,
    WaitFor,
)

END = DataName("customer", ("contract_end",))
TEN = time(10)


def days_before(number):
    return FromAnchor(Length(days=number), before=True, anchor=END, at=TEN)


@pytest.fixture
def welcome(trial):
    goal = trial.happened("setup.finished", span=trial.span("within", Length(days=14)))
    marketing, service = trial.MARKETING, trial.SERVICE
    nine_days_after = FromAnchor(Length(days=9), before=False, anchor=DataName("start", ("date",)), at=TEN)
    silent = trial.all_of(
        (
            trial.message("welcome/need-a-hand", "sent"),
            trial.message("welcome/need-a-hand", "opened", negated=True),
        )
    )
    premium = trial.all_of((trial.is_("customer.phone", "is present"), trial.is_("customer.plan", "is", "premium")))
    return trial.plan(
        Send("hello", "welcome/hello", ("email",), service, "wait"),
        Wait("wait", Length(days=1), "morning"),
        Wait("morning", AtTime(TEN), "tone"),
        Split(
            "tone",
            "welcome-tone",
            (Path("personal", 4500, "letter"), Path("checklist", 4500, "steps"), Path("holdout", 1000, "started")),
        ),
        Send("letter", "welcome/letter-from-anna", ("email",), marketing, "started"),
        Send("steps", "welcome/three-steps", ("email",), marketing, "started"),
        WaitFor("started", "setup.started", Length(days=4), then="halfway", otherwise="hand"),
        Send("halfway", "welcome/you-are-halfway", ("email",), marketing, "nine"),
        Send("hand", "welcome/need-a-hand", ("email",), marketing, "premium"),
        Branch("premium", (Case(premium, "task"),), "nine"),
        Call("task", "crm", "create-task", next="nine"),
        Wait("nine", nine_days_after, "silent"),
        Branch("silent", (Case(silent, "text"),), "others"),
        Send("text", "welcome/short-text", ("sms",), marketing),
        Send("others", "welcome/what-others-do-first", ("email",), marketing),
        triggers=(OnEvent("contract.started"),),
        audience=trial.is_("customer.email", "is present"),
        goal=goal,
        stops=(StopRule(goal, "goal reached"), StopRule(trial.happened("contract.cancelled"), "cancelled")),
        ahead="nine",
    )


def start_welcome(trial, welcome, clock, path):
    ana = trial.life(welcome, phone="+31201234567", plan="premium")
    ana.pins = {"welcome-tone": path}
    return ana.begin(clock, "event", event="contract.started", start={"date": clock[:10]})


def test_someone_who_sets_up_quickly_is_left_alone(trial, welcome):
    ana = start_welcome(trial, welcome, "2026-03-02 21:30", "checklist")
    ana.happens("2026-03-04 15:00", "setup.started").happens("2026-03-05 11:00", "setup.finished")
    assert ana.out == [
        ("2026-03-02 21:30", "send welcome/hello"),
        ("2026-03-04 10:00", "send welcome/three-steps"),
        ("2026-03-05 09:00", "send welcome/you-are-halfway"),
        ("2026-03-05 11:00", "stopped: goal reached"),
    ]
    assert ana.state.converted_at == trial.at("2026-03-05 11:00")
    assert ana.words("held") == [("held", "gap")]


def test_a_silent_premium_customer_is_called_then_texted(trial, welcome):
    ana = start_welcome(trial, welcome, "2026-03-02 08:00", "holdout").run("2026-06-01 00:00")
    assert ana.out == [
        ("2026-03-02 08:00", "send welcome/hello"),
        ("2026-03-09 09:00", "send welcome/need-a-hand"),
        ("2026-03-09 09:00", "call crm.create-task"),
        ("2026-03-11 10:00", "send welcome/short-text"),
        ("2026-03-11 10:00", "completed"),
    ]


def test_someone_who_began_before_we_asked_is_not_offered_help(trial, welcome):
    ana = start_welcome(trial, welcome, "2026-03-02 08:00", "personal")
    ana.happens("2026-03-02 19:00", "setup.started").run("2026-03-10 08:00")
    assert ana.out == [
        ("2026-03-02 08:00", "send welcome/hello"),
        ("2026-03-03 10:00", "send welcome/letter-from-anna"),
        ("2026-03-04 09:00", "send welcome/you-are-halfway"),
    ]


@pytest.fixture
def satisfaction(trial):
    hours = Hours((1, 2, 3, 4, 5, 6, 7), time(9), time(19))
    service = Policy("service", needs_consent=False, counts=False, hours=hours)
    same_order = trial.is_("event.order_id", "is", DataName("start", ("order_id",)))
    asked = {"event": "survey.answered", "where": same_order}
    return trial.plan(
        Wait("three", Length(days=3), "ten"),
        Wait("ten", AtTime(TEN), "how"),
        Send("how", "satisfaction/how-was-it", ("email",), service, "answer"),
        WaitFor("answer", max=Length(days=4), then="score", otherwise="again", **asked),
        Send("again", "satisfaction/one-click", ("email",), service, "answer-2"),
        WaitFor("answer-2", max=Length(days=7), then="score", otherwise="silent", **asked),
        Stop("silent", "no answer"),
        Set("score", ((DataName("customer", ("last_score",)), DataName("event", ("score",))),), "choose"),
        Branch(
            "choose",
            (
                Case(trial.is_("customer.last_score", "is at most", 6, kind="number"), "bad"),
                Case(trial.is_("event.score", "is at most", 8, kind="number"), "fair"),
            ),
            "delighted",
        ),
        Milestone("bad", "dissatisfied", "task"),
        Call("task", "crm", "create-task", next="sorry"),
        Send("sorry", "satisfaction/sorry-from-a-person", ("email",), service, "recovery"),
        Enter("recovery", "recovery", next="handed"),
        Stop("handed", "handed to recovery"),
        Milestone("fair", "content", "ten-please"),
        Send("ten-please", "satisfaction/thanks-what-would-make-it-a-ten", ("email",), service),
        Milestone("delighted", "delighted", "thanks"),
        Send("thanks", "satisfaction/thanks", ("email",), service),
        triggers=(OnEvent("order.delivered"),),
        audience=trial.is_("start.total", "is at least", 20, kind="number"),
        goal=trial.happened("survey.answered", span=trial.span("within", Length(days=14))),
        stops=(StopRule(trial.happened("order.returned"), "order.returned happened"),),
    )


def test_an_unhappy_customer_reaches_a_human_the_same_day(trial, satisfaction):
    ana = trial.life(satisfaction)
    ana.begin("2026-03-02 08:00", "event", event="order.delivered", start={"order_id": "A-17", "total": 59.9})
    ana.happens("2026-03-06 10:00", "survey.answered", {"order_id": "B-1", "score": 9})
    ana.happens("2026-03-06 11:12", "survey.answered", {"order_id": "A-17", "score": 3})
    assert ana.out == [
        ("2026-03-05 10:00", "send satisfaction/how-was-it"),
        ("2026-03-06 11:12", "call crm.create-task"),
        ("2026-03-06 11:12", "send satisfaction/sorry-from-a-person"),
        ("2026-03-06 11:12", "enter recovery"),
        ("2026-03-06 11:12", "stopped: handed to recovery"),
    ]
    assert ana.facts.customer["last_score"] == 3


def test_silence_means_one_reminder_and_no_more(trial, satisfaction):
    ana = trial.life(satisfaction)
    ana.begin("2026-03-02 08:00", "event", event="order.delivered", start={"order_id": "A-17", "total": 59.9})
    assert ana.run("2027-01-01 00:00").out == [
        ("2026-03-05 10:00", "send satisfaction/how-was-it"),
        ("2026-03-09 10:00", "send satisfaction/one-click"),
        ("2026-03-16 10:00", "stopped: no answer"),
    ]


def test_small_orders_are_not_asked(trial, satisfaction):
    ana = trial.life(satisfaction)
    refused = ana.begin("2026-03-02 08:00", "event", event="order.delivered", start={"order_id": "A", "total": 4.5})
    assert refused.rule == "audience"


def test_vlog_chat_review_gift(trial):
    marketing = trial.MARKETING
    loyalty = trial.plan(
        Wait("tuesday", OnWeekday((2,), TEN), "vlog"),
        Send("vlog", "loyalty/vlog", ("email",), marketing, "watched"),
        WaitFor("watched", "video.watched", Length(days=10), then="two", otherwise="quote"),
        Wait("two", Length(days=2), "weekday"),
        Wait("weekday", OnWeekday((1, 2, 3, 4, 5), TEN), "going"),
        Send("going", "loyalty/how-is-it-going", ("email",), marketing, "answer"),
        Send("quote", "loyalty/quote", ("email",), marketing, "five"),
        Wait("five", Length(days=5), "answer"),
        WaitFor("answer", "survey.answered", Length(days=7), then="high", otherwise="quiet"),
        Stop("quiet", "no reaction"),
        Branch("high", (Case(trial.is_("event.score", "is at least", 9, kind="number"), "tell"),)),
        Send("tell", "loyalty/would-you-tell-others", ("email",), marketing, "review"),
        WaitFor("review", "review.posted", Length(days=14), then="gift", otherwise="friend"),
        Send("gift", "loyalty/thank-you-gift", ("email",), marketing),
        Send("friend", "loyalty/invite-a-friend", ("email",), marketing),
        triggers=(OnMoment((FromAnchor(Length(months=5), before=False, anchor=END, at=TEN),)),),
    )
    ana = trial.life(loyalty).begin("2026-08-01 10:00", "date")
    ana.happens("2026-08-05 20:15", "video.watched")
    ana.happens("2026-08-10 12:00", "survey.answered", {"score": 10})
    ana.happens("2026-08-13 18:40", "review.posted", {"stars": 5}).run("2026-12-01 00:00")
    assert ana.out == [
        ("2026-08-04 10:00", "send loyalty/vlog"),
        ("2026-08-10 10:00", "send loyalty/how-is-it-going"),
        ("2026-08-11 10:00", "send loyalty/would-you-tell-others"),
        ("2026-08-17 10:00", "send loyalty/thank-you-gift"),
        ("2026-08-17 10:00", "completed"),
    ]
    assert ("held", "limit") in ana.words("held")


@pytest.fixture
def renewal(trial):
    contract = Policy(
        "contract",
        needs_consent=False,
        hours=trial.OFFICE,
        gap=Length(seconds=20 * 3600),
        limit=Limit(1, Length(days=7)),
    )
    daily = Hours((1, 2, 3, 4, 5, 6, 7), time(9), time(20))
    thanks = Policy("service", needs_consent=False, counts=False, hours=daily)
    wish = DataName("customer", ("next_year_wish",))
    renewed = trial.happened("contract.renewed")
    return trial.plan(
        Send("pictures", "renewal/your-year-in-pictures", ("email",), contract, "sixty"),
        Wait("sixty", days_before(60), "new", ahead="forty-five"),
        Send("new", "renewal/what-is-new-for-you", ("email",), contract, "forty-five"),
        Wait("forty-five", days_before(45), "matters", ahead="thirty"),
        Send("matters", "renewal/what-matters-next-year", ("email",), contract, "answer"),
        WaitFor("answer", "question.answered", Length(days=10), then="wish", otherwise="thirty"),
        Set("wish", ((wish, DataName("event", ("answer",))),), "thirty"),
        Wait("thirty", days_before(30), "which", ahead="fourteen"),
        Branch(
            "which",
            (
                Case(trial.is_("customer.next_year_wish", "is", "price"), "lead"),
                Case(trial.is_("customer.next_year_wish", "is", "upgrade"), "upgrade"),
            ),
            "plain",
        ),
        Ask("lead", "retention-lead", "Offer more?", Length(days=1), then="best", otherwise="plain"),
        Set("best", ((DataName("journey", ("offer",)), DataName("values", ("best_offer",))),), "offer"),
        Set("plain", ((DataName("journey", ("offer",)), DataName("values", ("offer",))),), "offer"),
        Send("offer", "renewal/offer", ("email",), contract, "fourteen", uses=("customer", "journey")),
        Send("upgrade", "renewal/upgrade-offer", ("email",), contract, "fourteen"),
        Wait("fourteen", days_before(14), "reminder", ahead="five"),
        Send("reminder", "renewal/reminder", ("email",), contract, "five"),
        Wait("five", days_before(5), "has-phone"),
        Branch("has-phone", (Case(trial.is_("customer.phone", "is present"), "last"),), "worth", verb="when"),
        Send("last", "renewal/last-call", ("sms",), contract, "worth"),
        Branch("worth", (Case(trial.is_("customer.yearly_value", "is at least", 500, kind="number"), "task"),)),
        Call("task", "crm", "create-task"),
        Send("thank-you", "renewal/thank-you", ("email",), thanks),
        first="pictures",
        ahead="sixty",
        triggers=(OnMoment((days_before(75),)),),
        values={"offer": "10%", "best_offer": "15%"},
        stops=(
            StopRule(renewed, "contract.renewed happened", "thank-you"),
            StopRule(trial.happened("contract.cancelled"), "contract.cancelled happened"),
        ),
    )


def test_the_full_road_to_a_renewal_on_day_50(trial, renewal):
    ana = trial.life(renewal, contract_end="2026-06-30", phone="+31", yearly_value=900)
    ana.begin("2026-04-16 10:00", "date")
    ana.happens("2026-05-20 09:30", "question.answered", {"answer": "upgrade"})
    ana.happens("2026-06-04 21:00", "contract.renewed").run("2027-01-01 00:00")
    assert ana.out == [
        ("2026-04-16 10:00", "send renewal/your-year-in-pictures"),
        ("2026-05-01 10:00", "send renewal/what-is-new-for-you"),
        ("2026-05-18 09:00", "send renewal/what-matters-next-year"),
        ("2026-06-01 09:00", "send renewal/upgrade-offer"),
        ("2026-06-05 09:00", "send renewal/thank-you"),
        ("2026-06-05 09:00", "stopped: contract.renewed happened"),
    ]


def test_who_is_known_late_gets_the_reminder_and_not_five_mails_at_once(trial, renewal):
    ana = trial.life(renewal, contract_end="2026-06-30", yearly_value=120)
    ana.begin("2026-06-10 08:00", "hand", due_at="2026-04-16 10:00").run("2027-01-01 00:00")
    assert ana.out == [("2026-06-16 10:00", "send renewal/reminder"), ("2026-06-25 10:00", "completed")]
    assert ana.words("started") == [("started", "late")]


def test_when_the_contract_is_extended_everything_moves_with_it(trial, renewal):
    ana = trial.life(renewal, contract_end="2026-06-30", yearly_value=120).begin("2026-04-16 10:00", "date")
    ana.changes("2026-05-25 12:00", contract_end="2026-12-31").run("2026-06-14 00:00")
    assert [what for _, what in ana.out] == [
        "send renewal/your-year-in-pictures",
        "send renewal/what-is-new-for-you",
        "send renewal/what-matters-next-year",
    ]
    assert trial.shown(ana.state.due_at) == "2026-12-01 10:00"


@pytest.mark.parametrize(("approved", "offer"), [(True, "15%"), (False, "10%"), (None, "10%")])
def test_only_a_yes_in_time_is_a_yes(trial, renewal, approved, offer):
    ana = trial.life(renewal, contract_end="2026-06-30", next_year_wish="price").begin("2026-04-16 10:00", "date")
    ana.run("2026-05-31 10:00")
    assert ana.state.node == "lead"
    if approved is not None:
        ana.answers("2026-05-31 18:00", {"approved": approved})
    ana.run("2026-06-02 12:00")
    sent = [effect for effect in ana.effects if getattr(effect, "node", "") == "offer" and hasattr(effect, "policy")]
    assert [effect.data for effect in sent] == [{"journey": {"offer": offer}}]
