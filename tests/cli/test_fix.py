from lifeloop.cli.commands import fix as command
from lifeloop.cli.errors import Exit


def break_it(small):
    file = small / "journeys" / "one.yaml"
    file.write_text(file.read_text().replace("send: a/hello", "snd: a/hello  # hi"))
    return file


def test_the_change_is_shown_and_nobody_there_means_no(run, small):
    file = break_it(small)
    before = file.read_text()
    said = run("fix")
    assert said.code == Exit.FINDINGS
    assert "-  - snd: a/hello  # hi" in said.out
    assert "+  - send: a/hello  # hi" in said.out
    assert "lifeloop fix --yes" in said.err
    assert file.read_text() == before


def test_yes_writes_it_and_the_project_is_in_order(run, small):
    file = break_it(small)
    assert run("fix", "--yes").code == Exit.FINE
    assert "  - send: a/hello  # hi\n" in file.read_text()
    assert run("validate").code == Exit.FINE
    assert run("fix").out == "Nothing has a certain answer.\n"


def test_a_person_is_asked(run, small, monkeypatch):
    file = break_it(small)
    monkeypatch.setattr(command, "agreed", lambda _out, question: question == "Write 1 change?")
    assert run("fix").code == Exit.FINE
    assert "send: a/hello" in file.read_text()


def test_check_only_says_so(run, small):
    file = break_it(small)
    assert run("fix", "--check", "--yes").code == Exit.FINDINGS
    assert "snd:" in file.read_text()


def test_json_lists_the_fixes(run, small, conforms):
    break_it(small)
    said = run("fix", "--json")
    assert said.code == Exit.FINDINGS
    (one,) = conforms("fix", said.json)["fixes"]
    assert (one["file"], one["code"], one["text"]) == ("journeys/one.yaml", "J101", "send")
    assert run("fix", "--json", "--yes").json["written"] is True


def test_what_only_shows_after_a_fix_is_put_right_too_and_the_rest_is_counted(run, project):
    welcome = project / "journeys" / "welcome.yaml"
    text = welcome.read_text().replace("- send: welcome/hello", "- snd: welcome/helo", 1)
    welcome.write_text(text.replace("shares", "shares").replace("share: 45%", "share: 40%", 1))
    ran = run("fix", "--yes")
    assert ran.code == 1
    assert "left to you:  lifeloop validate" in ran.out
    assert "- send: welcome/hello" in welcome.read_text()
