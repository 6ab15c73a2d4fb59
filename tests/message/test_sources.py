"""Which files are messages, and which of them a reader gets. S-06: names stay inside the folder."""

import pytest

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.source import Report
from lifeloop.message.errors import UnknownMessageError
from lifeloop.message.library import read_library
from lifeloop.message.sources import read_sources


def chosen(desk, locale, message="hello/there"):
    found = read_sources(desk.templates, desk.catalogue, Report()).choose(message, locale)
    return found.file.rpartition("/")[2] if found else None


@pytest.mark.parametrize(
    ("locale", "file"),
    [
        ("de-AT", "there.de-AT.md"),
        ("de_at", "there.de-AT.md"),
        ("de-CH", "there.de.md"),
        ("de", "there.de.md"),
        ("nl-BE", "there.nl.md"),
        ("en-GB", "there.md"),
        ("en", "there.md"),
        ("fr", "there.md"),
        (None, "there.md"),
        ("", "there.md"),
        ("../../etc", "there.md"),
        ("1' OR 1", "there.md"),
    ],
)
def test_a_reader_gets_region_then_language_then_default(desk, locale, file):
    for name in ("there.md", "there.de.md", "there.de-AT.md", "there.nl.md"):
        desk.message("Hello", name=f"hello/{name}")

    assert chosen(desk, locale) == file


def test_without_a_default_the_projects_language_stands_in(desk):
    desk.message("Hallo", name="hello/there.nl.md")
    desk.message("Hello", name="hello/there.en.md")

    assert chosen(desk, "fr") == "there.en.md"
    assert chosen(desk, "nl-BE") == "there.nl.md"


@pytest.mark.parametrize(
    "name", ["hello/There.md", "hello/a b.md", "hello/there.klingon.md", "a/b/c.md", "hello/x.EN.md"]
)
def test_a_name_that_is_none_is_said_and_left_out(desk, name):
    desk.message("Hello", name=name)
    library, found = read_library(desk.templates, desk.catalogue)

    assert [problem.code for problem in found] == ["J406"]
    assert not library


@pytest.mark.parametrize("name", ["../secret", "..%2fsecret", "/etc/passwd", "a\0b", "CON", "hello/../../secret", ""])
def test_no_name_leads_out_of_the_folder(desk, tmp_path, name):
    (tmp_path / "secret.md").write_text("---\nsubject: x\n---\nthe key")
    desk.message("Hello")

    with pytest.raises(UnknownMessageError):
        desk.render(name=name)


def test_links_to_other_files_are_not_followed(desk, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "key.md").write_text("---\nsubject: x\n---\nthe key")
    (desk.templates / "hello").mkdir()
    (desk.templates / "hello" / "key.md").symlink_to(tmp_path / "outside" / "key.md")
    (desk.templates / "out").symlink_to(tmp_path / "outside")
    library, found = read_library(desk.templates, desk.catalogue)

    assert not library
    assert [problem.code for problem in found] == ["J406", "J406"]


def test_a_layout_that_is_a_link_is_not_followed(desk, tmp_path):
    (tmp_path / "evil.html").write_text("{{ content }} the key")
    (desk.templates / "_layouts").mkdir()
    (desk.templates / "_layouts" / "brand.html").symlink_to(tmp_path / "evil.html")

    assert desk.codes("Hello") == ["J406"]
    assert "the key" not in desk.render().html


def test_two_files_for_one_message_are_one_too_many(desk):
    desk.message("Hello", name="hello/there.md")
    desk.message("<p>Hello</p>", name="hello/there.html")

    assert desk.codes() == ["J406"]


def test_a_file_that_is_no_text_spoils_nothing_else(desk):
    desk.message("Hello")
    (desk.templates / "hello" / "bad.md").write_bytes(b"---\nsubject: \xff\xfe\n---\n")
    library, found = read_library(desk.templates, desk.catalogue)

    assert list(library) == ["hello/there"]
    assert [problem.code for problem in found] == ["J009"]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"title": "x"}, "J401"),
        ({"from": "ana"}, "J401"),
        ({"topic": "storys"}, "J401"),
        ({"by": "pigeon"}, "J401"),
        ({"layout": "brnad"}, "J403"),
    ],
)
def test_a_head_says_what_it_may_and_what_exists(desk, head, code):
    assert desk.codes("Hello", **head) == [code]


@pytest.mark.parametrize("subject", ["", " "])
def test_a_mail_without_a_subject_is_none(desk, subject):
    assert [(one.code, one.place.line) for one in desk.reviewed("Hello", subject=subject)] == [("J402", 2)]


def test_a_head_that_is_not_yaml_has_its_line(desk):
    desk.write("hello/there.md", "---\nsubject: Hello: there\n---\nHi")

    assert [(found.code, found.place.line) for found in desk.problems() if found.code != "J402"] == [("J001", 2)]


def test_windows_line_ends_count_the_same(desk):
    (desk.templates / "hello").mkdir()
    (desk.templates / "hello" / "there.md").write_bytes(b"---\r\nsubject: Hi\r\n---\r\n\r\nDear {{ customer.nam }}\r\n")
    (found,) = desk.problems()

    assert (found.code, found.place.line, found.place.column) == ("J123", 5, 9)


def test_a_digest_changes_with_text_layout_and_language_and_with_nothing_else(desk):
    def digest():
        return read_library(desk.templates, desk.catalogue)[0]["hello/there"].digest

    desk.message("Hello")
    first = digest()
    assert digest() == first
    desk.message("Goodbye", name="hello/other.md")
    assert digest() == first
    desk.message("Hallo", name="hello/there.nl.md")
    second = digest()
    desk.write("_layouts/brand.html", "<p>{{ content }}</p>")
    third = digest()
    desk.message("Hello!")
    assert len({first, second, third, digest()}) == 4


def test_a_folder_that_is_not_there_holds_no_messages(tmp_path):
    assert read_library(tmp_path / "nothing", Catalogue()) == ({}, ())


def test_a_head_that_is_never_closed_says_so_and_is_read_as_far_as_it_goes(desk):
    desk.write("hello/there.md", "---\nsubject: Hello\nfrom: anna\nHi {{ customer.first_nam }},\n\nthis is it.\n")
    told = [(one.code, one.place.line, one.label) for one in (*desk.problems(), *desk.reviewed())]
    assert told == [
        ("J401", 1, "add a line  ---  below line 3"),
        ("J123", 4, "did you mean customer.first_name?"),
    ]


def test_a_line_across_a_text_is_no_head(desk):
    desk.write("hello/there.md", "---\nOnce upon a time\n")
    assert desk.codes() == []
