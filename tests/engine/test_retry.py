from hypothesis import given
from hypothesis import strategies as st

from lifeloop.engine.retry import Ability, AskAt, Outcome, Park, Pause, RetryAt, Settled, next_try, pause_after

NOW = 1_800_000_000
KEYS = Ability(key_window=86_400)


def follows(outcome, *, attempt=1, first=NOW, now=NOW, **more):
    return next_try(outcome, message_id="m1", attempt=attempt, first_tried_at=first, now=now, **more)


def test_final_outcomes_are_final():
    assert follows(Outcome.ACCEPTED) == Settled("accepted")
    assert follows(Outcome.REJECTED) == Settled("rejected")


def test_a_broken_setting_pauses_the_way_out_and_uses_up_no_message():
    assert follows(Outcome.CONFIGURATION) == Pause()


def test_what_surely_did_not_arrive_is_tried_again_until_it_would_be_late():
    again = follows(Outcome.NOT_ACCEPTED)
    assert isinstance(again, RetryAt)
    assert again.at > NOW
    assert follows(Outcome.NOT_ACCEPTED, give_up_at=again.at) == again
    assert follows(Outcome.NOT_ACCEPTED, give_up_at=again.at - 1) == Settled("given up")


def test_an_unknown_outcome_is_tried_again_only_under_a_key_that_is_still_known():
    assert isinstance(follows(Outcome.UNCERTAIN, ability=KEYS), RetryAt)
    assert follows(Outcome.UNCERTAIN, now=NOW + 70_000, ability=KEYS) == Settled("assumed sent")
    assert follows(Outcome.UNCERTAIN, ability=KEYS, give_up_at=NOW) == Settled("assumed sent")
    assert follows(Outcome.UNCERTAIN) == Settled("assumed sent")


def test_a_provider_that_can_be_asked_is_asked_first():
    asks = Ability(can_ask=True)
    assert follows(Outcome.UNCERTAIN, ability=asks) == AskAt(NOW + 900)
    assert follows(Outcome.UNCERTAIN, now=NOW + 900, ability=asks) == Settled("assumed sent")


def test_a_person_or_a_resend_only_where_somebody_chose_it():
    assert follows(Outcome.UNCERTAIN, ability=Ability(on_uncertain="park")) == Park()
    assert isinstance(follows(Outcome.UNCERTAIN, ability=Ability(on_uncertain="resend")), RetryAt)


def test_pauses_double_up_to_an_hour():
    pauses = [pause_after(attempt, "m1") for attempt in range(1, 20)]
    assert all(30 * 2**n <= pause < 30 * 2**n * 1.25 for n, pause in enumerate(pauses[:7]))
    assert all(3600 <= pause <= 4500 for pause in pauses[7:])


@given(st.text(), st.integers(1, 10_000), st.none() | st.integers(-(10**9), 10**12))
def test_pauses_are_derived_bounded_and_at_least_what_was_asked(message_id, attempt, wished):
    pause = pause_after(attempt, message_id, wished)
    assert pause == pause_after(attempt, message_id, wished)
    assert 30 <= pause <= 86_400
    assert pause >= min(wished or 0, 86_400)


def test_messages_do_not_come_back_all_at_once():
    assert len({pause_after(8, f"m{number}") for number in range(200)}) > 100
