"""Every case is two files: a journey, and what is said about it. To add one, add both (see ``write_golden``)."""

from pathlib import Path

import pytest

from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.project import check_text

CASES = sorted((Path(__file__).parent / "golden").glob("*.yaml"))


def told(found: Diagnostic) -> str:
    lines = [f"{found.severity} {found.code} {span(found.place)} {found.message}"]
    lines += [f"  ^ {found.label}"] if found.label else []
    lines += [f"  = {found.hint}"] if found.hint else []
    lines += [f"  > {span(related.place)} {related.label}" for related in found.related]
    lines += [f"  fix{' for sure' if one.certain else ''}: {one.text}" for one in found.suggestions]
    return "\n".join(lines)


def span(place: Place) -> str:
    end = f"{place.end_column}" if place.line == place.end_line else f"{place.end_line}:{place.end_column}"
    return f"{place.line}:{place.column}-{end}"


def report_of(path: Path, known) -> str:
    text = path.read_text()
    _, found = check_text(text, f"journeys/{text.split()[1]}.yaml", known)
    return "".join(f"{told(one)}\n" for one in found)


def test_there_are_cases():
    assert len(CASES) >= 25


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_mistake_is_told_as_written_down(path, known):
    assert report_of(path, known) == path.with_suffix(".txt").read_text()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_messages_are_in_the_words_of_the_author(path):
    text = path.with_suffix(".txt").read_text()
    words = {word.strip('",.:;()') for word in text.replace("\n", " ").split(" ")}
    assert not words & {"None", "str", "dict", "mapping", "token", "null", "ValidationError", "scalar", "node"}
