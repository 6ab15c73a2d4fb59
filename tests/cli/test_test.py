import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

from lifeloop.cli.errors import Exit
from lifeloop.cli.verdicts import THEN


def longer(project):
    """Let the journey wait a day longer than its test knows."""
    file = project / "journeys" / "satisfaction.yaml"
    file.write_text(file.read_text().replace("max: 4 days", "max: 5 days"))
    return file


@pytest.mark.usefixtures("project")
def test_every_journey_has_its_ticks_and_the_branches_are_counted(run):
    said = run("test")
    assert said.code == Exit.FINE
    lines = said.out.splitlines()
    assert lines[0].startswith("growth         ✓ ✓")
    assert " passed in " in lines[-1]
    assert lines[-1].endswith("(100%)")


@pytest.mark.usefixtures("project")
def test_plain_says_it_in_words(run):
    said = run("test", "welcome", "--plain")
    assert said.out.splitlines()[0] == "welcome: 5 passed"
    assert "✓" not in said.out


def test_a_failure_shows_file_and_line_expected_got_and_why(run, project):
    longer(project)
    said = run("test", "satisfaction")
    assert said.code == Exit.FINDINGS
    assert f"FAILED  satisfaction{THEN}Silence means one reminder and no more   journeys/satisfaction.yaml:" in said.out
    assert "  expected   day 7 10:00   send satisfaction/one-click" in said.out
    assert "  got        day 8 10:00   send satisfaction/one-click" in said.out
    assert "  why        line 25  max: 5 days" in said.out
    assert "To accept:  lifeloop test satisfaction --update" in said.out


def test_update_shows_the_change_writes_it_and_passes(run, project):
    file = longer(project)
    said = run("test", "satisfaction", "--update")
    assert said.code == Exit.FINE
    assert "-      - at: day 7 10:00" in said.out
    assert "+      - at: day 8 10:00" in said.out
    assert "day 8 10:00" in file.read_text()
    assert run("test", "satisfaction").code == Exit.FINE


@pytest.mark.usefixtures("project")
def test_a_part_of_a_name_chooses_tests(run):
    said = run("test", "-k", "silence means")
    assert said.out.startswith("satisfaction   ✓\n")
    assert "1 passed" in said.out
    assert 'No test has "zebra" in its name.' in run("test", "-k", "zebra").out


@pytest.mark.usefixtures("project")
def test_a_plus_takes_along_what_a_journey_enters(run):
    found = json.loads(run("test", "satisfaction+", "--json").out)
    assert [one["journey"] for one in found["journeys"]] == ["satisfaction", "recovery"]


@pytest.mark.usefixtures("project")
def test_an_unknown_journey_is_asked_back(run):
    said = run("test", "renewl")
    assert said.code == Exit.USAGE
    assert 'did you mean "renewal"?' in said.err


def test_a_journey_with_mistakes_is_not_passed_over(run, project):
    file = project / "journeys" / "loyalty.yaml"
    file.write_text(file.read_text().replace("phase: loyalty", "phase: loyal"))
    said = run("test")
    assert said.code == Exit.FINDINGS
    assert "loyalty        has mistakes" in said.out
    assert "lifeloop validate journeys/loyalty.yaml" in said.out
    assert "1 journey with mistakes" in said.out


def test_branches_that_no_test_takes_are_listed_by_name(run, project):
    file = project / "journeys" / "welcome.yaml"
    text = file.read_text()
    file.write_text(text[: text.index("tests:")])
    said = run("test", "welcome", "--coverage")
    assert said.out.startswith("welcome   no tests\n")
    assert f"setup.started: time is up{THEN}phone is present and plan is premium: yes" in said.out
    assert f"not covered: welcome{THEN}welcome-tone: personal" in said.out


def test_json_keeps_its_published_shape(run, project, conforms):
    longer(project)
    found = conforms("test", json.loads(run("test", "--json").out))
    assert (found["ok"], found["failed"]) == (False, 2)
    failed, _ = [test for one in found["journeys"] for test in one["tests"] if not test["passed"]]
    assert failed["expected"] == "day 7 10:00 send satisfaction/one-click"
    assert failed["why"] == "line 25  max: 5 days"


def test_junit_holds_every_test_and_what_failed(run, project):
    longer(project)
    run("test", "--junit", "out.xml")
    suites = ET.parse(project / "out.xml").getroot()  # noqa: S314  # our own file
    cases = suites.findall("testsuite/testcase")
    assert len(cases) == sum(int(suite.get("tests")) for suite in suites) >= 40
    failure, _ = suites.findall("testsuite/testcase/failure")
    assert "got       day 8 10:00" in failure.text


def test_only_what_changed_since_the_last_commit(run, project):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], check=True, capture_output=True
        )

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    assert "nothing to test" in run("test", "--changed").out
    longer(project)
    message = project / "templates" / "welcome" / "hello.md"
    message.write_text(message.read_text() + "\nBye.\n")
    found = json.loads(run("test", "--changed", "--json").out)
    assert [one["journey"] for one in found["journeys"]] == ["satisfaction", "welcome"]


@pytest.mark.usefixtures("project")
def test_changed_without_git_says_so(run):
    said = run("test", "--changed")
    assert said.code == Exit.USAGE
    assert "git does not know this folder" in said.err
