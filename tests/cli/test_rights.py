"""Forgetting and telling, from the command line."""

import json
import stat

import pytest

from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.workspace import open_workspace


@pytest.fixture
def known(small):
    space = open_workspace(small)
    ingest(space, [Person(key, {"first_name": key, "email": f"{key}@example.com"}) for key in ("ana", "bo")])
    ingest(space, [], [Happening("ana", "order.placed", space.clock.now(), "1")])
    yield space
    space.close()


@pytest.mark.usefixtures("known")
def test_erasing_shows_first_and_changes_nothing_until_it_is_said(run, conforms):
    said = run("erase", "ana@example.com")
    assert said.code == 3
    assert "their id, addresses and data" in said.out
    assert "1 address as a keyed hash" in said.out
    assert "Nothing was changed" in said.out
    assert run("customer", "ana").code == 0

    dry = conforms("erase", run("erase", "ana", "--json").json)
    assert (dry["erased"], dry["rows"]["customer"], dry["rows"]["event"]) == (False, 1, 1)


@pytest.mark.usefixtures("known")
def test_erasing_is_done_once_and_answered_again(run, conforms):
    assert "ana is erased." in run("erase", "ana", "--yes").out
    assert run("customer", "ana").code == 2
    assert run("customer", "bo").code == 0
    again = run("erase", "ana@example.com", "--yes")
    assert (again.code, "were erased before" in again.out) == (0, True)
    assert conforms("erase", run("erase", "ana", "--json").json)["earlier"]
    assert run("erase", "nobody").code == 2


@pytest.mark.usefixtures("known")
def test_everything_known_is_written_out(run, conforms, small):
    found = conforms("export", run("export", "ana").json)
    assert found["parts"][0]["name"] == "customer"
    said = run("export", "ana@example.com", "--out", "ana.json")
    assert said.code == 0
    assert "ana@example.com" not in said.out
    file = small / "ana.json"
    assert json.loads(file.read_text())["customer"] == "ana"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("export", "ana", "--out", "no/such/folder.json").code == 2
