"""``lifeloop demo``: a year of a made-up company, lived by the real engine, and its inbox in the browser."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lifeloop.cli.errors import Exit, NoProject
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, NUMBER, TEXT, by_name, document
from lifeloop.cli.starter import starter_files

if TYPE_CHECKING:
    from lifeloop.work.demo import Demo

DAYS = 365
SHAPE = document(
    "What the made-up year brought.",
    people=COUNT,
    runs=COUNT,
    messages=by_name(COUNT),
    seconds=NUMBER,
    database=TEXT,
)


def demo(
    *,
    people: int = 200,
    seed: int = 1,
    no_serve: bool = False,
    no_browser: bool = False,
    port: int = 8025,
    here: Here,
) -> int:
    """See a year of the company in seconds, then read its mails in your browser. Nothing leaves this machine.

    Parameters
    ----------
    people
        How many made-up customers live through the year.
    seed
        Another number makes another year; the same number always makes the same one.
    no_serve
        Build everything and end, without serving the inbox.
    no_browser
        Serve the inbox, and only print its address.
    port
        Where the inbox is served; the next free one when it is taken.
    """
    root = _project(here)
    built = _build(here, root, people, seed)
    _tell(here, built)
    if not (no_serve or here.out.as_json):
        _serve(here, root, built, port=port, browser=not no_browser)
    return Exit.FINE


def _project(here: Here) -> Path:
    """Return the project to live through: yours, or without one a copy of the starter's."""
    try:
        return here.root
    except NoProject:
        folder = Path(tempfile.mkdtemp(prefix="lifeloop-demo-"))
        for file in starter_files():
            target = folder / file.target
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.source, target)
        here.out.note(f"There is no project here, so this is the starter company's year:  {folder}")
        return folder


def _build(here: Here, root: Path, people: int, seed: int) -> Demo:
    from lifeloop.work.demo import build_demo

    with here.out.progress(DAYS, f"A year in the life of {people} customers") as bar:
        shown = 0

        def tell(share: float) -> None:
            nonlocal shown
            day = int(share * DAYS)
            bar.advance(day - shown)
            shown = day

        database = root / ".lifeloop" / "demo.db"
        return asyncio.run(build_demo(root, database, people=people, seed=seed, tell=tell))


def _tell(here: Here, built: Demo) -> None:
    for name in built.broken:
        here.out.note(f"{name} has mistakes and was left out:  lifeloop validate journeys/{name}.yaml")
    if here.out.as_json:
        here.out.json(
            {
                "people": built.people,
                "runs": built.runs,
                "messages": built.messages,
                "seconds": built.seconds,
                "database": str(built.database),
            }
        )
        return
    total = sum(built.messages.values())
    here.out.table(["journey", "messages"], [[name, count] for name, count in built.messages.items()])
    here.out.print(
        f"{built.people} customers, {built.runs} runs, {total} messages: one year in {built.seconds:.0f} seconds."
    )


def _serve(here: Here, root: Path, built: Demo, *, port: int, browser: bool) -> None:
    from lifeloop.store.opening import open_store
    from lifeloop.web.app import create_app
    from lifeloop.web.server import serve as serve_pages
    from lifeloop.work.project import open_project

    catalogue = open_project(root).catalogue
    store = open_store(f"sqlite:///{built.database}")
    company = catalogue.company.get("name", catalogue.project)
    app = create_app(
        store,
        company=company,
        timezone=catalogue.timezone,
        simulated=True,
        first=_day(built.first),
        last=_day(built.last - 1),
    )
    here.out.note("Break something:  change a word in a file under journeys/, then run  lifeloop validate")
    serve_pages(
        app,
        port=port,
        open_browser=browser and here.out.is_terminal,
        announce=lambda address: here.out.print(f"The inbox:  {address}     (Ctrl-C ends it)"),
    )
    store.close()


def _day(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()
