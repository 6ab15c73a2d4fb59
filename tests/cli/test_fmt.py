import pytest

from lifeloop.cli.errors import Exit
from lifeloop.journey.catalogue import MessageInfo
from lifeloop.journey.project import load_project


def mess_up(small):
    file = small / "journeys" / "one.yaml"
    file.write_text(
        "start: {event: order.placed}\njourney: one\n"
        + file.read_text()
        .split("name: One\n")[1]
        .replace("start:\n  event: order.placed\n", "")
        .replace("3 days", "P3D")
    )
    return file


def test_a_messy_file_is_tidied_once(run, small):
    file = mess_up(small)
    said = run("fmt")
    assert said.code == Exit.FINE
    assert said.out == "tidied  journeys/one.yaml\n"
    assert "wait: 3 days" in file.read_text()
    assert run("fmt").err == "1 file tidy\n"


def test_check_changes_nothing(run, small):
    file = mess_up(small)
    before = file.read_text()
    assert run("fmt", "--check").code == Exit.FINDINGS
    assert file.read_text() == before


def test_ids_are_pinned_and_stay(run, small):
    run("fmt", "--ids")
    text = (small / "journeys" / "one.yaml").read_text()
    assert "  - wait: 3 days\n    id: wait-1\n  - send: a/hello\n    id: send-hello\n" in text
    assert run("fmt", "--ids", "--check").code == Exit.FINE


def test_a_journey_in_a_folder_of_its_own_finds_the_schema_too(run, small):
    (small / "journeys" / "spring").mkdir()
    (small / "journeys" / "spring" / "two.yaml").write_text("journey: two\n")
    run("fmt")
    text = (small / "journeys" / "spring" / "two.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../../.lifeloop/schema.json\n")


def test_files_of_others_are_left_alone(run, small, tmp_path):
    (tmp_path / "other.yaml").write_text("journey: other\n")
    assert run("fmt", tmp_path / "other.yaml").code == Exit.USAGE
    assert run("fmt", "nowhere.yaml").code == Exit.USAGE
    assert (tmp_path / "other.yaml").read_text() == "journey: other\n"
    assert run("fmt", small / "journeys").code == Exit.FINE


def test_json_says_what_was_written(run, small, conforms):
    mess_up(small)
    assert conforms("fmt", run("fmt", "--json").json) == {
        "format": 1, "files": 1, "untidy": ["journeys/one.yaml"], "written": True,
    }  # fmt: skip


@pytest.mark.parametrize("ids", [False, True], ids=["as they are", "with ids pinned"])
def test_no_plan_and_no_test_of_the_starter_changes(run, project, ids):
    before = plans(project)
    assert run("fmt", *(["--ids"] if ids else [])).code == Exit.FINE
    assert plans(project) == before


def plans(project):
    names = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in project.glob("templates/[a-z]*/*.md")}
    library = {name: MessageInfo(name) for name in names}
    found = load_project(project, library)
    assert all(journey.plan for journey in found.journeys.values())
    return {
        name: (journey.plan.digest, [(test.name, test.clock, test.until) for test in journey.tests])
        for name, journey in found.journeys.items()
    }
