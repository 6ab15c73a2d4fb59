"""lifeloop run: journeys without Prefect."""

import os
import signal
import subprocess
import sys
from time import monotonic
from zoneinfo import ZoneInfo

import pytest

from lifeloop.cli.commands.run import line_of
from lifeloop.cli.waking import wake_journeys
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.running import Told
from lifeloop.work.workspace import open_workspace

NOWHERE = "postgresql://anna:secret@127.0.0.1:1/nothing?connect_timeout=2"
LIMIT = 90
"""Seconds after which something will not happen any more, also on a busy machine."""


def happen(folder, count):
    space = open_workspace(folder)
    people = [Person(f"p{number}", {"first_name": "Ana", "email": f"p{number}@example.com"}) for number in range(count)]
    events = [Happening(one.key, "order.placed", space.clock.now(), one.key) for one in people]
    ingest(space, people, events)
    space.close()


@pytest.mark.usefixtures("small")
def test_the_first_run_makes_journeys_live_and_says_so(run):
    first, second = run("run", "--once"), run("run", "--once")
    assert (first.code, second.code) == (0, 0)
    assert "Live for the first time: one" in first.err
    assert "nothing was due" in second.out
    assert second.err == ""


def test_it_does_what_is_due_and_tells_how_much(run, small, conforms):
    run("run", "--once")
    happen(small, 3)
    done = conforms("run", run("run", "--once", "--json").json)
    assert done["counts"]["admitted"] == 3
    assert done["next_due"] is not None


def test_times_are_on_the_project_s_clock():
    at = 1_783_418_400  # Tue 7 July 2026, 10:00 UTC: an hour later in Lisbon
    told = Told(at, {"sent": 2}, 0.21, at + 86_400)
    assert line_of(told, ZoneInfo("Europe/Lisbon")) == "11:00:00  sent 2 · 0.2 s · next Wed 08 Jul 11:00"


def test_what_is_written_but_not_live_is_said_and_not_made_live(run, small):
    run("run", "--once")
    file = small / "journeys" / "one.yaml"
    file.write_text(file.read_text().replace("3 days", "4 days"))
    said = run("run", "--once")
    assert "Other than what is live: one" in said.err
    assert "Other than what is live: one" in run("run", "--once").err


@pytest.mark.usefixtures("small")
def test_a_database_that_does_not_answer_is_one_sentence_and_its_own_exit_code(run):
    said = run("run", "--once", LIFELOOP_DATABASE=NOWHERE)
    assert said.code == 4
    assert "does not answer" in said.err
    assert "secret" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_it_gently(small, number):
    with _running(small) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, err
    assert "finishing the batch at hand" in err
    assert "Traceback" not in err
    assert out == ""


def test_it_notices_within_a_moment_what_another_process_wrote(small):
    with _running(small) as process:
        happen(small, 2)
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LIMIT)
    assert "admitted 2" in line


def _running(folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "lifeloop", "run"],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ends = monotonic() + LIMIT
    while "Running on" not in process.stderr.readline():
        assert monotonic() < ends
    return process


def test_without_a_prefect_server_waking_does_not_even_import_prefect(small):
    code = (
        "import sys; from pathlib import Path\n"
        "from lifeloop.cli.output import Output; from lifeloop.cli.waking import wake_journeys\n"
        "from lifeloop.work.workspace import open_workspace\n"
        "wake_journeys(open_workspace(Path('.')), ['one'], Output(), {}); sys.exit('prefect' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=small, check=False).returncode == 0


def test_nobody_is_woken_where_nothing_is_due(run, small, capsys):
    from lifeloop.cli.output import Output

    run("run", "--once")
    space = open_workspace(small)
    wake_journeys(space, ["one"], Output(), {"PREFECT_API_URL": "http://127.0.0.1:1/api"})
    space.close()
    assert capsys.readouterr().err == ""
