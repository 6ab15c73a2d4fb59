"""A forecast as somebody types it."""

import pytest

from lifeloop.cli.errors import Exit
from lifeloop.work.ingesting import Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import open_workspace

ASK = ("simulate", "--population", "customers", "--for", "40 days")


@pytest.fixture
def filled(project):
    """The starter shop with 30 customers like ana."""
    space = open_workspace(project)
    ana = space.project.people["ana"]
    publish(space, space.clock.now())
    rows = [Person(f"c{n}", {**ana.customer, "email": f"c{n}@example.com"}, {}, ana.consents) for n in range(30)]
    ingest(space, rows)
    space.close()
    return project


def test_days_topics_and_what_is_assumed_are_told(run, filled):
    said = run(*ASK, "--picture", "days.svg", COLUMNS="120")
    assert said.code == Exit.FINE
    assert said.out.startswith("30 customers as they stand, ")
    for words in ("messages per day", "getting-started  email", "held back", "assumed, not known", "55% answer"):
        assert words in said.out
    picture = (filled / "days.svg").read_text()
    assert picture.startswith("<svg ")
    assert "getting-started by email" in picture


def test_a_warm_up_is_shown_for_each_domain_that_mail_is_from(run, filled):
    file = filled / "lifeloop.yaml"
    way = "resend: {token: env.T, warm_up: {starts: 2999-01-01, first_day: 1, until: 9}}"
    said = file.read_text().replace("<anna@example.com>", "<anna@other.example>")
    file.write_text(said.replace("email: inbox", f"email: resend\nchannels:\n  {way}"))
    found = run(*ASK, "--json", T="t").json["population"]
    (resend,) = [one for one in found["ways"] if one["way"] == "resend"]
    climbs = {one["domain"]: one for one in resend["warming_up"]}
    assert set(climbs) == {"example.com", "other.example"}
    assert (climbs["example.com"]["allowed"], resend["allowed"]) == (1, None)
    assert 1 < climbs["example.com"]["messages"] <= resend["messages"]
    assert climbs["example.com"]["days_over"] > 0
    text = run(*ASK, T="t").out
    assert f"warming up: {climbs['other.example']['messages']:,} from other.example on" in text


@pytest.mark.usefixtures("filled")
def test_every_day_is_in_the_document_and_adds_up(run):
    found = run(*ASK, "--json").json
    days = found["population"]["days"]
    assert found["population"]["people"] == 30
    assert sum(day["messages"] for day in days) == found["messages"] > 0
    assert found["population"]["sample"] is None
    assert run(*ASK, "--json").json["population"] == found["population"]


@pytest.mark.usefixtures("filled")
def test_a_sample_says_that_it_is_one_and_how_far_it_may_lie_off(run):
    said = run(*ASK, "--sample", "20")
    assert "from a sample of 20, scaled up" in said.out
    assert said.out.startswith("30 customers")
    found = run(*ASK, "--sample", "20", "--json").json
    assert found["population"]["sample"]["people"] == 20
    assert found["population"]["people"] == 30


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--population", "customers", "--from", "2026-05-01"), "a forecast begins now"),
        (("--population", "customers", "--sample", "0"), "take a number from 1"),
        (("--population", "50", "--sample", "10"), "are about your customers"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_a_forecast_cannot_do_is_said(run, more, words):
    said = run("simulate", *more)
    assert said.code == Exit.USAGE
    assert words in said.err


@pytest.mark.usefixtures("project")
def test_without_customers_it_says_how_to_bring_them_in(run):
    said = run(*ASK)
    assert said.code == Exit.FINDINGS
    assert "nobody is known yet" in said.err
    assert "lifeloop import people.csv" in said.err
