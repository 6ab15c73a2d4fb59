from __future__ import annotations

from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Suggestion
from lifeloop.journey.frames import frame, frames, in_order

FILE = "journeys/welcome.yaml"
LINES = ["# a remark"] * 23 + ["  - snd: welcome/hello", "    wait: 3"]
SOURCES = {FILE: "\n".join(LINES)}


def at(line: int, column: int, end: int, file: str = FILE) -> Place:
    return Place(file, line, column, line, end)


VERB = Diagnostic(
    "J101",
    "error",
    'a step cannot "snd"',
    at(24, 5, 8),
    'did you mean "send"?',
    "steps start with: ask call choose",
    (Suggestion("send", certain=True),),
)


def test_the_framed_form():
    assert (
        frame(VERB, SOURCES)
        == """\
error J101: a step cannot "snd"
  ┌ journeys/welcome.yaml:24:5
24│   - snd: welcome/hello
  │     ^^^ did you mean "send"?
  = fix: lifeloop fix
  = steps start with: ask call choose"""
    )


def test_related_places_are_shown_in_the_order_of_the_file():
    wait = Related(at(9, 1, 3), "it began here")
    elsewhere = Related(Place("journeys/b.yaml", 31, 1, 31, 2), "and goes on there")
    found = Diagnostic(
        "J103", "warning", "this step both sends and waits", at(25, 5, 9), "split it", "", (), (wait, elsewhere)
    )
    assert (
        frame(found, SOURCES)
        == """\
warning J103: this step both sends and waits
  ┌ journeys/welcome.yaml:25:5
 9│ # a remark
  │ -- it began here
25│     wait: 3
  │     ^^^^ split it
  = journeys/b.yaml:31  and goes on there"""
    )


def test_two_marks_on_one_line_show_it_once():
    found = Diagnostic("J005", "error", "twice", at(24, 10, 15), "here", related=(Related(at(24, 5, 8), "and here"),))
    assert frame(found, SOURCES).count("snd") == 1


def test_the_caret_stands_under_wide_letters():
    source = {"x": "名前: ラーメン, x"}
    shown = frame(Diagnostic("J001", "error", "m", Place("x", 1, 5, 1, 9), "here"), source).splitlines()
    assert shown[-1] == " │ " + " " * 6 + "^" * 8 + " here"


def test_a_long_line_is_cut_around_the_caret():
    source = {"x": "a" * 300 + "WRONG" + "b" * 300}
    lines = frame(Diagnostic("J001", "error", "m", Place("x", 1, 301, 1, 306), "here"), source).splitlines()
    assert len(lines[2]) < 120
    start = lines[3].index("^")
    assert lines[2][start : start + 5] == "WRONG"
    assert lines[2].count("…") == 2


def test_without_the_text_only_the_place_is_shown():
    assert frame(VERB, {}).splitlines()[:3] == [
        'error J101: a step cannot "snd"',
        "  ┌ journeys/welcome.yaml:24:5",
        '  │ did you mean "send"?',
    ]


def test_a_place_beyond_the_end_of_the_text_does_not_break():
    assert "^" in frame(Diagnostic("J001", "error", "m", Place(FILE, 99, 7, 101, 1), "here"), SOURCES)


def test_at_most_so_many_are_shown_and_then_a_count():
    many = [Diagnostic("J101", "error", "m", at(line, 1, 2)) for line in range(1, 15)]
    assert frames(many, SOURCES).count("error J101") == 10
    assert frames(many, SOURCES).endswith("… and 4 more")


def test_the_same_mistake_is_told_once():
    assert in_order([VERB, VERB]) == (VERB,)
