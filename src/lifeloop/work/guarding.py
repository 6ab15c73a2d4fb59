"""The guard against a copied or restored database: before anything is sent, a person says that this is the one.

A server that is restored from a backup, or cloned, believes that everything since then is still to be said. So
whoever starts to run opens the guard; while it holds, nothing leaves. Where nothing can leave this machine anyway,
there is nothing to guard.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

from lifeloop.journey.ways import BUILT_IN
from lifeloop.store import instance
from lifeloop.store.opening import Store
from lifeloop.store.values import Instance
from lifeloop.work.workspace import Workspace

NAME = "LIFELOOP_INSTANCE"
"""What an installation is called, where its machines come and go: containers have another name every day."""


def open_guard(space: Workspace, environ: Mapping[str, str] = os.environ) -> str | None:
    """Note that we run here, and return why nothing may leave; None when it may.

    Call it once, before the first wave.
    """
    if not leaves_this_machine(space):
        return None
    with space.store.transaction() as tx:
        return instance.open_guard(tx, host_of(space, environ), space.clock.now()).held


def accept(space: Workspace, environ: Mapping[str, str] = os.environ) -> Instance:
    """Go on from here: an operator decided that this database is the one."""
    with space.store.transaction() as tx:
        host, now = host_of(space, environ), space.clock.now()
        if instance.read(tx) is None:
            return instance.open_guard(tx, host, now)
        return instance.accept(tx, host, now)


def held(space: Workspace) -> str | None:
    """Return why the guard holds; None when it does not."""
    with space.store.reading() as tx:
        known = instance.read(tx)
    return known.held if known else None


def leaves_this_machine(space: Workspace) -> bool:
    """Tell whether mail, texts or calls can reach anybody but the local inbox."""
    catalogue = space.catalogue
    carried = catalogue.channels.keys() - BUILT_IN.keys()
    return catalogue.email != "inbox" or catalogue.environment != "local" or bool(carried)


def host_of(space: Workspace, environ: Mapping[str, str] = os.environ) -> str:
    """Return where this project's database lives."""
    return place_of(space.store, environ)


def place_of(store: Store, environ: Mapping[str, str] = os.environ) -> str:
    """Return where a database lives: the server and its name, or the machine and the file."""
    if name := environ.get(NAME):
        return name
    place = store.url.rpartition("@")[2] or store.url
    return place if store.postgres else f"{platform.node()} {place.removeprefix('sqlite:///')}"
