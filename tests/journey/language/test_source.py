from __future__ import annotations

import time
from pathlib import Path

import pytest

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.source import Entry, Items, Map, Node, Report, Scalar, inside, read_file


def read(text: str) -> tuple[Node | None, list[Diagnostic]]:
    report = Report()
    return read_yaml(text, "x.yaml", report), report.found


def value(text: str, key: str) -> Scalar:
    node, found = read(text)
    assert found == []
    assert isinstance(node, Map)
    scalar = node.value(key)
    assert isinstance(scalar, Scalar)
    return scalar


def spot(place: Place) -> tuple[int, int, int, int]:
    return place.line, place.column, place.end_line, place.end_column


def test_every_scalar_stays_text():
    node, _ = read("at: 10:00\ncountry: NO\nn: 010\nf: 1e3\nb: yes\nnothing: ~\n")
    assert isinstance(node, Map)
    texts = [entry.value.text for entry in node.entries if isinstance(entry.value, Scalar)]
    assert texts == ["10:00", "NO", "010", "1e3", "yes", "~"]


def test_places_count_from_one_and_end_behind_the_last_letter():
    scalar = value("a: 1\nsteps: hello\n", "steps")
    assert spot(scalar.place) == (2, 8, 2, 13)


def test_columns_are_right_after_letters_beyond_ascii():
    node, _ = read("näme: {größe: käse, 名前: ラーメン, emoji: 🎉🎉, last: x}\n")
    assert isinstance(node, Map)
    inner = node.entries[0].value
    assert isinstance(inner, Map)
    line = "näme: {größe: käse, 名前: ラーメン, emoji: 🎉🎉, last: x}"
    for entry in inner.entries:
        assert isinstance(entry.value, Scalar)
        place = entry.value.place
        assert line[place.column - 1 : place.end_column - 1] == entry.value.text
        assert line[entry.key.place.column - 1 : entry.key.place.end_column - 1] == entry.key.text


def test_a_quoted_text_knows_that_it_was():
    assert value('a: "more"', "a").quoted
    assert value("a: 'more'", "a").quoted
    assert not value("a: more", "a").quoted
    assert value("a: >\n  more\n", "a").quoted


def test_a_place_inside_a_text_skips_the_opening_quote():
    plain, quoted = value("when: customer.x is more", "when"), value('when: "customer.x is more"', "when")
    assert spot(inside(plain, 14, 18)) == (1, 21, 1, 25)
    assert spot(inside(quoted, 14, 18)) == (1, 22, 1, 26)


def test_a_place_inside_a_folded_text_is_all_of_it():
    folded = value("when: >\n  customer.x\n  is more\n", "when")
    assert inside(folded, 3, 5) == folded.place


def test_a_folded_plain_text_is_one_line_with_the_place_of_its_beginning():
    scalar = value("about: first\n  second\nnext: x", "about")
    assert scalar.text == "first second"
    assert spot(scalar.place) == (1, 8, 2, 9)


def test_a_list_ends_where_its_last_part_ends():
    node, _ = read("steps:\n  - a\n  - b\n\n# remark\nnext: x\n")
    assert isinstance(node, Map)
    assert isinstance(node.entries[0].value, Items)
    assert spot(node.entries[0].value.place) == (2, 3, 3, 6)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffjourney: é\n".encode())
    report = Report()
    text = read_file(path, report)
    assert text == "journey: é\n"
    node, found = read("\ufeffjourney: é\n")
    assert isinstance(node, Map)
    assert (node.entries[0].key.place.column, found) == (1, [])


def test_an_alias_is_the_very_thing_it_names():
    node, found = read("a: &r [1, {b: 2}]\nc: *r\n")
    assert isinstance(node, Map)
    assert found == []
    assert node.entries[1].value is node.entries[0].value


def test_the_place_of_an_anchored_text_is_the_text():
    assert spot(value('a: &x "word"\n', "a").place) == (1, 7, 1, 13)


MISTAKES = [
    ("a: 1\nb: 2\na: 3\n", "J005", (3, 1, 3, 2)),
    ("a: &b {x: 1}\nc:\n  <<: *b\n", "J004", (3, 3, 3, 5)),
    ("a: !!str 5\n", "J003", (1, 4, 1, 9)),
    ("a: !secret x\n", "J003", (1, 4, 1, 11)),
    ("a: !!python/object/apply:os.system [ls]\n", "J003", (1, 4, 1, 35)),
    ("a: 1\n---\nb: 2\n", "J006", (2, 1, 2, 4)),
    ("? [a, b]\n: c\n", "J007", (1, 3, 1, 4)),
    ("a: {{ customer.x }}\n", "J007", (1, 4, 1, 5)),
    ("a: *nowhere\n", "J011", (1, 4, 1, 12)),
    ("a: b\x00c\n", "J009", (1, 5, 1, 6)),
    ("a: b\n  c: d\n", "J001", (2, 3, 2, 4)),
    ("a: 1\nb\nc: 2\n", "J001", (2, 1, 2, 2)),
    ("first\nsecond: 2\n", "J001", (1, 1, 1, 6)),
    ("a: 'it's'\n", "J001", (1, 8, 1, 9)),
    ('a: "x" y\n', "J001", (1, 8, 1, 9)),
    ("a: {when: x[0] == 1}\n", "J001", (1, 12, 1, 13)),
    ("- wait: 2 days:\n", "J001", (1, 9, 1, 16)),
    ("- b: 1\n   c: 2\n", "J001", (2, 4, 2, 5)),
    ("journey:welcome\n", "J001", (1, 8, 1, 9)),
    ("-a\n", "J001", (1, 1, 1, 2)),
    ('a: "x\\d"\n', "J001", (1, 6, 1, 7)),
    ("name: Hello: again\n", "J001", (1, 7, 1, 19)),
    ("a:\n\tb: 1\n", "J002", (2, 1, 2, 2)),
    ("a: 'it\nb: c\n", "J001", (1, 4, 1, 5)),
    ("a: [1, 2\nb: 3\n", "J001", (2, 2, 2, 3)),
    ("a: @home\n", "J001", (1, 4, 1, 5)),
    ("a: 1\n  b\nc\n d: 1", "J001", (3, 1, 3, 2)),
    ("", "J010", (1, 1, 1, 1)),
    ("# nothing yet\n", "J010", (1, 1, 1, 1)),
]


@pytest.mark.parametrize(("text", "code", "place"), MISTAKES, ids=[text[:20] for text, _, _ in MISTAKES])
def test_each_mistake_has_its_code_and_place(text: str, code: str, place: tuple[int, int, int, int]):
    _, found = read(text)
    assert [(one.code, spot(one.place)) for one in found] == [(code, place)]
    assert not set(found[0].message.lower().split()) & {"str", "none", "dict", "token", "mapping", "scalar", "block"}


def test_a_repeated_key_shows_both_places_and_the_rest_is_read():
    node, found = read("a: 1\na: 2\nb: 3\n")
    assert found[0].related[0].place.line == 1
    assert isinstance(node, Map)
    assert [entry.key.text for entry in node.entries] == ["a", "b"]


def test_an_unquoted_colon_is_fixed_by_quotes():
    _, found = read("name: Hello: again\n")
    assert [(one.text, one.certain) for one in found[0].suggestions] == [('"Hello: again"', True)]


def test_a_text_with_a_bracket_in_braces_is_told_to_stand_in_quotes():
    for text, sign in (("a: {when: x[0] == 1}\n", "["), ("a: {to: x{{ y }}}\n", "{")):
        _, found = read(text)
        assert found[0].message == f"a text with {sign} in it needs quotes here"
    _, found = read("a: [1, 2\nb: 3\n")
    assert found[0].message == "a comma or the closing ] is missing"


def test_all_mistakes_of_a_file_are_found_at_once():
    _, found = read("a: 1\na: 2\nb: !x y\nc: {<<: {d: 1}}\n")
    assert [one.code for one in found] == ["J005", "J003", "J004"]


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [bomb(), "[" * 5000, "{a: " * 5000, "- " * 5000, "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 600))],
    ids=["aliases", "lists", "blocks", "dashes", "indents"],
)
def test_bombs_are_refused_at_once(text: str):
    times = []
    for _ in range(3):  # the best of three: other programs run on this machine too
        start = time.process_time()
        node, found = read(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.05
    assert node is None
    assert [one.code for one in found] == ["J008"]


def test_a_key_that_is_an_alias_of_a_list_is_refused():
    node, found = read("a: &x [1]\n? *x\n: b\n")
    assert node is None
    assert [one.code for one in found] == ["J007"]


def test_an_anchor_cannot_hold_itself():
    node, found = read("a: &x [*x]\n")
    assert node is None
    assert [one.code for one in found] == ["J011"]


def test_a_huge_file_is_refused_unread(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\n" * 60_000)
    report = Report()
    assert read_file(path, report) is None
    assert report.found[0].code == "J008"
    assert read("a: " + "x" * 300_000)[1][0].code == "J008"


def test_a_file_in_another_encoding_shows_the_letter(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: ok\nb: caf" + b"\xe9\n")
    report = Report()
    assert read_file(path, report, "journeys/x.yaml") is None
    assert [(one.code, spot(one.place)) for one in report.found] == [("J009", (2, 7, 2, 8))]


def test_a_missing_file_is_a_mistake_not_a_crash(tmp_path: Path):
    report = Report()
    assert read_file(tmp_path / "none.yaml", report) is None
    assert read_file(tmp_path, report) is None
    assert [one.code for one in report.found] == ["J009", "J009"]


def test_entries_are_found_by_key():
    node, _ = read("a: 1\nb: 2\n")
    assert isinstance(node, Map)
    entry = node.entry("b")
    assert isinstance(entry, Entry)
    assert node.entry("c") is None
    assert node.value("c") is None
