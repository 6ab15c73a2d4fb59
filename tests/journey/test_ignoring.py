from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.ignoring import without_ignored

FILE = "journeys/one.yaml"


def found(code, line, severity="warning"):
    return Diagnostic(code, severity, f"{code} on {line}", Place(FILE, line, 3, line, 9))


def left(text, *mistakes):
    return [(one.code, one.place.line) for one in without_ignored(mistakes, {FILE: text})]


def test_a_warning_that_is_meant_is_left_out_on_its_line_alone():
    text = "a: b  # as agreed   # lifeloop: ignore J223\nc: d\n"
    assert left(text, found("J223", 1), found("J223", 2), found("J221", 1)) == [("J223", 2), ("J221", 1)]


def test_several_codes_may_stand_in_one_comment():
    text = "a: b  # lifeloop: ignore J223, J221 J203\n"
    assert left(text, found("J223", 1), found("J221", 1), found("J203", 1)) == []


def test_an_error_stays_and_the_ignore_is_told_that_it_cannot():
    kept = without_ignored([found("J131", 1, "error")], {FILE: "a: b  # lifeloop: ignore J131\n"})
    assert [(one.code, one.severity) for one in kept] == [("J131", "error"), ("J225", "note")]
    assert kept[1].label == "an error cannot be ignored"


def test_an_ignore_that_ignores_nothing_is_a_note_at_its_code():
    (note,) = without_ignored([], {FILE: "x: y\na: b  # lifeloop: ignore J223\n"})
    assert (note.code, note.severity, note.message) == ("J225", "note", "this line has no J223 to ignore")
    assert (note.place.line, note.place.column, note.place.end_column) == (2, 26, 30)


def test_other_comments_and_other_words_ignore_nothing():
    for text in ("a: b  # ignore J223\n", "a: b# lifeloop: ignore J223\n", "a: b  # lifeloop: ignore\n"):
        assert left(text, found("J223", 1)) == [("J223", 1)]
