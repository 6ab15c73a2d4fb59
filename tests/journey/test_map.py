import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Attribute, Catalogue, Connection, EventType, MessageInfo, Sender, Topic
from lifeloop.journey.compiler_names import all_steps, name_steps
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.known import Known
from lifeloop.journey.map import chart
from lifeloop.journey.map_layout import Card, Frame, Line, Tag, sequence
from lifeloop.journey.map_letters import TextStyle, wrapped
from lifeloop.journey.map_mermaid import draw_mermaid
from lifeloop.journey.map_svg import draw_svg
from lifeloop.journey.map_text import Look, draw_text
from lifeloop.journey.project import load_project
from lifeloop.journey.reader import read_journey
from lifeloop.journey.source import Report

TOP = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def starter():
    names = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in TOP.glob("templates/[a-z]*/*.md")}
    project = load_project(TOP, {name: MessageInfo(name) for name in names})
    return {name: journey.spec for name, journey in project.journeys.items()}


STARTER = starter()
everyone = pytest.mark.parametrize("spec", STARTER.values(), ids=list(STARTER))


def drawn(text):
    """The spec of a few lines, with a catalogue that knows their names."""
    report = Report()
    events = {name: EventType(name) for name in ("a.asked", "a.answered")}
    catalogue = Catalogue(
        customer={"phone": Attribute("phone", "phone", optional=True)},
        events=events,
        topics={"service": Topic("service", "contract")},
        senders={"us": Sender("us", "Us", "us@example.com")},
        connections={"crm": Connection("crm", "https://example.com", actions={})},
        approvers={"lead": "lead@example.com"},
    )
    library = {name: MessageInfo(name) for name in ("a/one", "a/two")}
    head = "journey: x\nphase: welcome\nname: X\nstart: {event: a.asked}\ndelivery: {topic: service}\n"
    return read_journey(read_yaml(head + text, "x.yaml", report), "x.yaml", Known(catalogue, library), report)


FORKED = """\
steps:
  - wait: 3 days
  - wait: until 10:00
  - send: a/one
  - wait: {for: a.answered, max: 4 days}
    then: [{send: a/two}]
    else:
      - send: a/one
      - wait: {for: a.answered, max: 7 days}
        else: [{stop: no answer}]
  - split: tone
    into:
      - {path: warm, share: 90%, steps: [{send: a/two}]}
      - {path: holdout, share: 10%}
  - repeat: 2 times
    every: 3 weeks
    steps: [{send: a/one, note: about the weather}]
  - send: a/two
    when: customer.phone is present
"""


def test_the_map_in_letters():
    assert (
        draw_text(chart(drawn(FORKED)))
        == """\
▶ a.asked
│ wait 3 days, until 10:00
✉ a/one
◷ a.answered, max 4 days
├ it came ─ ✉ a/two
└ time is up
    ✉ a/one
    ◷ a.answered, max 7 days
    └ time is up ─ ■ no answer
⑂ tone
├ warm 90% ─ ✉ a/two
└ holdout 10% ─ go on
↻ 2 times
└ each time ─ wait 3 weeks · ✉ a/one
◇ customer.phone is present ─ ✉ a/two
"""
    )


def test_without_pictures_every_line_begins_with_its_verb():
    text = draw_text(chart(drawn(FORKED)), Look(icons=False))
    assert text.isascii()
    assert "wait for a.answered, max 4 days\n- it came: send a/two\n- time is up\n    send a/one\n" in text


def test_a_narrow_map_breaks_arms_onto_lines_of_their_own():
    assert "└ each time\n    │ wait 3 weeks\n    ✉ a/one\n" in draw_text(chart(drawn(FORKED)), Look(width=24))


def test_items_know_the_ids_that_plans_use_and_their_lines():
    spec = drawn(FORKED)
    drawn_ids = {item.id for item in every_item(chart(spec).items) if item.id}
    assert drawn_ids == {name_steps(spec)[id(step)] for step in all_steps(spec)}


def every_item(items):
    for item in items:
        yield item
        for arm in item.arms:
            yield from every_item(arm.items)


@everyone
def test_no_card_lies_on_another(spec):
    shapes = sequence(chart(spec).items).shapes
    cards = [shape for shape in shapes if isinstance(shape, Card)]
    tags = [Card(None, tag.x - tag.width / 2, tag.y, tag.width, 20, ()) for tag in shapes if isinstance(tag, Tag)]
    assert [(a.label, b.label) for a, b in combinations([*cards, *tags], 2) if overlap(a, b)] == []


def overlap(a, b):
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return across > 0 and down > 0


@everyone
def test_everything_lies_within_the_picture(spec):
    block = sequence(chart(spec).items)
    for shape in block.shapes:
        points = shape.points if isinstance(shape, Line) else [(shape.x, shape.y)]
        ends = [(shape.x + shape.width, shape.y + shape.height)] if isinstance(shape, Card | Frame) else []
        for x, y in (*points, *ends):
            assert -0.01 <= x <= block.width + 0.01
            assert -0.01 <= y <= block.height + 0.01


@everyone
def test_the_picture_says_every_step_to_those_who_do_not_see_it(spec):
    picture = ET.fromstring(draw_svg(chart(spec)))  # noqa: S314  # our own picture
    titles = [title.text for title in picture.iter(f"{SVG}title")]
    look = Look(icons=False)
    for item in every_item(chart(spec).items):
        if item.kind != "repeat":
            assert any(title.startswith(look.said(item)) for title in titles)
    assert picture.get("role") == "img"


@everyone
def test_the_picture_is_the_same_every_time_and_knows_light_and_dark(spec):
    picture = draw_svg(chart(spec))
    assert picture == draw_svg(chart(spec))
    assert "prefers-color-scheme:dark" in picture


@everyone
def test_the_flowchart_of_mermaid_joins_every_box(spec):
    lines = draw_mermaid(chart(spec)).splitlines()
    assert lines[0] == "flowchart TD"
    boxes = {line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines[1:] if "-->" not in line}
    reached = {line.split()[-1] for line in lines[1:] if "-->" in line}
    starts = {f"n{number}" for number in range(1, len(spec.starts) + 1)}
    assert boxes - reached == starts


def test_an_edit_moves_only_what_is_below():
    short, longer = drawn("steps:\n  - send: a/one\n"), drawn("steps:\n  - send: a/one\n  - wait: 3 days\n")
    first, then = sequence(chart(short).items).shapes, sequence(chart(longer).items).shapes
    assert then[0] == first[0]


def test_signs_of_xml_in_texts_are_harmless():
    spec = drawn("steps:\n  - stop: '<b> & \"c\"'\n")
    assert "&lt;b&gt; &amp;" in draw_svg(chart(spec))
    ET.fromstring(draw_svg(chart(spec)))  # noqa: S314  # our own picture


def test_long_words_are_broken_at_their_signs_and_cut_at_the_end():
    style = TextStyle(13)
    lines = wrapped("renewal/a-very-long-name-of-a-message-that-goes-on-and-on", 160, style, most=2)
    assert all(style.width(line) <= 160 for line in lines)
    assert lines[-1].endswith("…")
    assert wrapped("short", 160, style, most=3) == ("short",)
