from dataclasses import replace
from datetime import date, time
from typing import get_args

import pytest

from lifeloop.engine.chance import share_of
from lifeloop.engine.errors import BrokenPlanError, BrokenStateError
from lifeloop.engine.machine import _STEPS, advance
from lifeloop.engine.values import EmitEvent, EnterJourney, Event, SendMessage, Sent, State, Status, Wake
from lifeloop.journey.condition import ALWAYS, DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, OnDate
from lifeloop.journey.plan import (
    Branch,
    Call,
    Case,
    Enter,
    Late,
    Milestone,
    Node,
    Path,
    Record,
    Send,
    Set,
    Split,
    Stop,
    StopRule,
    Wait,
    WaitFor,
)

END = DataName("customer", ("ends",))
TEN = time(10)


def days_before(number):
    return FromAnchor(Length(days=number), before=True, anchor=END, at=TEN)


@pytest.fixture
def series(trial):
    """Three mails, 60, 30 and 10 days before the end."""
    return trial.plan(
        Wait("w60", days_before(60), "s60", ahead="w30"),
        Send("s60", "m/60", ("email",), trial.FREE, "w30"),
        Wait("w30", days_before(30), "s30", ahead="w10"),
        Send("s30", "m/30", ("email",), trial.FREE, "w10"),
        Wait("w10", days_before(10), "s10"),
        Send("s10", "m/10", ("email",), trial.FREE),
        ahead="w60",
    )


def test_a_date_that_moves_away_moves_the_wait_with_it(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
    assert trial.shown(ana.state.due_at) == "2026-11-01 10:00"
    ana.changes("2026-09-10 12:00", ends="2027-03-31")
    assert trial.shown(ana.state.due_at) == "2027-01-30 10:00"
    assert ana.words("retimed") == [("retimed", "change")]


def test_a_date_that_comes_closer_moves_the_wait_closer(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
    ana.changes("2026-09-10 12:00", ends="2026-11-20").run("2026-12-31 00:00")
    assert [when for when, _ in ana.out[:3]] == ["2026-09-21 10:00", "2026-10-21 10:00", "2026-11-10 10:00"]


def test_a_moment_that_moves_just_into_the_past_is_now(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
    ana.changes("2026-09-10 12:00", ends="2026-11-09")
    assert ana.out == [("2026-09-10 12:00", "send m/60")]


def test_a_moment_that_moves_far_into_the_past_is_missed_and_skipped(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
    ana.changes("2026-09-10 12:00", ends="2026-10-20").run("2026-12-31 00:00")
    assert ana.out[:2] == [("2026-09-20 10:00", "send m/30"), ("2026-10-10 10:00", "send m/10")]
    assert ana.words("missed") == [("missed", "its time was over")]


def test_everything_missed_leaves_nothing_ahead(trial, series):
    ana = trial.life(series, ends="2026-09-05").begin("2026-09-01 12:00")
    assert ana.out == [("2026-09-01 12:00", "completed: nothing left ahead")]


@pytest.mark.parametrize(
    ("missed", "out"),
    [
        ("skip", ["send m/ahead", "completed"]),
        ("continue", ["send m/next", "completed"]),
        ("stop", ["stopped: missed"]),
    ],
)
@pytest.mark.parametrize("ends", ["2026-09-05", None, "never"])
def test_what_a_missed_moment_does(trial, missed, out, ends):
    plan = trial.plan(
        Wait("w", days_before(60), "s", missed=missed, ahead="o"),
        Send("s", "m/next", ("email",), trial.FREE),
        Wait("o", OnDate(date(2026, 12, 1), TEN), "a"),
        Send("a", "m/ahead", ("email",), trial.FREE),
    )
    ana = trial.life(plan, ends=ends).begin("2026-09-01 12:00").run("2027-01-01 00:00")
    assert [what for _, what in ana.out] == out


def test_an_anchor_that_vanishes_while_waiting_is_a_miss(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00").changes("2026-09-10 12:00", ends=None)
    assert ana.out == [("2026-09-10 12:00", "completed: nothing left ahead")]


def outage(ana, until):
    ana.now = until
    return ana.look(Wake.TIMER)


def test_our_own_lateness_is_not_a_miss_and_late_decides(trial, series):
    for back_at, first in (("2026-11-02 09:00", "m/60"), ("2026-11-03 10:00", "m/30")):
        ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
        outage(ana, trial.at(back_at)).run("2026-12-02 00:00")
        assert ana.out[0][1] == f"send {first}"
        assert not ana.words("missed")


def test_late_may_send_all_the_same_or_stop(trial):
    for then, out in (("send", "send m/x"), ("stop", "stopped: late"), ("skip", "completed")):
        policy = replace(trial.FREE, late=Late(then=then))
        plan = trial.plan(Wait("w", Length(days=3), "s"), Send("s", "m/x", ("email",), policy))
        ana = outage(trial.life(plan).begin("2026-09-01 12:00"), trial.at("2026-09-08 12:00"))
        assert ana.out[0][1] == out


def test_lateness_is_counted_through_several_waits(trial):
    plan = trial.plan(
        Wait("w", Length(days=1), "ten"), Wait("ten", AtTime(TEN), "s"), Send("s", "m/x", ("email",), trial.FREE)
    )
    ana = outage(trial.life(plan).begin("2026-09-01 12:00"), trial.at("2026-09-10 09:00"))
    assert ana.words("dropped") == [("dropped", "late: 167 hours late")]


def test_waits_do_not_drift_by_the_time_we_take(trial):
    plan = trial.plan(*(Wait(f"w{n}", Length(days=1), f"w{n + 1}") for n in range(9)), Milestone("w9", "end"))
    ana = trial.life(plan).begin("2026-09-01 12:00")
    while ana.state.due_at:
        ana.now = ana.state.due_at + 40
        ana.look(Wake.TIMER)
    assert ana.now == trial.at("2026-09-10 12:00") + 40


def test_a_customer_who_moves_is_woken_on_the_new_clock(trial):
    plan = trial.plan(Wait("w", Length(days=3), "ten"), Wait("ten", AtTime(TEN), None))
    ana = trial.life(plan).begin("2026-09-01 12:00").run("2026-09-04 12:00")
    assert trial.shown(ana.state.due_at) == "2026-09-05 10:00"
    ana.changes("2026-09-04 13:00", timezone="America/New_York")
    assert trial.shown(ana.state.due_at) == "2026-09-04 16:00"
    ana.changes("2026-09-04 14:00", timezone="Mars/Base")
    assert trial.shown(ana.state.due_at) == "2026-09-05 10:00"


def test_looking_too_early_or_with_an_overwritten_due_time_changes_nothing(trial, series):
    ana = trial.life(series, ends="2026-12-31").begin("2026-09-01 12:00")
    woken = ana.state._replace(due_at=trial.at("2026-09-02 12:00"))
    move = advance(series, woken, Wake.EVENT, facts=ana.facts, now=woken.due_at)
    assert move.effects == ()
    assert move.state == ana.state


def test_a_final_state_never_moves(trial, series):
    for status in (Status.COMPLETED, Status.STOPPED, Status.FAILED):
        final = State(None, status)
        assert advance(series, final, Wake.TIMER, facts=trial.life(series).facts, now=0).state is final


@pytest.fixture
def asking(trial):
    """Ask twice for the same kind of event."""
    fits = trial.is_("event.id", "is", DataName("start", ("id",)))
    return trial.plan(
        WaitFor("first", "a.came", Length(days=2), where=fits, then="second", otherwise="none"),
        WaitFor("second", "a.came", Length(days=2), then="both", otherwise="one"),
        Stop("both", "both"),
        Stop("one", "one"),
        Stop("none", "none"),
    )


def test_an_event_is_used_once(trial, asking):
    ana = trial.life(asking).begin("2026-09-01 12:00", start={"id": 1})
    ana.state = ana.state._replace(start={"id": "A"})
    ana.happens("2026-09-02 12:00", "a.came", {"id": "A"}).run("2026-10-01 00:00")
    assert ana.out == [("2026-09-04 12:00", "stopped: one")]


def test_an_event_that_does_not_fit_stays_for_the_next_wait(trial, asking):
    ana = trial.life(asking).begin("2026-09-01 12:00", start={"id": "A"})
    ana.happens("2026-09-01 13:00", "a.came", {"id": "B"}).happens("2026-09-02 12:00", "a.came", {"id": "A"})
    assert ana.out == [("2026-09-02 12:00", "stopped: both")]
    assert ana.state.event == {"id": "B"}


def test_the_event_that_started_a_run_is_used_and_so_are_those_before(trial):
    plan = trial.plan(
        WaitFor("w", "a.came", Length(days=2), then="yes", otherwise="no"), Stop("yes", "y"), Stop("no", "n")
    )
    ana = trial.life(plan)
    ana.learn("a.came", when="2026-08-01 12:00")
    ana.begin("2026-09-01 12:00", "event", event="a.came").run("2026-10-01 00:00")
    assert ana.out == [("2026-09-03 12:00", "stopped: n")]


def test_since_now_ignores_what_came_before_the_wait(trial):
    wait = WaitFor("w", "a.came", Length(days=2), since_now=True, then="yes", otherwise="no")
    plan = trial.plan(Wait("d", Length(days=1), "w"), wait, Stop("yes", "y"), Stop("no", "n"))
    for again, out in ((None, "stopped: n"), ("2026-09-03 12:00", "stopped: y")):
        ana = trial.life(plan).begin("2026-09-01 12:00").happens("2026-09-01 13:00", "a.came").run("2026-09-02 12:00")
        if again:
            ana.happens(again, "a.came")
        assert ana.run("2026-10-01 00:00").out[0][1] == out


def test_at_the_deadline_the_event_wins_and_a_second_later_it_lost(trial):
    plan = trial.plan(
        WaitFor("w", "a.came", Length(days=2), then="yes", otherwise="no"), Stop("yes", "y"), Stop("no", "n")
    )
    for offset, out in ((0, "stopped: y"), (1, "stopped: n")):
        ana = trial.life(plan).begin("2026-09-01 12:00")
        deadline = ana.state.due_at
        ana.now = deadline + 3600
        ana.facts = ana.facts._replace(events=(Event(1, "a.came", deadline + offset),))
        assert ana.look(Wake.EVENT).out[0][1] == out


def test_a_limit_counted_from_a_date_moves_with_it(trial):
    plan = trial.plan(WaitFor("w", "a.came", days_before(5)))
    ana = trial.life(plan, ends="2026-12-31").begin("2026-09-01 12:00").changes("2026-09-02 12:00", ends="2026-10-31")
    assert trial.shown(ana.state.due_at) == "2026-10-26 10:00"
    ana.changes("2026-09-03 12:00", ends=None)
    assert ana.words("time is up") == [("time is up", "")]


def test_a_held_send_leaves_once_and_what_follows_counts_from_there(trial):
    plan = trial.plan(
        Send("s", "m/x", ("email",), trial.MARKETING, "w"),
        Wait("w", Length(days=1), "t"),
        Send("t", "m/y", ("email",), trial.FREE),
    )
    ana = trial.life(plan).begin("2026-09-04 19:00")
    for when in ("2026-09-05 10:00", "2026-09-06 10:00"):
        ana.happens(when, "other.thing")
    assert ana.words("held", "sent") == [("held", "hours")]
    assert ana.run("2026-10-01 00:00").out[:2] == [("2026-09-07 09:00", "send m/x"), ("2026-09-08 09:00", "send m/y")]


def test_an_hour_of_holding_is_never_lateness(trial):
    policy = replace(trial.MARKETING, late=Late(after=Length(seconds=3600), then="stop"))
    plan = trial.plan(Send("s", "m/x", ("email",), policy))
    ana = trial.life(plan).begin("2026-09-04 19:00").run("2026-10-01 00:00")
    assert ana.out[0] == ("2026-09-07 09:00", "send m/x")


def test_a_message_expires_by_the_time_it_was_meant_for(trial):
    policy = replace(trial.MARKETING, expires=Length(days=1))
    plan = trial.plan(Send("s", "m/x", ("email",), policy, "m"), Milestone("m", "after"))
    ana = trial.life(plan).begin("2026-09-04 19:00")
    assert ana.out == [("2026-09-04 19:00", "completed")]
    assert ana.words("dropped") == [("dropped", "expired: held by hours")]


def test_what_was_said_in_the_same_move_counts(trial):
    plan = trial.plan(
        Send("s", "m/x", ("email",), trial.MARKETING, "b"),
        Branch("b", (Case(trial.message("m/*", "sent"), "t"),)),
        Send("t", "m/y", ("email",), trial.MARKETING),
    )
    ana = trial.life(plan).begin("2026-09-01 12:00").run("2026-10-01 00:00")
    assert ana.out[:2] == [("2026-09-01 12:00", "send m/x"), ("2026-09-02 09:00", "send m/y")]


def test_a_message_carries_the_data_its_text_reads(trial):
    policy = replace(trial.FREE, expires=Length(days=2))
    send = Send("s", "m/x", ("email",), policy, uses=("customer", "start", "values", "event"), args={"n": 1})
    ana = trial.life(trial.plan(send, values={"offer": "10%"})).begin("2026-09-01 12:00", start={"id": "A"})
    (said,) = [effect for effect in ana.effects if isinstance(effect, SendMessage)]
    assert said.data == {"start": {"id": "A", "date": "2026-09-01"}, "values": {"offer": "10%"}, "event": {}}
    assert (said.args, said.visit, said.due_at) == ({"n": 1}, 1, ana.now)
    assert said.expires_at == trial.at("2026-09-03 12:00")


def test_a_stop_rule_ends_a_run_before_the_next_step(trial):
    gone = trial.is_("customer.status", "is", "gone")
    status = DataName("customer", ("status",))
    plan = trial.plan(
        Set("set", ((status, "gone"),), "s"),
        Send("s", "m/x", ("email",), trial.FREE),
        stops=(StopRule(gone, "customer.status is gone"),),
    )
    assert trial.life(plan).begin("2026-09-01 12:00").out == [("2026-09-01 12:00", "stopped: customer.status is gone")]


def test_closing_steps_ask_no_rule_again_and_end_stopped(trial):
    left = trial.happened("left")
    plan = trial.plan(
        Wait("w", Length(days=9)),
        Wait("pause", Length(days=1), "bye"),
        Send("bye", "m/bye", ("email",), trial.FREE, "end"),
        Stop("end", "another reason"),
        stops=(StopRule(left, "left happened", "pause"), StopRule(trial.happened("came.back"), "back")),
    )
    ana = trial.life(plan).begin("2026-09-01 12:00").happens("2026-09-02 12:00", "left")
    ana.happens("2026-09-02 13:00", "came.back").run("2026-10-01 00:00")
    assert ana.out == [("2026-09-03 12:00", "send m/bye"), ("2026-09-03 12:00", "stopped: left happened")]


def test_a_goal_is_noted_once_and_ends_nothing(trial):
    plan = trial.plan(Wait("w", Length(days=9)), goal=trial.happened("bought"))
    ana = trial.life(plan).begin("2026-09-01 12:00").happens("2026-09-02 12:00", "bought")
    ana.happens("2026-09-03 12:00", "bought").run("2026-10-01 00:00")
    assert ana.words("goal") == [("goal", "")]
    assert ana.state.converted_at == trial.at("2026-09-02 12:00")
    assert ana.out == [("2026-09-10 12:00", "completed")]


def test_a_call_that_wants_an_answer_waits_for_it(trial):
    plan = trial.plan(
        Call("c", "crm", "create-task", answer_as="ticket", next="b"),
        Branch("b", (Case(trial.is_("journey.ticket.id", "is", "T1"), "yes"),), "no"),
        Stop("yes", "has a ticket"),
        Stop("no", "has none"),
    )
    ana = trial.life(plan).begin("2026-09-01 12:00")
    assert ana.state.node == "c"
    assert ana.answers("2026-09-01 12:05", {"id": "T1"}).out[-1][1] == "stopped: has a ticket"
    silent = trial.life(plan).begin("2026-09-01 12:00").run("2026-10-01 00:00")
    assert silent.out == [("2026-09-01 12:00", "call crm.create-task"), ("2026-09-02 12:00", "stopped: has none")]


def test_set_copies_data_and_later_assignments_see_earlier_ones(trial):
    wish, copy = DataName("customer", ("wish",)), DataName("journey", ("copy",))
    plan = trial.plan(
        Set("s", ((wish, DataName("start", ("answer",))), (copy, wish), (DataName("customer", ("a", "b")), 1)), "r"),
        Record("r", "wish.noted", {"what": copy}, "e"),
        Enter("e", "recovery", {"why": "asked", "missing": DataName("start", ("nothing",))}),
    )
    ana = trial.life(plan).begin("2026-09-01 12:00", start={"answer": "sun"})
    assert ana.state.memory == {"copy": "sun"}
    emitted = next(effect for effect in ana.effects if isinstance(effect, EmitEvent))
    entered = next(effect for effect in ana.effects if isinstance(effect, EnterJourney))
    assert (emitted.name, emitted.data) == ("wish.noted", {"what": "sun"})
    assert (entered.journey, entered.start) == ("recovery", {"why": "asked", "missing": None})


def test_set_can_change_the_runs_object(trial):
    status = DataName("contract", ("status",))
    plan = trial.plan(
        Set("s", ((status, "asked"),), "b"),
        Branch("b", (Case(trial.is_("contract.status", "is", "asked"), "yes"),)),
        Stop("yes", "yes"),
        object="contract",
    )
    ana = trial.life(plan)
    ana.facts = ana.facts._replace(object={"status": "new"})
    assert ana.begin("2026-09-01 12:00", object_key="C1").out[-1][1] == "stopped: yes"


def test_splits_follow_their_shares_and_stick(trial):
    paths = (Path("a", 4500, "a"), Path("b", 4500, "b"), Path("holdout", 1000, None))
    plan = trial.plan(Split("x", "tone", paths), Stop("a", "a"), Stop("b", "b"))
    for number in range(50):
        ana = trial.life(plan)
        ana.facts = ana.facts._replace(customer_id=f"c{number}")
        ana.begin("2026-09-01 12:00")
        share = share_of("tone", f"c{number}")
        assert ana.words("split") == [("split", "a" if share < 4500 else "b" if share < 9000 else "holdout")]


def test_a_repeat_that_hears_a_click_says_no_more(trial):
    clicked = trial.message("m/*", "clicked")
    plan = trial.plan(
        Wait("w1", Length(days=21), "u1"),
        Branch("u1", (Case(clicked, "out"),), "s1", verb="until"),
        Send("s1", "m/story", ("email",), trial.FREE, "w2"),
        Wait("w2", Length(days=21), "u2"),
        Branch("u2", (Case(clicked, "out"),), "s2", verb="until"),
        Send("s2", "m/story", ("email",), trial.FREE, "out"),
        Milestone("out", "told"),
    )
    quiet = trial.life(plan).begin("2026-07-02 10:00").run("2026-12-01 00:00")
    assert [when for when, _ in quiet.out] == ["2026-07-23 10:00", "2026-08-13 10:00", "2026-08-13 10:00"]
    keen = trial.life(plan).begin("2026-07-02 10:00").run("2026-07-23 10:00").clicks("2026-07-24 10:00", "m/story")
    assert [what for _, what in keen.run("2026-12-01 00:00").out] == ["send m/story", "completed"]


def test_a_branch_tells_which_case_and_what_it_read(trial):
    plan = trial.plan(Branch("b", (Case(trial.is_("customer.plan", "is", "premium"), None),), None, verb="if"))
    ana = trial.life(plan, plan="free").begin("2026-09-01 12:00")
    (chose,) = [visit for visit in ana.visits if getattr(visit, "what", "") == "chose"]
    assert (chose.detail, chose.data) == ("if", {"case": None, "customer.plan": "free"})


def test_a_journey_without_steps_completes_at_once(trial):
    assert trial.life(trial.plan()).begin("2026-09-01 12:00").out == [("2026-09-01 12:00", "completed")]


def test_a_run_on_a_renamed_step_goes_on(trial, series):
    renamed = replace(series, digest="renamed", renamed={"old": "w30"})
    ana = trial.life(renamed, ends="2026-12-31")
    state = State("old", due_at=0, since=trial.at("2026-11-02 12:00"), started_at=trial.at("2026-11-01 12:00"), visit=3)
    move = advance(renamed, state, Wake.TIMER, facts=ana.facts, now=trial.at("2026-11-02 12:00"))
    assert trial.shown(move.state.due_at) == "2026-12-01 10:00"


def test_broken_plans_and_states_are_said_to_be_broken(trial):
    circle = trial.plan(Milestone("a", "a", "b"), Milestone("b", "b", "a"))
    with pytest.raises(BrokenPlanError, match="circle"):
        trial.life(circle).begin("2026-09-01 12:00")
    with pytest.raises(BrokenStateError, match="no step nowhere"):
        advance(circle, State("nowhere", visit=1), Wake.TIMER, facts=trial.life(circle).facts, now=0)


def test_plans_that_share_a_digest_by_mistake_are_told_apart(trial):
    one = replace(trial.plan(Stop("s", "one")), digest="same")
    two = replace(trial.plan(Stop("s", "two")), digest="same")
    for plan in (one, two, one):
        assert trial.life(plan).begin("2026-09-01 12:00").out[0][1] == f"stopped: {plan.nodes[0].reason}"


def test_a_case_that_always_holds(trial):
    plan = trial.plan(Branch("b", (Case(ALWAYS, "s"),)), Stop("s", "always"))
    assert trial.life(plan).begin("2026-09-01 12:00").out[0][1] == "stopped: always"


def test_a_second_hold_does_not_give_a_message_more_time(trial):
    policy = replace(trial.MARKETING, expires=Length(days=3))
    plan = trial.plan(Send("s", "m/x", ("email",), policy))
    ana = trial.life(plan).begin("2026-09-04 19:00")
    elsewhere = Sent("other/mail", "email", "marketing", trial.at("2026-09-06 23:30"))
    ana.facts = ana.facts._replace(sent=(elsewhere,))
    ana.run("2026-10-01 00:00")
    assert ana.words("held", "dropped") == [("held", "hours"), ("dropped", "expired: held by gap")]


def test_a_message_may_be_what_a_stop_rule_waits_for(trial):
    rule = StopRule(trial.message("m/x", "sent"), "said it")
    plan = trial.plan(
        Send("s", "m/x", ("email",), trial.FREE, "t"), Send("t", "m/y", ("email",), trial.FREE), stops=(rule,)
    )
    out = trial.life(plan).begin("2026-09-01 12:00").out
    assert out == [("2026-09-01 12:00", "send m/x"), ("2026-09-01 12:00", "stopped: said it")]


def monthly(trial, *between):
    """A repeat of four rounds, a month apart, as the compiler unrolls it."""
    nodes = []
    for number in range(1, 5):
        wait = Wait(f"r.{number}.wait", Length(months=1), f"s.{number}", repeat="r", round=number)
        after = f"r.{number + 1}.wait" if number < 4 else None
        inner = between[0](number, after) if between else None
        nodes += [wait, Send(f"s.{number}", "m/x", ("email",), trial.FREE, inner.id if inner else after)]
        nodes += [inner] if inner else []
    return trial.plan(*nodes)


def test_rounds_are_counted_from_where_the_repeat_began(trial):
    ana = trial.life(monthly(trial)).begin("2026-10-31 10:00")
    while ana.state.due_at:
        ana.now = ana.state.due_at + 30
        ana.look(Wake.TIMER)
    sent = [when for when, what in ana.out if what == "send m/x"]
    assert sent == ["2026-11-30 10:00", "2026-12-31 10:00", "2027-01-31 10:00", "2027-02-28 10:00"]


def test_a_round_that_took_its_time_begins_a_new_count(trial):
    plan = monthly(trial, lambda number, after: Wait(f"x.{number}", Length(days=2), after))
    ana = trial.life(plan).begin("2026-10-31 10:00").run("2028-01-01 00:00")
    sent = [when for when, what in ana.out if what == "send m/x"]
    assert sent == ["2026-11-30 10:00", "2027-01-02 10:00", "2027-02-04 10:00", "2027-03-06 10:00"]


def test_every_kind_of_node_has_its_step() -> None:
    assert set(_STEPS) == set(get_args(Node))
