"""The runner: it waits for a database that goes away, says so once, and stops between batches."""

import asyncio
from pathlib import Path

import pytest

from lifeloop.store.opening import StoreUnreachable
from lifeloop.work import running
from lifeloop.work.running import Runner
from lifeloop.work.workspace import open_workspace

PROJECT = "project: small\ntimezone: Europe/Lisbon\n"


@pytest.fixture
def space(tmp_path: Path):
    (tmp_path / "lifeloop.yaml").write_text(PROJECT)
    space = open_workspace(tmp_path)
    yield space
    space.close()


class Flaky(Runner):
    """A runner whose database goes away twice, comes back, and goes away again."""

    def fail_in(self, rounds):
        self.rounds = iter(rounds)

    async def run_once(self, beside=None):
        if next(self.rounds, None):
            raise StoreUnreachable("sqlite:///x", "gone")
        self.stopping = next(self.rounds, None) is None
        return await super().run_once(beside)


def test_a_database_that_goes_away_is_waited_for_and_that_is_said_once(space, monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", (0.01, 0.02))
    said = []
    runner = Flaky(space, trouble=said.append)
    runner.fail_in([True, True, True, False])
    asyncio.run(runner.run_forever())
    away, back = said
    assert "gone" in away
    assert back == "it goes on"


def test_a_runner_that_is_told_to_stop_does_not_begin(space):
    told = []
    runner = Runner(space, tell=told.append, stopping=True)
    asyncio.run(runner.run_forever())
    assert told == []
