"""A made-up year from the command line: it is built, it is the same each time, and nothing leaves the machine."""

import sqlite3
from contextlib import closing

import pytest

SMALL = ("demo", "--no-serve", "--people", "12")


def mails(project):
    with closing(sqlite3.connect(project / ".lifeloop" / "demo.db")) as database:
        asked = (
            "SELECT r.subject, r.html, r.text_part FROM rendered r JOIN message m ON m.id = r.message_id"
            " WHERE m.kind = 'mail' ORDER BY m.id"
        )
        return database.execute(asked).fetchall()


def test_the_counts_as_json(run, project, conforms):
    ran = run(*SMALL, "--json")
    assert ran.code == 0
    conforms("demo", ran.json)
    assert ran.json["people"] == 12
    assert sum(ran.json["messages"].values()) == len(mails(project)) > 20
    assert set(ran.json["messages"]) == {path.stem for path in (project / "journeys").glob("*.yaml")}


def test_the_same_seed_makes_the_same_year_to_the_letter(run, project):
    run(*SMALL)
    first = mails(project)
    run(*SMALL)
    assert mails(project) == first
    run(*SMALL, "--seed", "2")
    assert mails(project) != first


@pytest.mark.usefixtures("project")
def test_a_summary_for_people(run):
    ran = run(*SMALL)
    assert "welcome" in ran.out
    assert "12 customers" in ran.out
    assert "one year in" in ran.out


def test_without_a_project_it_is_the_starters_year(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*SMALL, "--json")
    assert ran.code == 0
    assert ran.json["runs"] > 0
    assert not any(tmp_path.iterdir())


def test_a_broken_journey_does_not_stop_the_others(run, project):
    path = project / "journeys" / "growth.yaml"
    path.write_text(path.read_text().replace("send:", "snd:", 1))
    ran = run(*SMALL, "--json")
    assert ran.code == 0
    assert ran.json["messages"]["welcome"] > 0
    assert not ran.json["messages"].get("growth")
    assert "growth" in ran.err


def test_nothing_leaves_even_where_a_mail_server_is_set(run, project, monkeypatch):
    monkeypatch.setenv("SMTP_HOST", "mail.example.com")
    settings = project / "lifeloop.yaml"
    smtp = "email: smtp\nchannels: {smtp: {host: env.SMTP_HOST}}"
    settings.write_text(settings.read_text().replace("email: inbox", smtp))
    ran = run(*SMALL, "--json")
    assert ran.code == 0
    assert sum(ran.json["messages"].values()) == len(mails(project))
