"""Everything one running Lifeloop holds in its hands: project, store, renderer, ways out, clock."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.values import Envelope, Request
from lifeloop.channel.ways import Ways, ways_out
from lifeloop.clock import Clock, SystemClock
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.project import Project
from lifeloop.message.apart import Apart
from lifeloop.message.render import Renderer
from lifeloop.store import inbox
from lifeloop.store.opening import Store, open_store
from lifeloop.store.values import Rendered
from lifeloop.work.links import Links, open_links
from lifeloop.work.plans import Plans
from lifeloop.work.project import open_project

DATABASE = "LIFELOOP_DATABASE"
LEASE = "LIFELOOP_LEASE"
LEASE_SECONDS = 300
"""How long one process may hold a message that it hands over. What a dead process held is settled after that."""


@dataclass(slots=True)
class Workspace:
    """One process at work on one project. ``owner`` names the process in leases, which last ``lease`` seconds."""

    root: Path
    project: Project
    store: Store
    renderer: Renderer
    ways: Ways
    clock: Clock
    owner: str
    plans: Plans = field(default_factory=Plans)
    lease: int = LEASE_SECONDS
    links: Links | None = None
    """What signs recipients' own links; None: the project has no pages for them."""
    returns: bytes | None = field(default=None, repr=False)
    """What marks the addresses that mail comes back to, once it was needed."""
    noted: set[str] = field(default_factory=set)
    """Links that this process wrote down already."""
    live: bool = True
    """Whether breakers watch. In a rehearsal of months within seconds every pace would look wrong."""
    insiders: dict[str, int] = field(default_factory=dict)
    """How many people were inside each journey when that was last counted."""

    _apart: Apart | None = None

    @property
    def catalogue(self) -> Catalogue:
        """What the project declares."""
        return self.project.catalogue

    def renderer_apart(self) -> Apart:
        """Return the renderer in processes of its own; they begin when they are needed."""
        if self._apart is None:
            self._apart = Apart(self.renderer, self.catalogue.render)
        return self._apart

    def close(self) -> None:
        """Let go of the database, and of the processes that write texts."""
        if self._apart is not None:
            self._apart.close()
        self.store.close()


def database_url(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return where this project's data is: ``LIFELOOP_DATABASE``, or a file in the project's ``.lifeloop`` folder."""
    return environ.get(DATABASE) or f"sqlite:///{root / '.lifeloop' / 'lifeloop.db'}"


def open_workspace(
    root: Path,
    *,
    url: str | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] = os.environ,
    owner: str | None = None,
    stay_here: bool = False,
) -> Workspace:
    """Open a project folder and its database, and bring the tables up to date.

    ``stay_here``: nothing leaves this machine, whatever the project says, and the database can be made again.

    Raises:
        StoreUnreachable: the database does not answer.
    """
    project = open_project(root)
    store = _open_store(root, url or database_url(root, environ), throwaway=stay_here)
    clock = clock or SystemClock()
    return Workspace(
        root=root,
        project=project,
        store=store,
        renderer=Renderer(root / "templates", project.catalogue),
        ways=_ways(project.catalogue, environ, clock, store, stay_here=stay_here),
        clock=clock,
        owner=owner or f"{os.uname().nodename}:{os.getpid()}",
        lease=_lease(environ),
        links=open_links(project.catalogue, environ, root),
        live=not stay_here,
    )


def _lease(environ: Mapping[str, str]) -> int:
    text = environ.get(LEASE, "")
    return max(int(text), 1) if text.isascii() and text.isdigit() else LEASE_SECONDS


def _open_store(root: Path, url: str, *, throwaway: bool) -> Store:
    if url.startswith("sqlite:///"):
        (root / ".lifeloop").mkdir(exist_ok=True)
    store = open_store(url, throwaway=throwaway)
    store.migrate()
    return store


def _ways(catalogue: Catalogue, environ: Mapping[str, str], clock: Clock, store: Store, *, stay_here: bool) -> Ways:
    def keep_mail(batch: Sequence[Envelope]) -> None:
        with store.transaction() as tx:
            inbox.add(tx, [_shown(envelope) for envelope in batch], clock.now())

    def keep_calls(batch: Sequence[Request]) -> None:
        with store.transaction() as tx:
            inbox.add(tx, [_shown_call(request) for request in batch], clock.now())

    here, recorder = LocalInbox(keep_mail), LocalRecorder(keep_calls)
    if stay_here:
        return Ways(mail=here, inbox=here, calls=recorder)
    return ways_out(catalogue, environ, clock, inbox=here, recorder=recorder)


def _shown(envelope: Envelope) -> Rendered:
    sender = envelope.sender
    leaving = {"List-Unsubscribe": f"<{envelope.unsubscribe}>"} if envelope.unsubscribe else {}
    return Rendered(
        message_id=envelope.id,
        to=envelope.to,
        sender=f"{sender.display} <{sender.address}>" if sender else "",
        subject=envelope.subject,
        html=envelope.html or "",
        text=envelope.text,
        headers={**leaving, **envelope.headers},
    )


def _shown_call(request: Request) -> Rendered:
    body = json.dumps(dict(request.body), indent=2, ensure_ascii=False)
    name = f"{request.connection}.{request.action}"
    return Rendered(message_id=request.id, to=request.connection, sender="", subject=name, html="", text=body)
