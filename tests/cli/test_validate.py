import json

import pytest
from jsonschema import Draft7Validator

from lifeloop.cli.errors import Exit


def break_it(small):
    file = small / "journeys" / "one.yaml"
    file.write_text(file.read_text().replace("send: a/hello", "send: a/helo").replace("wait: 3 days", "delay: P3D"))


@pytest.mark.usefixtures("small")
def test_a_project_in_order_says_so_in_one_line(run):
    said = run("validate")
    assert said.code == Exit.FINE
    assert said.out.startswith("1 journey · 1 message · no errors · ")
    assert said.err == ""


@pytest.mark.usefixtures("small")
def test_check_is_another_word_for_it(run):
    assert run("check").code == Exit.FINE


def test_mistakes_come_with_file_line_column_code_and_the_nearest_word(run, small):
    break_it(small)
    said = run("validate")
    assert said.code == Exit.FINDINGS
    lines = said.out.splitlines()
    assert lines[0] == "journeys/one.yaml"
    assert lines[1].split() == ["10:5", "error", "J102", *lines[1].split()[3:]]
    assert 'here it is called "wait"' in lines[1]
    assert 'did you mean "a/hello"?' in lines[2]
    assert lines[-1].startswith("1 journey · 1 message · 2 errors · ")


def test_the_framed_form_shows_the_line_and_a_mark_under_it(run, small):
    break_it(small)
    said = run("validate", "--full")
    assert "10│   - delay: P3D" in said.out
    assert "│     ^^^^^" in said.out


def test_a_narrow_window_wraps_the_sentence_and_not_the_place(run, small, monkeypatch):
    break_it(small)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    said = run("validate", COLUMNS="60", FORCE_COLOR="1", NO_COLOR="1")
    assert max(len(line) for line in plain(said.out).splitlines()) <= 60


def plain(text):
    from rich.text import Text

    return Text.from_ansi(text).plain


def test_one_file_can_be_asked_for(run, project):
    (project / "journeys" / "welcome.yaml").write_text("journey: welcome\nsteps: 3\n")
    (project / "journeys" / "loyalty.yaml").write_text("journey: loyalty\nsteps: 3\n")
    said = run("validate", "journeys/welcome.yaml")
    assert "journeys/welcome.yaml" in said.out
    assert "journeys/loyalty.yaml" not in said.out
    assert run("validate", "journeys/nobody.yaml").code == Exit.USAGE


def test_json_is_one_document_of_the_published_shape(run, small, conforms):
    break_it(small)
    said = run("validate", "--json")
    assert said.code == Exit.FINDINGS
    document = conforms("validate", said.json)
    assert document["errors"] == 2
    assert {one["code"] for one in document["diagnostics"]} == {"J102", "J121"}
    assert run("validate", "--format", "json").json["diagnostics"] == document["diagnostics"]


def test_github_gets_annotations_on_lines(run, small):
    break_it(small)
    said = run("validate", "--format", "github")
    assert said.code == Exit.FINDINGS
    assert said.out.startswith("::error file=journeys/one.yaml,line=10,")


def test_sarif_is_a_whole_log(run, small):
    break_it(small)
    log = run("validate", "--format", "sarif").json
    assert log["version"] == "2.1.0"
    assert len(log["runs"][0]["results"]) == 2


@pytest.mark.usefixtures("project")
def test_warnings_count_when_strict(run):
    warned = run("validate", "--json").json["warnings"]
    said = run("validate", "--strict")
    assert said.code == (Exit.FINDINGS if warned else Exit.FINE)


def test_at_most_ten_are_shown_and_the_rest_counted(run, small):
    steps = "".join(f"  - snd{n}: a/hello\n" for n in range(14))
    (small / "journeys" / "one.yaml").write_text(
        f"journey: one\nphase: welcome\nname: One\nstart: by hand\nsteps:\n{steps}"
    )
    said = run("validate")
    assert "more: --all shows them" in said.out
    assert said.out.count(" error ") == 10
    assert run("validate", "--all").out.count(" error ") >= 14


def test_a_broken_journey_never_hides_the_others(run, project):
    (project / "journeys" / "welcome.yaml").write_text("journey: [\n")
    said = run("validate", "--json").json
    assert said["journeys"] == 7
    assert {one["file"] for one in said["diagnostics"] if one["severity"] == "error"} == {"journeys/welcome.yaml"}


def test_editors_get_a_fresh_schema_with_the_projects_words(run, small):
    run("validate")
    schema = json.loads((small / ".lifeloop" / "schema.json").read_text())
    Draft7Validator.check_schema(schema)
    assert schema["definitions"]["step"]["properties"]["send"]["anyOf"][0]["enum"] == ["a/hello"]
    assert run("schema").json == schema


def test_the_language_alone_can_be_had_anywhere(run, tmp_path, monkeypatch, conforms):
    monkeypatch.chdir(tmp_path)
    said = run("schema", "--generic", "--json")
    assert conforms("schema", said.json)["schema"]["title"] == "A Lifeloop journey"


@pytest.mark.usefixtures("project")
def test_the_starter_is_clean_even_strictly(run):
    said = run("validate", "--strict")
    assert (said.code, said.out.startswith("7 journeys · 47 messages · no errors · ")) == (Exit.FINE, True)


def test_messages_are_looked_at_in_every_language_with_their_place(run, project):
    file = project / "templates" / "renewal" / "offer.nl.md"
    file.write_text(file.read_text() + "\n[Klik hier](http://example.org/aanbod)\n")
    said = run("validate")
    last = file.read_text().count("\n")
    assert said.code == Exit.FINE
    assert said.out.splitlines()[0] == "templates/renewal/offer.nl.md"
    assert [line.split()[:3] for line in said.out.splitlines()[1:3]] == [
        [f"{last}:2", "warn", "J414"],
        [f"{last}:13", "warn", "J413"],
    ]
    assert run("validate", "--strict").code == Exit.FINDINGS

    file.write_text(file.read_text().replace("aanbod)", "aanbod) {# lifeloop: ignore J413 J414 #}"))
    assert run("validate", "--strict").code == Exit.FINE


def test_a_preview_tells_the_same_at_the_same_place(run, project):
    file = project / "templates" / "renewal" / "offer.md"
    file.write_text(file.read_text() + "\n[See my offer](http://example.org/offer)\n")
    line = next(line for line in run("validate").out.splitlines() if "J413" in line)
    assert line in run("preview", "renewal/offer").out.splitlines()
