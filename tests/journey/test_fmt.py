from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.fmt import MODELINE, SCHEMA, meaning, tidy
from lifeloop.journey.source import Report

WRITTEN = Path(__file__).parents[1] / "journeys" / "journeys"
FIVE = [WRITTEN / f"{name}.yaml" for name in ("welcome", "satisfaction", "loyalty", "renewal", "reactivation")]
HEAD = MODELINE.format(schema=SCHEMA) + "\n"


@pytest.mark.parametrize("file", FIVE, ids=lambda file: file.stem)
def test_the_five_journeys_of_the_language_are_tidy_already(file):
    text = file.read_text(encoding="utf-8")
    assert tidy(text) == text


def test_a_file_gets_the_line_that_editors_look_for_once():
    assert tidy("journey: x\n") == f"{HEAD}journey: x\n"
    assert tidy(tidy("journey: x\n")) == f"{HEAD}journey: x\n"


def test_keys_are_put_in_the_order_they_are_said():
    assert tidy("steps:\n  - by: sms\n    send: a/b\nname: N\njourney: x\n") == (
        f"{HEAD}journey: x\nname: N\nsteps:\n  - send: a/b\n    by: sms\n"
    )


def test_comments_go_where_their_key_goes():
    messy = """\
# the head
journey: x
steps:
  # before the step
  - by: sms   # which way
    # about the message
    send: a/b  # this one

# why
name: N
"""
    assert (
        tidy(messy)
        == f"""{HEAD}\
# the head
journey: x

# why
name: N
steps:
  # before the step
  # about the message
  - send: a/b  # this one
    by: sms   # which way
"""
    )


def test_lengths_of_machines_become_words():
    tidied = tidy("journey: x\nsteps:\n  - wait: P3D\n  - wait: {for: a.b, max: PT36H}\ndelivery: {gap: P1Y}\n")
    assert "wait: 3 days" in tidied
    assert "max: 36 hours" in tidied
    assert "gap: 1 year" in tidied


def test_what_an_author_wrote_about_time_stays():
    tidied = tidy("journey: x\nsteps:\n  - wait: 2 weeks\n  - send: P3D\n")
    assert "wait: 2 weeks" in tidied
    assert "send: P3D" in tidied


def test_indents_are_two_spaces_and_lists_stand_inside_their_key():
    assert tidy(
        "journey: x\nsteps:\n-   wait:\n        for: a.b\n        max: 2 days\n    else:\n    - stop: no\n"
    ) == (f"{HEAD}journey: x\nsteps:\n  - wait:\n      for: a.b\n      max: 2 days\n    else:\n      - stop: no\n")


def test_texts_of_several_lines_keep_their_lines():
    about = "about: |\n  one  \n\n\n  two\n"
    assert (
        tidy(f"journey: x\n{about}\n\n\nsteps:\n  - stop: a\n") == f"{HEAD}journey: x\n{about}\nsteps:\n  - stop: a\n"
    )


def test_blocks_on_one_line_are_ordered_on_their_line():
    assert "- {when: a.b is c, then: [{stop: d}]}" in tidy(
        "journey: x\nsteps:\n  - choose:\n      - {then: [{stop: d}], when: a.b is c}\n"
    )


def test_ids_are_pinned_behind_the_verb():
    text = tidy("journey: x\nsteps:\n  - send: a/b\n    when: c\n  - {stop: no}\n")
    lines = text.splitlines()
    spots = {(lines.index("  - send: a/b") + 1, 5): "send-b", (lines.index("  - {stop: no}") + 1, 6): "stop-1"}

    assert tidy(text, ids=spots) == (
        f"{HEAD}journey: x\nsteps:\n  - send: a/b\n    id: send-b\n    when: c\n  - {{stop: no, id: stop-1}}\n"
    )


@pytest.mark.parametrize("broken", ["journey: [", "journey: x\njourney: y\n", "- a\n", "", "a: *b\n"])
def test_what_cannot_be_read_comes_back_untouched(broken):
    assert tidy(broken) == broken


def test_a_step_that_does_two_things_is_left_to_its_author():
    assert "  - wait: 3 days\n    send: a/b\n" in tidy("journey: x\nsteps:\n  - wait: 3 days\n    send: a/b\n")


STEP = st.sampled_from(
    [
        "- by: sms\n  send: a/b\n",
        "- send: a/b   # said\n  # why\n  when: customer.x is y\n  id: s\n",
        "- wait: P3D\n",
        "- wait:\n    max: 2 days\n    for: x.y\n  else:\n  - stop: no\n  then:\n      - send: c/d\n",
        "- {stop: 'it''s', when: a is b}\n",
        "- else: []\n  if: a.b is c\n  then: [{send: e/f}]\n",
        "- set:\n    z: 1\n    a: |\n      two\n\n      lines\n",
    ]
)


@st.composite
def files(draw):
    steps = "".join(draw(st.lists(STEP, min_size=1, max_size=4)))
    depth = draw(st.sampled_from(["", "  ", "    "]))
    body = "".join(f"{depth}{line}" if line.strip() else line for line in steps.splitlines(keepends=True))
    parts = ["journey: x\n", "name: N # who\n", "# what\nabout: |\n  one\n\n  two\n", "\n\n", f"steps:\n{body}"]
    return "".join(draw(st.permutations(parts)))


@given(files())
@settings(max_examples=80, deadline=None)
def test_tidying_twice_is_tidying_once_and_never_changes_the_meaning(text):
    once = tidy(text)
    assert tidy(once) == once
    assert meaning(read_yaml(once, "", Report())) == meaning(read_yaml(text, "", Report()))
    assert sorted(word for word in once.split() if word == "#") != [] or "#" not in text
