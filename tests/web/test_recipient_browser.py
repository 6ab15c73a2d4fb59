"""One look at recipients' pages with a real browser: they draw themselves, and their policy refuses none of it."""

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
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--enable-logging=stderr",
]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="!!! NO CHROMIUM: recipients' pages are NOT looked at with a real browser"
)


@pytest.fixture
def shop(recipients):
    return recipients(tracking="individual")


@pytest.fixture
def address(shop):
    taken = listen(0)
    server = uvicorn.Server(uvicorn.Config(shop.public, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield address_of(taken).rstrip("/")
    server.should_exit = True
    thread.join(10)
    taken.close()


def picture(tmp_path, address, *flags):
    file = tmp_path / "page.png"
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, f"--screenshot={file}", address]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "Content Security Policy" not in seen.stderr
    assert file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    return file.read_bytes()


ASK = """
journey: one
phase: welcome
start: {event: order.placed}
delivery: {topic: service}
steps:
  - ask: boss
    question: "Shall {{ customer.first_name | default('they') }} get 15%?"
    max: 2 days
"""


def test_a_question_is_drawn_with_its_buttons(shop, address, tmp_path):
    shop.rewrite(ASK)
    mail = shop.mail()
    where = address + shop.link(mail, "a")
    (tmp_path / "mail.html").write_text(mail.html)
    light = picture(tmp_path, where, "--window-size=500,900")
    dark = picture(tmp_path, where, "--window-size=500,900", "--force-dark-mode")

    assert min(len(light), len(dark)) > 25_000
    assert light != dark
    assert light != picture(tmp_path, where + "?no", "--window-size=500,900")
    assert len(picture(tmp_path, f"file://{tmp_path / 'mail.html'}", "--window-size=700,560")) > 15_000


def test_the_pages_are_drawn_in_the_light_and_in_the_dark(shop, address, tmp_path):
    mail = shop.mail(locale="nl")
    choose = address + shop.link(mail, "p")
    light = picture(tmp_path, choose, "--window-size=1100,1500")
    dark = picture(tmp_path, choose, "--window-size=1100,1500", "--force-dark-mode")
    phone = picture(tmp_path, choose, "--window-size=500,1700")

    assert min(len(light), len(dark), len(phone)) > 40_000  # without the style sheet it is a third of that
    assert light != dark
    assert picture(tmp_path, address + shop.link(mail, "u"), "--window-size=1100,700")
    assert shop.said()[0] == {"news": True}
