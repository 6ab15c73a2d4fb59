from lifeloop.journey.diagnostic import Diagnostic, Place, Suggestion
from lifeloop.journey.fix import fixed


def mistake(line, column, end, text, *, certain=True):
    place = Place("x.yaml", line, column, line, end)
    return Diagnostic("J101", "error", "no", place, suggestions=(Suggestion(text, certain),))


def test_certain_answers_are_put_in_their_places():
    done = fixed("- snd: a/b\n- wiat: 3 days\n", [mistake(1, 3, 6, "send"), mistake(2, 3, 7, "wait")])
    assert done.text == "- send: a/b\n- wait: 3 days\n"
    assert len(done.applied) == 2


def test_uncertain_answers_are_left_to_people():
    done = fixed("- snd: a/b\n", [mistake(1, 3, 6, "send", certain=False)])
    assert done.text == "- snd: a/b\n"
    assert done.applied == ()


def test_an_answer_that_would_break_the_file_is_not_given():
    done = fixed("a: b\nc: d\n", [mistake(1, 4, 5, "[x"), mistake(2, 4, 5, "e")])
    assert done.text == "a: b\nc: e\n"
    assert [one.place.line for one in done.applied] == [2]


def test_two_answers_for_one_place_do_not_mix():
    done = fixed("- snd: a/b\n", [mistake(1, 3, 6, "send"), mistake(1, 3, 6, "split")])
    assert done.text in {"- send: a/b\n", "- split: a/b\n"}
