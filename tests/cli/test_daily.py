"""The commands of daily life: what they say, to people and to programs, also where nothing has happened yet."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from lifeloop.cli.app import main
from lifeloop.store.opening import open_store

TOP = Path(__file__).parents[2]

PEOPLE = """\
Klantnummer;Voornaam;E-Mail;Tijdzone;Nieuwsbrief
1001;Bo;bo@example.com;Europe/Lisbon;ja
1002;Cas;cas@example;Europe/Amsterdam;nee
1003;Dee;dee@example.com;;nee
"""
LATER = ("status", "who", "customer", "why", "asks", "doctor", "pause", "resume", "halt", "release")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    for name in ("LIFELOOP_DATABASE", "PREFECT_API_URL", "LIFELOOP_INSTANCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory):
    """The starter project with two customers, journeys live, and one of them on the way; made once."""
    folder = tmp_path_factory.mktemp("lived") / "shop"
    folder.mkdir()
    shutil.copy(TOP / "lifeloop.yaml", folder)
    for part in ("journeys", "templates", "people"):
        shutil.copytree(TOP / part, folder / part)
    (folder / "people.csv").write_text(PEOPLE)
    with chdir(folder), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        main(["import", "people.csv", "--consent", "inspiration=Nieuwsbrief"])
        main(["run", "--once"])
        main(["event", "send", "contract.started", "1001", "date=2026-11-21"])
        main(["run", "--once"])
    return folder


@pytest.fixture
def shop(lived_in, tmp_path, monkeypatch):
    """A copy of it to do things to; the test stands in it."""
    folder = tmp_path / "shop"
    shutil.copytree(lived_in, folder)
    monkeypatch.chdir(folder)
    return folder


def test_an_import_shows_what_it_understood_and_imports_what_it_can(project, run, conforms):
    (project / "people.csv").write_text(PEOPLE)
    tried = run("import", "people.csv", "--dry-run", "--plain")
    assert tried.code == 1
    for said in (
        "Voornaam → first_name",
        "never guessed",
        "2 ok · 1 rejected (people.rejects.csv)",
        "would enter today",
    ):
        assert said in tried.out
    assert run("customer", "1001").code == 2
    done = run("import", "people.csv", "--consent", "inspiration=Nieuwsbrief", "--json")
    document = conforms("import", done.json)
    assert (done.code, document["taken"], document["new_customers"]) == (1, 2, 2)
    assert document["rejects"] == [
        {"row": 3, "column": "E-Mail", "value": "cas@example", "reason": '"cas@example" is not an e-mail address'}
    ]
    lines = (project / "people.rejects.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "row;column;value;reason;Klantnummer;Voornaam;E-Mail;Tijdzone;Nieuwsbrief"
    (project / "people.rejects.csv").write_text("\n".join(lines).replace("cas@example;", "cas@example.com;"))
    assert run("import", "people.rejects.csv").code == 0
    assert run("customer", "cas@example.com").code == 0


def test_an_import_says_what_is_odd_about_rows_that_it_takes(project, run, conforms):
    rows = ["1,renée@example.com", "2,bo@münchen.example", "3,c@example.com", "3,c@example.com", "3,dee@example.com"]
    (project / "odd.csv").write_text("\n".join(["id,email", *rows, "1,zoë@example.com"]))
    told = conforms("import", run("import", "odd.csv", "--dry-run", "--json").json)
    assert (told["taken"], told["rejected"]) == (6, 0)
    assert (told["unreachable"], told["overruled"]) == ({"count": 2, "first": 2}, {"count": 2, "first": 6})
    shown = " ".join(run("import", "odd.csv").out.split())
    assert "2 rows with letters before the @ that mail does not carry: nothing can be sent there" in shown
    assert "2 rows say something else of a customer than a row shortly before; the last one counts" in shown
    assert "(first: row 6)" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing.csv"], 1, "there is no file"),
        (["."], 1, "is a folder"),
        (["empty.csv"], 1, "is empty"),
        (["people.csv", "--map", "Voornaam=first"], 2, 'there is no attribute "first"'),
        (["people.csv", "--consent", "inspirations"], 2, 'did you mean "inspiration"'),
        (["people.csv", "--map", "a.yaml", "--map", "b=c"], 2, "one mapping file"),
        (["people.csv", "--event", "order.deliverd"], 2, 'did you mean "order.delivered"'),
        (["people.csv", "--event", "order.delivered"], 1, "no column tells when it happened"),
        (["people.csv", "--as", "contrct"], 2, 'did you mean "contract"'),
        (["people.csv", "--dates", "american"], 2, "day first, month first"),
        (["list.json"], 1, "one long list"),
        (["people.jsonl", "--consent", "inspirations"], 2, 'did you mean "inspiration"'),
        ([], 2, "FILE is missing"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_sentence(project, run, words, code, said):
    (project / "people.csv").write_text(PEOPLE)
    (project / "empty.csv").write_text("")
    (project / "people.jsonl").write_text('{"id": "1"}\n')
    (project / "list.json").write_text('[{"id": 1}]')
    ran = run("import", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("shop")
def test_an_event_is_typed_by_the_catalogue(run, conforms):
    sent = run("event", "send", "survey.answered", "bo@example.com", "score=9", "--id", "s1", "--json")
    document = conforms("event", sent.json)
    assert (document["customer"], document["data"], document["new"]) == ("1001", {"score": 9}, True)
    again = run("event", "send", "survey.answered", "1001", "score=9", "--id", "s1", "--at", document["at"])
    assert "was known already" in again.out
    other = run("event", "send", "survey.answered", "1001", "score=3", "--id", "s1")
    assert (other.code, "says something else" in other.err) == (1, True)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["survey.anwered", "1001"], 'did you mean "survey.answered"'),
        (["survey.answered", "10x1"], 'did you mean "1001"'),
        (["survey.answered", "1001", "score=11"], "from 0 to 10"),
        (["survey.answered", "1001", "scor=1"], 'did you mean "score"'),
        (["survey.answered", "1001", "score"], "name=value"),
        (["survey.answered", "1001", "--at", "soon"], "is not a date and time"),
    ],
)
def test_an_event_that_makes_no_sense_is_wrong_usage(run, words, said):
    ran = run("event", "send", *words)
    assert (ran.code, said in ran.err) == (2, True)


@pytest.mark.usefixtures("shop")
def test_somebody_new_must_be_said_to_be(run):
    assert "--new" in run("event", "send", "video.watched", "zoe").err
    assert run("event", "send", "video.watched", "zoe", "--new").code == 0
    assert run("customer", "zoe", "--json").json["data"] == {}


@pytest.mark.usefixtures("shop")
def test_somebody_new_who_is_named_by_an_address_can_be_written_to(run):
    assert run("event", "send", "video.watched", "zoe@example.com", "--new").code == 0
    assert run("customer", "zoe@example.com", "--json").json["data"] == {"email": "zoe@example.com"}
    assert run("event", "send", "video.watched", "ZOE@example.com").code == 0, "and is known by it from now on"


@pytest.mark.usefixtures("shop")
def test_status_and_who_say_where_people_are(run, conforms):
    everything = conforms("status", run("status", "--json").json)
    welcome = next(one for one in everything["journeys"] if one["journey"] == "welcome")
    assert (everything["customers"], welcome["runs"], welcome["messages"]) == (2, {"waiting": 1}, {"sent": 1})
    assert "1 entered" in run("status", "welcome").out
    (person,) = conforms("who", run("who", "welcome", "--json").json)["people"]
    assert (person["customer"], person["timezone"], person["step"]) == ("1001", "Europe/Lisbon", "wait-1")
    assert "waits" in run("who", "welcome", "--step", "wait-1").out
    assert 'no step "wait-99"' in run("who", "welcome", "--step", "wait-99").err
    assert run("who", "renewal").out.startswith("Nobody waits in renewal")


@pytest.mark.usefixtures("shop")
def test_a_customer_is_shown_whole(run, conforms):
    document = conforms("customer", run("customer", "BO@example.com", "--json").json)
    assert document["permissions"] == {"inspiration": True}
    assert [line["kind"] for line in document["past"]] == ["consent", "event", "starts", "email"]
    assert [line["kind"] for line in document["ahead"]] == ["waits"]
    shown = run("customer", "1001", "--plain").out
    assert "yes to inspiration" in shown
    assert "Ahead (Europe/Lisbon)" in shown


@pytest.mark.usefixtures("shop")
def test_why_answers_for_who_is_in_and_who_is_not(run, conforms):
    inside = conforms("why", run("why", "1001", "welcome", "--json").json)
    assert inside["answer"].startswith("Bo is on the way in welcome since")
    assert inside["runs"][0]["status"] == "waiting"
    outside = conforms("why", run("why", "1003", "welcome", "--json").json)
    assert outside["answer"] == "Dee has never entered welcome."
    assert [check["holds"] for check in outside["cases"][0]["checks"]] == [False, True, True]
    assert "does not hold contract.started" in run("why", "1003", "welcome", "--plain").out
    assert 'did you mean "welcome"' in run("why", "1003", "welcom").err


@pytest.mark.usefixtures("shop")
def test_why_notices_a_journey_where_the_customer_belongs(run):
    swapped = run("why", "welcome", "1001")
    assert (swapped.code, "the customer comes first" in swapped.err) == (2, True)
    assert "lifeloop why 1001 welcome" in swapped.err
    assert "comes first" not in run("why", "welcome", "welcome").err


@pytest.mark.usefixtures("shop")
def test_pause_and_resume_say_what_they_do(run, conforms):
    assert conforms("pause", run("pause", "welcome", "--reason", "typo", "--json").json)["paused"] == ["welcome"]
    assert "paused: typo" in run("status", "welcome").out
    assert "the journey rests" in run("why", "1001", "welcome").out
    assert conforms("resume", run("resume", "welcome", "--json").json)["people"] == 0
    assert len(run("pause", "--all", "--json").json["paused"]) > 1
    assert run("resume", "--all").code == 0
    assert run("doctor").code == 0
    for words in (["pause"], ["pause", "welcome", "--all"], ["resume"], ["pause", "wellcome"]):
        assert run(*words).code == 2


def test_more_than_a_hundred_messages_at_once_need_a_word(shop, run):
    (shop / "people.csv").write_text(
        "id,email,first_name\n" + "".join(f"n{n},n{n}@example.com,N\n" for n in range(150))
    )
    run("import", "people.csv")
    run("pause", "welcome")
    store = open_store(f"sqlite:///{shop / '.lifeloop' / 'lifeloop.db'}")
    with store.transaction() as tx:
        tx.run(
            "INSERT INTO message (id, kind, customer_id, enrollment_id, journey_id, node, visit, name, channel, topic,"
            " counts, status, due_at, made_at, next_at, fence, tries)"
            " SELECT 'x' || c.id, 'mail', c.id, e.id, e.journey_id, 'send-hello', 9, 'welcome/hello', 'email',"
            " 'service', 1, 'ready', e.started_at, e.started_at, e.started_at, 0, 0"
            " FROM customer c, (SELECT * FROM enrollment LIMIT 1) e WHERE c.key LIKE 'n%'"
        )
    store.close()
    refused = run("resume", "welcome")
    assert (refused.code, "150 messages may leave within the hour" in refused.err) == (5, True)
    assert "resting: welcome" in run("doctor").out
    assert run("resume", "welcome", "--yes").code == 0


def test_a_question_is_shown_and_answered(small, run, conforms):
    (small / "lifeloop.yaml").write_text((small / "lifeloop.yaml").read_text() + "approvers: {boss: b@example.com}\n")
    (small / "journeys" / "one.yaml").write_text(
        "journey: one\nphase: welcome\nname: One\nstart:\n  event: order.placed\ndelivery:\n  topic: service\n"
        'steps:\n  - ask: boss\n    question: "Shall we, {{ customer.first_name }}?"\n    max: 2 days\n'
        "  - send: a/hello\n"
    )
    (small / "people.csv").write_text("id,first_name\n1,Ana\n")
    assert "Nothing waits for an answer" in run("asks").out
    run("import", "people.csv")
    run("run", "--once")
    run("event", "send", "order.placed", "1")
    run("run", "--once")
    (question,) = conforms("asks", run("asks", "boss", "--json").json)["questions"]
    assert (question["question"], question["customer"], question["who"]) == ("Shall we, Ana?", "1", "boss")
    reference = question["id"][:16]
    assert f"lifeloop answer {reference} approved" in run("asks").out
    assert run("answer", "no-such-one", "approved").code == 2
    assert run("answer", reference, "perhaps").code == 2
    done = conforms("answer", run("answer", reference, "declined", "--note", "too early", "--json").json)
    assert (done["approved"], done["note"]) == (False, "too early")
    assert "answered before" in run("answer", question["id"], "approved").err


def test_a_question_whose_time_is_up_waits_no_longer(small, run):
    (small / "lifeloop.yaml").write_text((small / "lifeloop.yaml").read_text() + "approvers: {boss: b@example.com}\n")
    (small / "journeys" / "one.yaml").write_text(
        "journey: one\nphase: welcome\nname: One\nstart:\n  event: order.placed\ndelivery:\n  topic: service\n"
        "steps:\n  - ask: boss\n    question: Shall we?\n    max: 1 minute\n  - wait: 2 days\n  - send: a/hello\n"
    )
    (small / "people.csv").write_text("id,first_name\n1,Ana\n")
    run("import", "people.csv")
    run("run", "--once")
    run("event", "send", "order.placed", "1")
    run("run", "--once")
    (question,) = run("asks", "--json").json["questions"]
    store = open_store(f"sqlite:///{small / '.lifeloop' / 'lifeloop.db'}")
    with store.transaction() as tx:
        tx.run("UPDATE enrollment SET due_at = due_at - 120, deadline = deadline - 120, since = since - 120")
    store.close()
    run("run", "--once")
    assert "Nothing waits for an answer" in run("asks").out
    assert run("answer", question["id"], "approved").code == 2


def test_the_doctor_checks_and_writes_a_report_without_anybodys_data(shop, run, conforms):
    document = conforms("doctor", run("doctor", "--json").json)
    assert document["ok"] is True
    run("doctor", "--report", "report.json")
    report = (shop / "report.json").read_text()
    assert json.loads(report)["checks"] == document["checks"]
    assert "example.com" not in report
    (shop / "journeys" / "welcome.yaml").write_text("journey: welcome\nsteps: [{snd: x}]\n")
    broken = run("doctor", "--plain")
    assert (broken.code, "cannot run: welcome" in broken.out) == (1, True)


@pytest.mark.usefixtures("shop")
def test_the_doctor_names_what_does_not_answer(run):
    closed = run("doctor", CRM_URL="http://127.0.0.1:9")
    assert (closed.code, "crm cannot be reached: the address leads into a private network" in closed.out) == (1, True)
    gone = run("doctor", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert (gone.code, "the Prefect server does not answer" in gone.out) == (1, True)
    away = run("doctor", LIFELOOP_DATABASE="postgresql://nobody@127.0.0.1:9/none")
    assert (away.code, "does not answer" in away.out) == (4, True)


def test_the_doctor_works_outside_of_a_project(tmp_path, monkeypatch, run):
    monkeypatch.chdir(tmp_path)
    ran = run("doctor")
    assert (ran.code, "no lifeloop.yaml" in ran.out) == (0, True)


@pytest.mark.usefixtures("project")
def test_an_empty_database_says_what_to_do_next(run):
    assert "lifeloop run" in run("status").out
    assert "lifeloop import people.csv" in run("status").out
    assert "lifeloop import people.csv" in run("customer", "ana").err
    run("run", "--once")
    assert "Nobody has entered yet" in run("status").out
    assert "Nobody waits in welcome" in run("who", "welcome").out
    assert run("resume", "--all").code == 0


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", LATER)
def test_a_database_that_does_not_answer_is_a_sentence(run, command):
    words = {
        "customer": ["ana"],
        "why": ["ana", "welcome"],
        "who": ["welcome"],
        **{name: ["--all"] for name in ("pause", "resume", "halt", "release")},
    }
    ran = run(command, *words.get(command, []), LIFELOOP_DATABASE="postgresql://nobody@127.0.0.1:9/none")
    assert ran.code == 4
    assert "Traceback" not in ran.err + ran.out


@pytest.mark.usefixtures("shop")
def test_none_of_them_loads_prefect(run):
    for name in [name for name in sys.modules if name.split(".")[0] == "prefect"]:
        pytest.skip(f"{name} was loaded by another test")
    for words in (["status"], ["who", "welcome"], ["customer", "1001"], ["why", "1001", "welcome"], ["doctor"]):
        run(*words)
    assert "prefect" not in sys.modules
