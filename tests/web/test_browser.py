"""One look with a real browser: the page draws itself, plays the year, and no policy refuses any of it."""

import shutil
import subprocess
import threading
import time

import pytest
import uvicorn

from lifeloop.web.server import address_of, listen

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="!!! NO CHROMIUM: the page is NOT looked at with a real browser"
)


@pytest.fixture
def address(app):
    taken = listen(0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield address_of(taken)
    server.should_exit = True
    thread.join(10)
    taken.close()


def browse(tmp_path, *flags):
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)


def test_the_year_plays_by_itself_and_nothing_is_refused(address, tmp_path):
    watched = browse(
        tmp_path,
        "--virtual-time-budget=3000",
        "--dump-dom",
        f"{address}inbox?customer=c006&day=2026-01-01&span=until&play=on",
    )

    assert '<output id="day" for="n">Thu 1 Jan 2026</output>' not in watched.stdout
    assert 'data-mail="' in watched.stdout
    assert "Content Security Policy" not in watched.stderr
    assert "Uncaught" not in watched.stderr


def test_a_picture_of_the_page_is_not_blank(address, tmp_path):
    picture = tmp_path / "page.png"

    browse(tmp_path, f"--screenshot={picture}", "--window-size=1280,900", f"{address}inbox?mail=m00005")

    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 40_000
