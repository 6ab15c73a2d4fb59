import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lifeloop.journey.plan import OnEvent
from lifeloop.journey.project import load_project
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report

FIVE = Path(__file__).parent.parent / "journeys"
WELCOME = """journey: welcome
start: {event: contract.started}
delivery: {topic: getting-started}
steps:
  - send: welcome/hello
"""


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(FIVE, tmp_path / "five")
    return tmp_path / "five"


def codes(project, severity="error"):
    return [(one.code, one.place.file) for one in project.diagnostics if one.severity == severity]


def test_the_five_journeys_of_the_reference_have_no_errors(five):
    assert codes(five) == []
    assert set(five.plans) == {"welcome", "satisfaction", "recovery", "loyalty", "renewal", "reactivation"}
    assert sum(len(journey.tests) for journey in five.journeys.values()) == 11
    assert codes(five, "warning") == [("J223", "journeys/reactivation.yaml"), ("J221", "journeys/welcome.yaml")]


def test_the_people_are_read_with_their_consents(five):
    assert five.people["ana"].customer["yearly_value"] == 640
    assert five.people["bo"].consents == {"win-back": True}


@pytest.mark.parametrize(
    "broken", ["steps: [", "- a list", "", "journey: welcome\nsteps:\n  - snd: welcome/hello\n", "\x00"]
)
def test_a_broken_file_leaves_the_others_whole(folder, library, broken):
    (folder / "journeys/welcome.yaml").write_text(broken)
    project = load_project(folder, library)
    assert project.journeys["welcome"].plan is None
    assert set(project.plans) == {"satisfaction", "recovery", "loyalty", "renewal", "reactivation"}
    assert {file for _, file in codes(project)} == {"journeys/welcome.yaml"}


def test_without_a_folder_there_is_a_project_without_journeys(tmp_path):
    project = load_project(tmp_path, {})
    assert project.journeys == {}
    assert project.diagnostics  # the missing lifeloop.yaml


def test_all_mistakes_of_all_files_come_at_once_in_order(folder, library):
    (folder / "journeys/a.yaml").write_text(
        WELCOME.replace("welcome\n", "a\n", 1) + "  - wait: 3\n  - snd: x\n  - stop:\n"
    )
    (folder / "journeys/b.yaml").write_text(WELCOME.replace("journey: welcome", "journey: c").replace("hello", "helo"))
    found = load_project(folder, library).diagnostics
    errors = [(one.code, one.place.file, one.place.line) for one in found if one.severity == "error"]
    assert errors == [
        ("J111", "journeys/a.yaml", 6),
        ("J101", "journeys/a.yaml", 7),
        ("J104", "journeys/a.yaml", 8),
        ("J121", "journeys/b.yaml", 5),
    ]
    assert ("J154", "journeys/b.yaml") in codes(load_project(folder, library), "warning")


def test_two_files_cannot_hold_one_journey(folder, library):
    (folder / "journeys/zwei.yaml").write_text(WELCOME)
    project = load_project(folder, library)
    assert ("J157", "journeys/zwei.yaml") in codes(project)
    assert project.journeys["welcome"].file == "journeys/welcome.yaml"


def test_journeys_may_stand_in_folders_and_other_things_beside_them(folder, library):
    (folder / "journeys/nl").mkdir()
    (folder / "journeys/nl/hallo.yaml").write_text(WELCOME.replace("welcome\n", "hallo\n", 1))
    (folder / "journeys/_drafts").mkdir()
    (folder / "journeys/_drafts/broken.yaml").write_text("steps: [")
    (folder / "journeys/.hidden.yaml").write_text("steps: [")
    project = load_project(folder, library)
    assert codes(project) == []
    trigger = project.plans["hallo"].triggers[0]
    assert isinstance(trigger, OnEvent)
    assert trigger.event == "contract.started"


PAIR = """takes: {first: message, after: length}
steps:
  - send: takes.first
    with: {again: takes.after}
  - wait: takes.after
  - if: takes.first was not clicked
    then:
      - send: welcome/need-a-hand
        id: nudge
"""
USES = """journey: twice
start: {event: contract.started}
delivery: {topic: getting-started}
steps:
  - use: pair
    with: {first: welcome/hello, after: 2 days}
  - use: pair
    when: customer.plan is plus
    with: {first: welcome/three-steps, after: 3 days}
"""


def shared(folder, text, uses=USES):
    (folder / "journeys/_steps").mkdir()
    (folder / "journeys/_steps/pair.yaml").write_text(text)
    (folder / "journeys/twice.yaml").write_text(uses)


def test_shared_steps_are_put_in_with_their_parameters(folder, library):
    shared(folder, PAIR)
    project = load_project(folder, library)
    assert codes(project) == []
    plan = project.plans["twice"]
    assert [node.id for node in plan.nodes] == [
        "send-hello", "wait-1", "if-1", "nudge", "use-pair-2.when", "send-three-steps", "wait-2", "if-2", "nudge-2",
    ]  # fmt: skip
    assert plan.nodes[0].args == {"again": "2 days"}
    assert plan.nodes[6].until.days == 3
    assert plan.nodes[2].cases[0].when.pattern == "welcome/hello"
    assert project.journeys["twice"].places["nudge"].file == "journeys/_steps/pair.yaml"


@pytest.mark.parametrize(
    ("text", "uses", "expected"),
    [
        (PAIR, USES.replace(", after: 2 days", ""), [("J171", "journeys/twice.yaml")]),
        (PAIR, USES.replace("after: 2 days", "after: 2 days, tone: kind"), [("J172", "journeys/twice.yaml")]),
        (PAIR, USES.replace("2 days", "2"), [("J111", "journeys/twice.yaml")]),
        (PAIR, USES.replace("welcome/hello", "welcome/helo"), [("J121", "journeys/twice.yaml")]),
        (PAIR.replace("takes.first\n", "takes.frist\n"), USES, [("J174", "journeys/_steps/pair.yaml")]),
        (
            PAIR.replace("again: takes.after", 'again: "{{ takes.after }}"'),
            USES,
            [("J174", "journeys/_steps/pair.yaml")],
        ),
        (PAIR + "  - use: pair\n    with: {first: a, after: b}\n", USES, [("J173", "journeys/_steps/pair.yaml")]),
        (PAIR.replace("length}", "duration}"), USES, [("J109", "journeys/_steps/pair.yaml")]),
        (PAIR.replace("  - wait: takes", "  - wiat: takes"), USES, [("J101", "journeys/_steps/pair.yaml")]),
        ("takes: [", USES, [("J001", "journeys/_steps/pair.yaml")]),
        ("- a list", USES, [("J104", "journeys/_steps/pair.yaml")]),
        ("takes: {}", USES.replace("first: welcome/hello, after: 2 days", ""), [("J106", "journeys/_steps/pair.yaml")]),
    ],
)
def test_mistakes_in_shared_steps_are_told_once_where_they_are(folder, library, text, uses, expected):
    shared(folder, text, uses)
    project = load_project(folder, library)
    assert list(dict.fromkeys(codes(project))) == expected
    assert project.journeys["twice"].plan is None
    assert project.journeys["welcome"].plan is not None


def test_two_journeys_that_chase_each_other_are_told_apart_from_those_that_end(folder, library):
    chase = "journey: {0}\nstart: from another journey\nagain: {2}\nsteps:\n  - wait: 1 day\n  - enter: {1}\n"
    (folder / "journeys/tom.yaml").write_text(chase.format("tom", "jerry", "always"))
    (folder / "journeys/jerry.yaml").write_text(chase.format("jerry", "tom", "always"))
    project = load_project(folder, library)
    found = [one for one in project.diagnostics if one.code == "J211"]
    assert [one.message for one in found] == ["jerry and tom can send a person back and forth for ever"]
    assert [related.place.file for related in found[0].related] == ["journeys/tom.yaml"]
    assert project.journeys["jerry"].plan is None
    (folder / "journeys/jerry.yaml").write_text(chase.format("jerry", "tom", "after 90 days"))
    assert "J211" not in {one.code for one in load_project(folder, library).diagnostics}


def test_what_most_messages_have_and_one_has_not(folder, library):
    texts = {name: replace(info, locales=("en", "nl")) for name, info in library.items()}
    texts["welcome/hello"] = replace(texts["welcome/hello"], locales=("en",))
    project = load_project(folder, texts)
    told = [(one.code, one.message) for one in project.diagnostics if one.code in {"J132", "J133"}]
    assert ("J132", "welcome/hello has no text in: nl") in told
    assert ("J133", "no journey sends renewal/call-you") in told
    assert len(told) == 2


def test_a_message_counts_as_never_sent_only_when_every_step_could_be_read(folder, library):
    file = folder / "journeys/welcome.yaml"
    file.write_text(file.read_text().replace("- send: welcome/hello", "- snd: welcome/hello"))
    assert "J133" not in {one.code for one in load_project(folder, library).diagnostics}


def test_fifty_files_are_checked_in_a_second_or_two_of_work(folder, library):
    text = (folder / "journeys/renewal.yaml").read_text()
    for number in range(45):
        (folder / f"journeys/renewal-{number}.yaml").write_text(
            text.replace("journey: renewal", f"journey: renewal-{number}")
        )
    started = time.process_time()
    project = load_project(folder, library)
    took = time.process_time() - started
    assert len(project.plans) == 51
    assert took < 2, f"{took:.2f} s"  # half of it on a quiet machine


def test_reading_a_project_imports_neither_pydantic_nor_jinja():
    code = (
        "import sys; from pathlib import Path; from lifeloop.journey.project import load_project;"
        f"load_project(Path({str(FIVE)!r}), {{}});"
        "print(sorted(set(sys.modules) & {'pydantic', 'jinja2', 'prefect', 'sqlalchemy', 'httpx'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_a_journey_that_tells_itself_to_begin_again_is_a_circle(tmp_path):
    folder = tmp_path / "loop"
    (folder / "journeys").mkdir(parents=True)
    (folder / "lifeloop.yaml").write_text("project: loop\ntimezone: Europe/Amsterdam\nevents:\n  again.please: {}\n")
    text = (
        "journey: loop\nphase: growth\nstart: {event: again.please}\nagain: always\nsteps:\n  - record: again.please\n"
    )
    (folder / "journeys" / "loop.yaml").write_text(text)
    assert [one.code for one in load_project(folder, {}).diagnostics if one.severity == "error"] == ["J211"]
    (folder / "journeys" / "loop.yaml").write_text(text.replace("always", "after 1 day"))
    assert not [one for one in load_project(folder, {}).diagnostics if one.severity == "error"]


@pytest.mark.parametrize(
    ("written", "window", "codes"),
    [("24 hours", 86_400, []), ("2 days", 172_800, []), ("1 month", None, ["J111"]), ("safe", None, ["J111"])],
)
def test_a_connection_says_for_how_long_it_recognises_a_key(tmp_path, written, window, codes):
    (tmp_path / "lifeloop.yaml").write_text(f"connections:\n  crm: {{base: env.CRM_URL, key_window: {written}}}\n")
    report = Report()
    found = read_catalogue(tmp_path, report)
    assert (found.connections["crm"].key_window, [one.code for one in report.found]) == (window, codes)


def test_a_message_must_exist_in_the_projects_own_language(folder, library):
    only_dutch = {**library, "welcome/hello": replace(library["welcome/hello"], locales=("nl",))}
    found = [one for one in load_project(folder, only_dutch).diagnostics if one.code == "J132"]
    assert [(one.severity, one.message) for one in found] == [
        ("error", "welcome/hello has no text in the project's own language, en")
    ]
