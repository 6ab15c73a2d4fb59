import json
from itertools import pairwise
from time import process_time

import pytest
from rich.text import Text

from lifeloop.cli.errors import Exit

RENEWAL = (
    "simulate",
    "renewal",
    "--as",
    "ana",
    "--from",
    "2026-04-15",
    "--event",
    "35d 09:30 question.answered answer=upgrade",
    "--event",
    "50d 21:00 contract.renewed",
)
STORY = """\
Ana · active · premium · Lisbon · contract ends Tue 30 Jun 2026   seed 1

 Thu 16 Apr 10:00   ▶ starts   75 days before contract.ends at 10:00
                    ✉ email    Ana, this was your year with the sun
    ┊ 15 days
 Fri 01 May 10:00   ✉ email    Three things you could not do a year ago
    ┊ 15 days
 Sat 16 May 10:00   ◷ held     outside weekdays 09:00-18:00
 Mon 18 May 09:00   ✉ email    What matters most to you next year?
    ┊ 2 days
 Wed 20 May 09:30   ● event    question.answered   answer: upgrade
                    ≔ set      next_year_wish = upgrade
    ┊ 11 days
 Sun 31 May 10:00   ◇ choose   next_year_wish is upgrade   line 54
                    ◷ held     outside weekdays 09:00-18:00
 Mon 01 Jun 09:00   ✉ email    More sun next year, as you wished
    ┊ 3 days
 Thu 04 Jun 21:00   ● event    contract.renewed   → stop rule, line 20
                    ★ goal     goal reached
                    ◷ held     outside every day 09:00-20:00
 Fri 05 Jun 09:00   ✉ email    Another year. Thank you
                    ■ ends     stopped: contract.renewed happened   stop rule, line 20
"""
STRIP = """\
        15 Apr          May                            Jun
  Ana   ·✉··············✉················✉·●···········✉··●✉■
"""


@pytest.mark.usefixtures("project")
def test_months_are_told_line_by_line_on_the_customers_clock(run):
    said = run(*RENEWAL)
    assert said.code == Exit.FINE
    assert said.out.startswith(STORY)
    assert said.out.endswith(STRIP)
    assert " 51 days · 5 messages · " in said.out
    assert said.err == ""


@pytest.mark.usefixtures("project")
def test_plain_has_words_instead_of_icons_and_no_strip(run):
    said = run(*RENEWAL, "--plain")
    assert " Sat 16 May 10:00   held     outside weekdays 09:00-18:00" in said.out
    assert "    15 days later" in said.out
    assert not {"✉", "◷", "┊", "·✉"} & set(said.out)


@pytest.mark.usefixtures("project")
def test_without_a_day_it_begins_a_day_before_the_start(run):
    found = json.loads(run("simulate", "renewal", "--as", "ana", "--json").out)
    assert found["begin"] == "2026-04-15T00:00:00+01:00"
    assert found["lines"][0]["at"] == "2026-04-16T10:00:00+01:00"
    assert found["notes"] == []


@pytest.mark.usefixtures("project")
def test_what_starts_a_journey_is_made_to_happen_and_said(run):
    said = run("simulate", "satisfaction", "--from", "2026-03-02")
    assert "order.delivered is what starts it: made to happen on day 0" in said.err
    assert " Mon 02 Mar 09:00   ● event    order.delivered   order_id: A-17, total: 59.9" in said.out
    by_hand = run("simulate", "recovery", "--as", "ana", "--from", "2026-03-02")
    assert "made to happen on day 0" in by_hand.err


@pytest.mark.usefixtures("project")
def test_data_may_change_at_a_time_or_from_the_beginning(run):
    moved = run(*RENEWAL[:6], "--set", "20d 12:00 contract.ends=2026-12-31").out
    assert " Tue 05 May 12:00   ↻ moved    the date it waits for has moved" in moved
    assert " Mon 16 Nov 10:00   ✉ email    What matters most to you next year?" in moved
    assert moved.count("What matters most to you next year?") == 1
    kept_out = run("simulate", "renewal", "--as", "ana", "--set", "auto_renews=true")
    assert 'Ana does not enter "renewal": not in the audience' in kept_out.err
    assert "customer.auto_renews is false" in kept_out.err


@pytest.mark.usefixtures("project")
def test_a_split_is_pinned_and_another_seed_is_another_throw(run):
    for path in ("personal", "checklist", "holdout"):
        said = run("simulate", "welcome", "--from", "2026-03-02", "--path", f"welcome-tone={path}")
        assert f"welcome-tone: {path}" in said.out
    paths = set()
    for seed in range(2, 6):
        lines = json.loads(run("simulate", "welcome", "--from", "2026-03-02", "--seed", seed, "--json").out)["lines"]
        paths |= {line["words"] for line in lines if line["kind"] == "split"}
    assert len(paths) > 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("renewl",), 'did you mean "renewal"?'),
        (("renewal", "--as", "annna"), 'did you mean "ana"?'),
        (("renewal", "--event", "3d contract.renwed"), 'there is no event "contract.renwed"'),
        (("renewal", "--from", "tomorrow"), '"tomorrow" is not a day'),
        (("renewal", "--for", "long"), '"long" is not a length of time'),
        (("renewal", "--set", "3d plan=gold"), "plan: "),
        (("welcome", "--path", "welcome-tone=loud"), '"welcome-tone" has no path "loud"'),
        ((), "which journey?"),
        (("--population", "0"), "--population takes a number"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_rehearsed_is_said_in_words(run, words, sentence):
    said = run("simulate", *words)
    assert said.code == Exit.USAGE
    assert sentence in said.err


def test_a_journey_with_mistakes_is_not_rehearsed(run, project):
    file = project / "journeys" / "renewal.yaml"
    file.write_text(file.read_text().replace("renewal/offer", "renewal/ofer"))
    said = run("simulate", "renewal")
    assert said.code == Exit.FINDINGS
    assert "lifeloop validate journeys/renewal.yaml" in said.err


def test_a_message_that_cannot_be_written_says_why_and_the_rest_goes_on(run, project):
    file = project / "templates" / "renewal" / "what-is-new-for-you.md"
    file.write_text(file.read_text() + "\n{{ customer.first_name | date }}\n")
    said = run(*RENEWAL)
    assert "renewal/what-is-new-for-you   cannot be written: templates/renewal/what-is-new-for-you.md:" in said.out
    assert "what stands here is not a date" in said.out
    assert "Another year. Thank you" in said.out


@pytest.mark.usefixtures("project")
def test_json_keeps_its_published_shape(run, conforms):
    for more in ((), ("--every-path",), ("--as-table",), ("--population", "5")):
        conforms("simulate", json.loads(run(*RENEWAL[:6], *more, "--json").out))
    found = json.loads(run(*RENEWAL, "--json").out)
    conforms("simulate", found)
    assert found["messages"] == 5
    assert [line["day"] for line in found["lines"] if line["kind"] == "email"] == [1, 16, 33, 47, 51]


@pytest.mark.usefixtures("project")
def test_every_way_has_a_line_with_what_is_sent(run):
    said = run("simulate", "satisfaction", "--every-path", "--from", "2026-03-02")
    assert "7 ways · " in said.out
    asked_twice = "✉ satisfaction/how-was-it (day 3) · ✉ satisfaction/one-click (day 7)"
    assert f"survey.answered: time is up\n    {asked_twice} · ■ no answer" in said.out
    assert "not reached" not in said.out


@pytest.mark.usefixtures("project")
def test_a_table_has_a_line_for_each_sample_person(run):
    said = run("simulate", "renewal", "--as-table", "--people", "ana", "--people", "people/bo.yaml", "--plain")
    lines = said.out.splitlines()
    assert lines[0].startswith("who ana, messages 6, first Thu 16 Apr 2026 10:00, last Thu 25 Jun 2026 10:00")
    assert lines[1].startswith("who bo, messages 0")
    assert len(lines) == 2


@pytest.mark.usefixtures("project")
def test_a_population_adds_up(run):
    said = run("simulate", "--population", "60", "--seed", "7", "--from", "2026-01-01")
    assert said.out.startswith("60 made-up customers, 01 Jan 2026 to 01 Jan 2027   seed 7")
    for words in ("messages per person", "busiest hour", "busiest day", "collisions", "got nothing", "goal"):
        assert words in said.out
    found = json.loads(run("simulate", "--population", "60", "--seed", "7", "--from", "2026-01-01", "--json").out)
    crowd = found["population"]
    assert sum(crowd["per_person"].values()) == crowd["people"] == 60
    assert sum(int(number) * people for number, people in crowd["per_person"].items()) == found["messages"]
    assert sum(crowd["by_message"].values()) == found["messages"]


@pytest.mark.usefixtures("project")
def test_a_person_year_of_all_journeys_takes_milliseconds(run):
    began = process_time()  # what it costs, not what others do meanwhile
    assert run("simulate", "--all", "--population", "50", "--from", "2026-01-01", "--json").code == 0
    assert (process_time() - began) / 50 < 0.05


@pytest.mark.usefixtures("project")
def test_all_journeys_together_say_which_one_speaks(run):
    said = run(
        "simulate", "--all", "--as", "ana", "--from", "2026-03-02", "--for", "40 days",
        "--event", "0d 10:00 contract.started", "--event", "3d 10:00 order.delivered order_id=A-1 total=60",
    )  # fmt: skip
    assert "welcome       " in said.out
    assert "satisfaction  " in said.out


@pytest.mark.usefixtures("project")
def test_a_narrow_window_is_kept_and_words_go_on_below_words(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    said = run("simulate", "renewal", "--from", "2026-04-10", COLUMNS="60", FORCE_COLOR="1", NO_COLOR="1")
    lines = Text.from_ansi(said.out).plain.splitlines()
    assert max(map(len, lines)) <= 60
    below = next(after for line, after in pairwise(lines) if "75 days before" in line)
    assert below.startswith(" " * 31 + "at 10:00")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("option", "value"), [("--population", "abc"), ("--seed", "x")])
def test_a_number_that_is_none_is_asked_for_in_words(run, option, value):
    said = run("simulate", "renewal", option, value)
    assert said.code == Exit.USAGE
    assert f'{option} cannot be "{value}"; it is a whole number' in said.err


@pytest.mark.usefixtures("project")
def test_a_day_in_another_notation_gets_ours(run):
    said = run("simulate", "renewal", "--from", "31-12-2026")
    assert (said.code, 'did you mean "2026-12-31"?' in said.err) == (Exit.USAGE, True)
