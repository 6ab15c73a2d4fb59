import json

import pytest

from lifeloop.cli.errors import Exit


@pytest.mark.usefixtures("project")
def test_a_message_as_one_person_gets_it(run):
    said = run("preview", "renewal/offer", "--as", "ana", "--at", "2026-06-01")
    assert said.code == Exit.FINE
    assert said.out.startswith("Subject    Ana, next year for 10% less   27 characters\n")
    assert "From       Anna | Sunny Energy <anna@example.com>" in said.out
    assert "until 30 June 2026" in said.out
    assert " · links 4 · " in said.out
    assert "unsubscribe ok" in said.out


@pytest.mark.usefixtures("project")
def test_every_language_stands_under_its_name(run):
    said = run("preview", "renewal/last-call", "--locales")
    assert "en   templates/renewal/last-call.md" in said.out
    assert "nl   templates/renewal/last-call.nl.md" in said.out


def test_save_writes_the_mail_and_open_needs_a_window(run, project):
    said = run("preview", "welcome/hello", "--save", "out.html", "--open")
    assert (project / "out.html").read_text().lstrip().lower().startswith("<!doctype html")
    assert "--open needs a window" in said.err


def test_a_message_that_cannot_be_written_is_a_finding(run, project):
    file = project / "templates" / "welcome" / "hello.md"
    file.write_text(file.read_text() + "\n{{ customer.first_name | int / 0 }}\n")
    said = run("preview", "welcome/hello")
    assert said.code == Exit.FINDINGS
    assert "welcome/hello cannot be written: templates/welcome/hello.md:" in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("renewal/ofer",), 'did you mean "renewal/offer"?'),
        (("renewal/offer", "--as", "anna"), 'did you mean "ana"?'),
        (("renewal/offer", "--at", "soon"), '"soon" is not a moment'),
        (("renewal/offer", "--journey", "welcome"), '"welcome" does not send "renewal/offer"'),
        (("renewal/offer", "--save", "nowhere/out.html"), "cannot be written"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_shown_is_said_in_words(run, words, sentence):
    said = run("preview", *words)
    assert said.code == Exit.USAGE
    assert sentence in said.err


@pytest.mark.usefixtures("project")
def test_json_keeps_its_published_shape(run, conforms):
    found = conforms("preview", json.loads(run("preview", "renewal/offer", "--as", "ana", "--locales", "--json").out))
    assert [one["locale"] for one in found["previews"]] == ["en", "nl"]
    assert found["previews"][0]["html"].startswith("<!")
    assert found["previews"][0]["made_up"] == ["offer"]
