"""lifeloop up: everything on one machine, and nothing left of it afterwards."""

import os
import signal
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.prefect, pytest.mark.crash]


@pytest.fixture
def everything(shop, started, tmp_path, eventually):
    """What is up: its process, its log, and the addresses it printed."""
    log = tmp_path / "up.log"
    words = ["lifeloop", "up", "--no-browser", "--port", "0", "--prefect-port", "0", "--plain"]
    environment = {"PYTHONUNBUFFERED": "1", "PREFECT_HOME": str(tmp_path / "never")}
    with started(words, environment, log, shop.root) as process:
        eventually(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, within=90)
        assert process.poll() is None, log.read_text()
        yield process, log


def test_a_wave_shows_on_prefect_a_moment_after_it_is_due_and_nothing_is_left_at_the_end(
    everything, shop, children, eventually
):
    process, log = everything
    inbox, prefect = (line.split()[-1] for line in log.read_text().splitlines() if "http" in line)
    assert httpx.get(f"{inbox}inbox").status_code == 200
    shop.happen("hello", ["ana"])
    eventually(shop.said, within=10)
    eventually(lambda: f"Completed  {shop.hello}" in log.read_text(), within=10)
    runs = httpx.post(
        f"{prefect}/api/flow_runs/filter", json={"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    )
    assert [run["name"].split(" · ")[0] for run in runs.json()] == [shop.hello]
    servers = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert servers
    assert not any(Path(f"/proc/{pid}").exists() for pid in servers)


def test_even_a_kill_leaves_no_server_behind(started, children, eventually, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with started(["parent", str(tmp_path / "home")], {}, tmp_path / "log", tmp_path) as process:
        (server,) = eventually(lambda: children(process.pid), within=20)
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{server}").exists(), within=30)


PARENT = """
import os, sys
from pathlib import Path
from lifeloop.flows.hosting import hosted

with hosted(Path(sys.argv[1]), 0, os.environ):
    pass
"""
