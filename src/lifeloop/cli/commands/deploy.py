"""``lifeloop deploy``: what is written becomes what runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lifeloop.cli.asking import typed
from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit, Refused, Unreachable
from lifeloop.cli.here import Here
from lifeloop.cli.mistakes import MOST, print_list
from lifeloop.cli.opened import Opened, open_project
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, fields_of, many, maybe, one_of
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.work.changes import Change
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What went live, or would with --dry-run. `people` are on the way and keep the version they began with. `server`"
    " and `database` are empty where they were not used; `removed` are deployments taken away.",
    project=TEXT,
    environment=TEXT,
    server=maybe(TEXT),
    database=maybe(TEXT),
    pool=TEXT,
    deployed=FLAG,
    manifest_changed=FLAG,
    journeys=many(fields_of(journey=TEXT, change=one_of("new", "changed", "same", "removed", "broken"), people=COUNT)),
    removed=many(TEXT),
)
MANIFEST = "prefect.yaml"
SIGNS = {"new": "+", "changed": "~", "same": " ", "removed": "-", "broken": "!"}
SAID = {
    "new": "new",
    "changed": "changed",
    "same": "as before",
    "removed": "its file is gone: nobody enters any more",
    "broken": "its file has mistakes: what was live stays live",
}


def deploy(
    *,
    write: bool = False,
    dry_run: bool = False,
    local: bool = False,
    yes: bool = False,
    allow_broken: bool = False,
    pool: str = "journeys",
    here: Here,
) -> int:
    """Make what is written what runs: journeys go live, and Prefect gets one deployment for each.

    Checks everything first. All journeys are deployed or none; those whose file is gone are removed. Who is on the way
    in a journey finishes the version they began with. Which Prefect server: PREFECT_API_URL. Which database:
    LIFELOOP_DATABASE, or a file in the folder .lifeloop.

    Parameters
    ----------
    write
        Only write prefect.yaml, and end.
    dry_run
        Say what would change, and change nothing.
    local
        Make journeys live in the database only, without a Prefect server: for "lifeloop run".
    yes
        Do not ask, also where real customers are reached.
    allow_broken
        Deploy although some files have mistakes. Those journeys stay live as they were.
    pool
        The Prefect work pool that runs the journeys. It is made if it is not there.
    """
    opened = open_project(here)
    if write:
        return _write_only(opened, here)
    _refuse_mistakes(opened, here, allow_broken=allow_broken)
    server = None if local else _server()
    with closing(open_rooms(here)) as space:
        _through(_Order.of(opened, space, here, pool, server), dry_run=dry_run, yes=yes)
    return Exit.FINE


def _through(order: _Order, *, dry_run: bool, yes: bool) -> None:
    """Show an order, have it confirmed, carry it out, and say what came of it."""
    order.show()
    if not dry_run:
        order.ask(yes=yes)
    _say(order, order.document(removed=None) if dry_run else order.document(removed=order.carry_out()))


def _write_only(opened: Opened, here: Here) -> int:
    changed = _write(opened)
    here.out.print(f"{MANIFEST} is written" if changed else f"{MANIFEST} is as it should be")
    if here.out.as_json:
        here.out.json({**_document(opened), "manifest_changed": changed})
    return Exit.FINE


def _stale(opened: Opened) -> bool:
    path = opened.root / MANIFEST
    return not path.is_file() or path.read_text(encoding="utf-8") != _manifest(opened)


def _manifest(opened: Opened) -> str:
    from lifeloop.flows.manifest import manifest_text

    return manifest_text(opened.project)


def _write(opened: Opened) -> bool:
    stale = _stale(opened)
    if stale:
        (opened.root / MANIFEST).write_text(_manifest(opened), encoding="utf-8")
    return stale


def _refuse_mistakes(opened: Opened, here: Here, *, allow_broken: bool) -> None:
    errors = [one for one in opened.diagnostics if one.severity == "error"]
    if not errors:
        return
    print_list(here.out, errors, MOST)
    if not allow_broken:
        raise Refused(
            f"nothing is deployed: {counted(len(errors), 'mistake')} in the files",
            hint="see them in full:  lifeloop validate --full   Deploy all the same:  --allow-broken",
        )


def _server() -> str:
    from lifeloop.flows.server import ServerUnreachable, answering

    try:
        return asyncio.run(answering())
    except ServerUnreachable as problem:
        raise Unreachable(
            str(problem),
            hint="name one that runs:  export PREFECT_API_URL=http://127.0.0.1:4200/api"
            "   Without Prefect:  lifeloop deploy --local",
        ) from problem


@dataclass(frozen=True, slots=True)
class _Order:
    """One deployment: of what, to which server and database. ``changes`` and ``stale`` are as it was before."""

    opened: Opened
    space: Workspace
    here: Here
    pool: str
    server: str | None
    changes: Sequence[Change]
    stale: bool

    @classmethod
    def of(cls, opened: Opened, space: Workspace, here: Here, pool: str, server: str | None) -> _Order:
        """Compare what is written with what is live."""
        from lifeloop.work.changes import changes

        return cls(opened, space, here, pool, server, changes(space), _stale(opened))

    def show(self) -> None:
        """Say what goes where, before anything is done."""
        out, catalogue = self.here.out, self.opened.catalogue
        out.print(f"{catalogue.project} ({catalogue.environment})", style="bold")
        out.print(f"  Prefect   {self.server or 'not used'}", f"  Database  {self.space.store.url}", wrap=False)
        out.print("")
        for one in self.changes:
            out.print(f"  {SIGNS[one.how]} {one.journey:<16} {SAID[one.how]}{_people(one)}")
        out.print("")

    def ask(self, *, yes: bool) -> None:
        """Have the project's name typed where real customers are reached."""
        catalogue = self.opened.catalogue
        if catalogue.environment == "local" or yes:
            return
        if not typed(self.here.out, catalogue.project, f"This reaches real customers ({catalogue.environment})."):
            raise Refused("nothing is deployed: it was not confirmed", hint="say --yes, or type the project's name")

    def carry_out(self) -> tuple[str, ...]:
        """Deploy and publish; returns the deployments that were taken away."""
        from lifeloop.work.publishing import publish

        if self.server is None:
            publish(self.space, self.space.clock.now())
            return ()
        removed = _to_prefect(self.space, self.pool)
        _write(self.opened)
        return removed

    def document(self, *, removed: tuple[str, ...] | None) -> dict[str, Any]:
        """Return what came of it; ``removed`` None: nothing was done."""
        found = [{"journey": one.journey, "change": one.how, "people": one.people} for one in self.changes]
        return {
            **_document(self.opened),
            "server": self.server,
            "database": self.space.store.url,
            "pool": self.pool,
            "deployed": removed is not None,
            "manifest_changed": self.stale,
            "journeys": found,
            "removed": list(removed or ()),
        }


def _to_prefect(space: Workspace, pool: str) -> tuple[str, ...]:
    from lifeloop.flows.deploying import NotOursError
    from lifeloop.flows.going_live import go_live
    from lifeloop.flows.server import ServerUnreachable

    try:
        return asyncio.run(go_live(space, pool)).removed
    except ServerUnreachable as problem:
        raise Unreachable(str(problem), hint="nothing was changed") from problem
    except NotOursError as problem:
        raise Refused(str(problem), hint="rename the journey, or give this project a server of its own") from problem


def _people(one: Change) -> str:
    if not one.people:
        return ""
    who = "1 person" if one.people == 1 else f"{one.people:,} people"
    keep = ", with the version they began" if one.how in ("changed", "removed") else ""
    return f" · {who} on the way{keep}"


def _document(opened: Opened) -> dict[str, Any]:
    return {
        "project": opened.catalogue.project,
        "environment": opened.catalogue.environment,
        "server": None,
        "database": None,
        "pool": "",
        "deployed": False,
        "manifest_changed": False,
        "journeys": [],
        "removed": [],
    }


def _say(order: _Order, document: Mapping[str, Any]) -> None:
    out = order.here.out
    for name in document["removed"]:
        out.print(f"  - {name:<16} taken away from Prefect")
    out.print("All live." if document["deployed"] else "Nothing was changed.")
    if document["deployed"] and order.server:
        out.print(f"They run where a worker does:  prefect worker start --pool {order.pool} --limit 4", style="dim")
    if out.as_json:
        out.json(document)
