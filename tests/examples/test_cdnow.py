"""The example project: without a mistake, its tests hold, and the same purchases give the same letters everywhere."""

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from lifeloop.cli.app import main
from lifeloop.clock import SetClock
from lifeloop.rehearse.testing import run_test
from lifeloop.store import inbox
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.opening import open_import
from lifeloop.work.project import open_project
from lifeloop.work.replaying import digest_of, midnight, recorded, replay
from lifeloop.work.workspace import open_workspace

ZONE = "America/New_York"
FIRST, UNTIL = midnight(date(1997, 1, 1), ZONE), midnight(date(1997, 9, 20), ZONE)


def lived(root, file, url, until=UNTIL):
    """Replay a file; returns what came of it and every letter that was written."""
    space = open_workspace(root, url=url, clock=SetClock(0), environ={}, stay_here=True)
    opened = open_import(file, space.catalogue, Said(), Habits(), root / "mapping.yaml")
    try:
        done = asyncio.run(replay(space, recorded(opened.rows()), FIRST, until))
        with space.store.reading() as tx:
            letters = list(inbox.everything(tx, 7))
        assert done.digest == digest_of(space)
    finally:
        opened.close()
        space.close()
    return done, letters


def test_the_example_has_no_mistake_and_its_own_tests_hold(shop):
    project = open_project(shop)
    assert project.diagnostics == ()
    runs = [
        run_test(journey.plan, test, project.people[test.person], project.catalogue)
        for journey in project.journeys.values()
        for test in journey.tests
    ]
    assert len(runs) >= 10
    assert all(run.passed for run in runs)


def test_every_journey_of_the_loop_has_its_say(shop, purchases, fresh_url):
    done, letters = lived(shop, purchases(shop / "made-up.csv"), fresh_url())
    assert set(done.messages) == {"satisfaction", "loyalty", "growth", "reactivation"}
    assert all(count > 3 for count in done.messages.values()), done.messages
    assert done.people == 16
    assert done.sent == len(letters)
    assert [letter[0] for letter in letters] == sorted(letter[0] for letter in letters)


def test_the_same_run_twice_is_the_same_letter_for_letter(shop, purchases, tmp_path):
    """On SQLite; the next test holds PostgreSQL to the same letters."""
    fresh = (f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(3))
    file = purchases(shop / "made-up.csv")
    first, one = lived(shop, file, next(fresh))
    again, two = lived(shop, file, next(fresh))
    assert one == two
    assert first.digest == again.digest
    other, three = lived(shop, purchases(shop / "other.csv", seed=5), next(fresh))
    assert other.digest != first.digest
    assert three != one


@pytest.mark.postgres
def test_both_databases_write_the_same_letters(shop, purchases, tmp_path, postgres_schemas):
    file = purchases(shop / "made-up.csv")
    _, one = lived(shop, file, f"sqlite:///{tmp_path / 'one.db'}")
    with postgres_schemas() as url:
        _, two = lived(shop, file, url)
    assert len(one) > 50
    assert one == two


def test_the_real_purchases_are_understood_row_by_row(shop, real_purchases):
    project = open_project(shop)
    opened = open_import(real_purchases, project.catalogue, Said(), Habits(), shop / "mapping.yaml")
    what = recorded(opened.rows())
    opened.close()
    assert what.rejected == ()
    assert sum(deed.what == "person" for deed in what.deeds) == 2357
    assert sum(deed.what == "event" for deed in what.deeds) == 6919
    assert len({deed.happening.id for deed in what.deeds if deed.happening}) == 6919


def test_the_first_weeks_of_the_real_purchases_are_the_same_twice(shop, real_purchases, tmp_path):
    until = midnight(date(1997, 1, 22), ZONE)
    ones = [lived(shop, real_purchases, f"sqlite:///{tmp_path / name}", until)[0] for name in ("one.db", "two.db")]
    assert ones[0].sent > 300
    assert ones[0].digest == ones[1].digest


def test_import_and_replay_read_the_file_alike(shop, purchases, monkeypatch, capsys):
    file = purchases(shop / "made-up.csv")
    monkeypatch.chdir(shop)
    monkeypatch.delenv("LIFELOOP_DATABASE", raising=False)
    capsys.readouterr()
    assert main(["import", str(file), "--map", "mapping.yaml", "--json"]) == 0
    imported = json.loads(capsys.readouterr().out)
    assert main(["replay", str(file), "--map", "mapping.yaml", "--json", "--until", "1997-03-01"]) == 0
    replayed = json.loads(capsys.readouterr().out)
    assert imported["rejected"] == replayed["rejected"] == 0
    assert imported["new_customers"] == 16
    assert imported["events"] == len(file.read_text().splitlines()) - 1
    assert 0 < replayed["events"] <= imported["events"]
    assert Path(shop / ".lifeloop" / "replay.db").is_file()
