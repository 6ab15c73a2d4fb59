"""Is everything in order: the installation, the project, the database, what is on its way."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from packaging.requirements import Requirement

from lifeloop.channel.ways import Closed
from lifeloop.journey.ways import provider_of
from lifeloop.store import halts, health, instance, journeys
from lifeloop.store.health import Health
from lifeloop.work.changes import differing, is_new
from lifeloop.work.guarding import leaves_this_machine
from lifeloop.work.workspace import Workspace

Level = Literal["fine", "look", "wrong"]
OVERDUE, LOST, SKEW = 900, 600, 5
"""Seconds after which something due should have been done, a dead process's message settled; clocks may differ by."""
LITTLE_SPACE = 200 * 1024 * 1024
PACKAGE = "lifeloop"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: fine, worth a look, or wrong; and what to do about it."""

    level: Level
    what: str
    fix: str = ""


def installation() -> Iterator[Finding]:
    """Check what is installed: Python, libraries within the versions that work, time zones."""
    yield Finding("fine", f"Lifeloop {metadata.version(PACKAGE)} on Python {platform.python_version()}")
    odd = list(_odd_versions())
    yield from odd
    if not odd:
        yield Finding("fine", "all libraries are of versions that work together")
    zones = _zones()
    yield (
        Finding("fine", f"time zones {zones}")
        if zones
        else Finding("look", "the time zones are those of this system", "pip install tzdata")
    )


def project(space: Workspace) -> Iterator[Finding]:
    """Check the project's files and its ways out."""
    errors = [one for one in space.project.diagnostics if one.severity == "error"]
    broken = sorted(name for name, journey in space.project.journeys.items() if journey.plan is None)
    count = len(space.project.journeys)
    if errors:
        about = f" (cannot run: {', '.join(broken)})" if broken else ""
        yield Finding("wrong", f"{_counted(len(errors), 'mistake')} in the project's files{about}", "lifeloop validate")
    else:
        yield Finding("fine", f"{_counted(count, 'journey')} without mistakes")
    yield from _ways_out(space)


def _ways_out(space: Workspace) -> Iterator[Finding]:
    email = space.catalogue.email
    for name, way in {"e-mail": space.ways.mail, **space.ways.others}.items():
        if isinstance(way, Closed):
            yield Finding("wrong", f"{name} cannot leave: {way.reason}")
        elif name != "e-mail":
            yield Finding("fine", f"{name} leaves by {provider_of(name, space.catalogue)}")
        elif not leaves_this_machine(space):
            yield Finding("fine", "e-mail goes to the local inbox: nothing leaves this machine")
        else:
            yield Finding("fine", "e-mail goes to the local inbox" if email == "inbox" else f"e-mail leaves by {email}")


def database(space: Workspace) -> Iterator[Finding]:
    """Check the database: its version and clock, who may act, and rows in states that should not last."""
    now = space.clock.now()
    with space.store.reading() as tx:
        found = health.look(tx, now, overdue_after=OVERDUE, lost_after=LOST)
        halted, known, rows = journeys.halted(tx), instance.read(tx), journeys.rows(tx)
        stopped = halts.standing(tx)
    yield _version(found, space)
    if found.clock is not None and abs(found.clock - now) > SKEW:
        side = "ahead of" if now > found.clock else "behind"
        yield Finding("wrong", f"this machine's clock is {abs(found.clock - now):,} s {side} the database's", "set it")
    if halted:
        guarded = known is not None and known.held is not None
        yield Finding("wrong", f"nothing leaves: {halted}", f"lifeloop release --{'here' if guarded else 'all'}")
    for one in stopped:
        yield Finding("wrong", f"the {one.scope} {one.name} is halted: {one.reason}", f"lifeloop release {one.name}")
    resting = [row.name for row in rows if row.paused_at is not None]
    if resting:
        yield Finding("look", f"resting: {', '.join(resting)}", f"lifeloop resume {resting[0]}")
    yield from _live(space)
    yield from _rows(found)


def _version(found: Health, space: Workspace) -> Finding:
    if space.store.postgres:
        return Finding("fine", f"{found.version}, tables up to date")
    free = shutil.disk_usage(space.root).free
    if free < LITTLE_SPACE:
        return Finding("wrong", f"only {free // 1024**2:,} MB are free on the disk of the database", "make room")
    if not found.write_ahead:
        return Finding("look", f"{found.version} without a write-ahead log: readers wait for the writer")
    return Finding("fine", f"{found.version} (write-ahead log), tables up to date")


def _live(space: Workspace) -> Iterator[Finding]:
    if is_new(space):
        yield Finding("look", "no journey is live yet", "lifeloop run")
    elif changed := differing(space):
        yield Finding("look", f"written otherwise than live: {', '.join(changed)}", "lifeloop deploy --local")
    else:
        yield Finding("fine", "what is live is what is written")


def _rows(found: Health) -> Iterator[Finding]:
    checks: tuple[tuple[int, Level, Callable[[int], str], str], ...] = (
        (found.waiting_without_time, "wrong", lambda n: f"{_counted(n, 'run')} waiting for nothing", "report it to us"),
        (
            found.overdue,
            "look",
            lambda n: f"{n:,} overdue for more than 15 minutes: does anything run?",
            "lifeloop run",
        ),
        (found.lost, "look", lambda n: f"{_counted(n, 'message')} left open by a process that died", "lifeloop run"),
        (
            found.uncertain,
            "look",
            lambda n: f"{_counted(n, 'message')} whose answer was lost",
            "lifeloop status JOURNEY",
        ),
        (found.held, "look", lambda n: f"{_counted(n, 'message')} held for you", "lifeloop release JOURNEY"),
        (found.failed, "wrong", lambda n: f"{_counted(n, 'run')} that could not go on", "lifeloop status JOURNEY"),
        (
            found.astray,
            "wrong",
            lambda n: f"{_counted(n, 'message')} decided and not in the outbox, or the other way round",
            "report it to us",
        ),
    )
    odd = [Finding(level, say(count), fix) for count, level, say, fix in checks if count]
    yield from odd
    if not odd:
        yield Finding("fine", f"nothing is stuck; all {_counted(found.mails, 'message')} accounted for")


def _odd_versions() -> Iterator[Finding]:
    for line in metadata.requires(PACKAGE) or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            installed = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield Finding("wrong", f"{wanted.name} is not installed", f'pip install "{wanted.name}{wanted.specifier}"')
            continue
        if not wanted.specifier.contains(installed, prereleases=True):
            fix = f'pip install "{wanted.name}{wanted.specifier}"'
            yield Finding("wrong", f"{wanted.name} {installed} does not work with Lifeloop", fix)


def _zones() -> str | None:
    try:
        return metadata.version("tzdata")
    except metadata.PackageNotFoundError:
        return None


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
