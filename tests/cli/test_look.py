"""explain, read and graph: commands that only show."""

import xml.etree.ElementTree as ET

import pytest

from lifeloop.cli.errors import Exit
from lifeloop.journey.codes import all_codes


def test_a_code_is_explained_with_a_wrong_and_a_right_example(run, conforms):
    said = run("explain", "j121")
    assert said.code == Exit.FINE
    assert said.out.startswith("J121  ")
    assert "Wrong" in said.out
    assert "Right" in said.out
    (one,) = conforms("explain", run("explain", "J121", "--json").json)["explanations"]
    assert one["code"] == "J121"


def test_all_codes_are_listed(run, conforms):
    said = run("explain")
    assert all(code in said.out for code in all_codes())
    assert len(conforms("explain", run("explain", "--json").json)["explanations"]) == len(all_codes())


def test_an_unknown_code_is_wrong_usage(run):
    said = run("explain", "J12l")
    assert said.code == Exit.USAGE
    assert 'there is no code "J12l"' in said.err


@pytest.mark.usefixtures("small")
def test_a_journey_is_read_aloud(run, conforms):
    said = run("read", "one")
    assert said.code == Exit.FINE
    assert said.out.startswith("One\n\nIt starts when an order is placed.")
    assert "1. 3 days later, send “Hello”." in said.out
    document = conforms("read", run("read", "one", "--json").json)
    assert document["steps"] == [{"number": "1", "depth": 0, "text": "3 days later, send “Hello”.", "line": 11}]


@pytest.mark.usefixtures("small")
def test_on_a_terminal_it_is_wrapped(run):
    said = run("read", "one", FORCE_COLOR="1", COLUMNS="40")
    assert "\x1b[" in said.out


@pytest.mark.usefixtures("project")
def test_an_unknown_journey_is_told_the_nearest(run):
    said = run("read", "renewl")
    assert said.code == Exit.USAGE
    assert 'there is no journey "renewl", did you mean "renewal"?' in said.err


def test_a_journey_that_cannot_be_read_is_not_read(run, small):
    (small / "journeys" / "one.yaml").write_text("journey: [\n")
    said = run("read", "one")
    assert said.code == Exit.FINDINGS
    assert "lifeloop validate journeys/one.yaml" in said.err


@pytest.mark.usefixtures("small")
def test_the_map_in_letters(run):
    assert run("graph", "one").out == "▶ order.placed\n│ wait 3 days\n✉ a/hello\n"
    assert run("graph", "one", "--plain").out == "starts: order.placed\nwait 3 days\nsend a/hello\n"


@pytest.mark.parametrize(("file", "form"), [("map.svg", "svg"), ("map.mmd", "mermaid"), ("map.txt", "text")])
def test_the_map_into_a_file_in_the_form_its_name_says(run, small, conforms, file, form):
    said = run("graph", "one", "--out", file, "--json")
    document = conforms("graph", said.json)
    assert document["form"] == form
    assert (small / file).read_text() == document["map"]


@pytest.mark.usefixtures("small")
def test_the_picture_is_xml(run):
    ET.fromstring(run("graph", "one", "--format", "svg").out)  # noqa: S314  # our own picture


@pytest.mark.usefixtures("small")
def test_a_file_name_that_says_nothing_is_refused(run):
    assert run("graph", "one", "--out", "map.docx").code == Exit.USAGE
