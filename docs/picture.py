"""Takes the pictures of the inbox page: a made-up year, served on this machine, seen by Debian's chromium."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import sleep

import uvicorn

from lifeloop.store.opening import Store, open_store
from lifeloop.web.app import create_app
from lifeloop.work.demo import Demo, build_demo

from examples import TOP_FOLDER, Shop

WIDTH = 1280
SHOWN = "renewal/your-year-in-pictures"
"""The message that is open in the picture of the inbox."""


def main() -> None:
    """Build, serve, look."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("pictures of the inbox need chromium")
    with tempfile.TemporaryDirectory() as folder:
        root = Shop(Path(folder)).root
        built = asyncio.run(build_demo(root, root / "demo.db", people=200, seed=1))
        store = open_store(f"sqlite:///{built.database}")
        address, mail = _served(built, store), _first(store)
        _photograph(browser, f"{address}/", "year", 810)
        _photograph(browser, f"{address}/inbox?journey=renewal&mail={mail}", "inbox", 860)


def _served(built: Demo, store: Store) -> str:
    first, last = (datetime.fromtimestamp(instant, UTC).date() for instant in (built.first, built.last - 1))
    app = create_app(store, company="Sunny Energy", timezone="Europe/Amsterdam", simulated=True, first=first, last=last)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    Thread(target=server.run, daemon=True).start()
    while not server.started:
        sleep(0.05)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


def _first(store: Store) -> str:
    with store.reading() as tx:
        found = tx.ask(
            "SELECT m.id FROM message m JOIN rendered r ON r.message_id = m.id WHERE m.name = :name ORDER BY r.at",
            name=SHOWN,
        )
    return str(found[0][0])


def _photograph(browser: str, address: str, name: str, height: int) -> None:
    file = TOP_FOLDER / "docs" / "img" / f"{name}.png"
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=6000"]
    looked = [browser, *flags, f"--window-size={WIDTH},{height}", f"--screenshot={file}", address]
    subprocess.run(looked, check=True, capture_output=True)
    print(f"wrote {file.relative_to(TOP_FOLDER)}, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
