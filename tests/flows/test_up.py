"""lifeloop up: everything on one machine, and nothing left of it afterwards."""

import os
import signal
from pathlib import Path
from time import monotonic

import httpx
import pytest

from lifeloop.work import keys

SOON = 2.0
"""Seconds in which somebody hears from us after something happened, on a machine that is not overloaded just then."""

pytestmark = [pytest.mark.prefect, pytest.mark.crash]


@pytest.fixture
def everything(shop, started, tmp_path, eventually):
    """What is up: its process, its log, and the addresses it printed."""
    log = tmp_path / "up.log"
    words = ["lifeloop", "up", "--no-browser", "--port", "0", "--prefect-port", "0", "--plain"]
    environment = {"PYTHONUNBUFFERED": "1", "PREFECT_HOME": str(tmp_path / "never")}
    with started(words, environment, log, shop.root) as process:
        eventually(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process, log


def test_an_event_is_answered_within_two_seconds_its_wave_shows_on_prefect_and_nothing_is_left_at_the_end(
    everything, shop, children, eventually
):
    process, log = everything
    inbox, prefect, events = (line.split()[-1] for line in log.read_text().splitlines() if "http" in line)
    assert httpx.get(f"{inbox}inbox", timeout=60).status_code == 200
    shop.happen("hello", ["ana"])
    eventually(shop.said)
    eventually(lambda: f"Completed  {shop.hello}" in log.read_text())
    runs = httpx.post(
        f"{prefect}/api/flow_runs/filter",
        json={"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}},
        timeout=60,
    )
    assert [run["name"].split(" · ")[0] for run in runs.json()] == [shop.hello]
    soon = SOON * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))
    with shop.open() as space:
        key = keys.add(space, "webshop")
    assert any(seconds_to_a_mail(shop, events, key, who, eventually) < soon for who in ("bo", "chen", "dee", "eva"))
    servers = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(180) == 0
    assert servers
    assert not any(Path(f"/proc/{pid}").exists() for pid in servers)


def seconds_to_a_mail(shop, events, key, who, eventually):
    """How long it takes from an event that arrives over HTTP to the mail that answers it."""
    person = {"type": "identify", "userId": who, "traits": {"first_name": who, "email": f"{who}@example.com"}}
    event = {"type": "track", "userId": who, "event": f"{shop.name}.hello", "messageId": f"e-{who}"}
    before, began = shop.said(), monotonic()
    answer = httpx.post(f"{events}v1/batch", auth=(key, ""), json={"batch": [person, event]}, timeout=60)
    assert answer.json() == {"accepted": 2, "known": 0, "rejected": []}
    eventually(lambda: shop.said() > before, every=0.02)
    return monotonic() - began


def test_even_a_kill_leaves_no_server_behind(started, children, eventually, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with started(["parent", str(tmp_path / "home")], {}, tmp_path / "log", tmp_path) as process:
        (server,) = eventually(lambda: children(process.pid))
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{server}").exists())


PARENT = """
import os, sys
from pathlib import Path
from lifeloop.flows.hosting import hosted

with hosted(Path(sys.argv[1]), 0, os.environ):
    pass
"""
