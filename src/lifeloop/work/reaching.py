"""Is what we hand messages to, and fetch them from, really there? Asked with a time limit; nothing is sent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from lifeloop.channel.knocking import ANYWHERE, addresses, knock
from lifeloop.channel.mailbox import Mailbox, MailboxProblem, MailboxServer
from lifeloop.channel.smtp import SmtpChannel
from lifeloop.channel.ways import BadNetwork, guard_of
from lifeloop.work.checking import Finding
from lifeloop.work.collecting import WAY
from lifeloop.work.workspace import Workspace

PATIENCE = 10.0
"""Seconds for each of them, all at the same time."""


async def reach(
    space: Workspace, environ: Mapping[str, str] = os.environ, *, within: float = PATIENCE
) -> list[Finding]:
    """Knock where this project's mail and calls go, and at its mailbox; returns one line for each."""
    servers = {space.ways.mail_name: space.ways.mail, **space.ways.spare}
    found = await asyncio.gather(
        *(_server(name, way, within) for name, way in servers.items() if isinstance(way, SmtpChannel)),
        *(_web(space, name, at, within) for name, at in addresses(space.catalogue, space.ways, environ).items()),
        *(_pages(at, within) for at in _pages_of(space)),
        *(_mailbox(settings, environ, within) for way, settings in space.catalogue.channels.items() if way == WAY),
    )
    return list(found)


async def _server(name: str, way: SmtpChannel, within: float) -> Finding:
    problem = await way.knock(within)
    if problem is None:
        return Finding("fine", f"{name}: the mail server greets, and lets us in")
    return Finding("wrong", f"{name}: {problem}", f"compare host, port, tls, user and password under channels: {name}")


async def _web(space: Workspace, name: str, address: str, within: float) -> Finding:
    try:
        problem = await knock(name, address, guard_of(space.catalogue), within)
    except BadNetwork as bad:
        problem = str(bad)
    if problem is None:
        return Finding("fine", f"{name}: its address can be reached")
    return Finding("wrong", f"{name} cannot be reached: {problem}", f"compare base of {name} in lifeloop.yaml")


def _pages_of(space: Workspace) -> tuple[str, ...]:
    """Return where customers' pages are, once they are meant for others than whoever tries them out."""
    is_local = space.catalogue.environment == "local"
    return () if space.links is None or is_local else (space.links.address,)


async def _pages(address: str, within: float) -> Finding:
    problem = await knock("pages", address, ANYWHERE, within)
    if problem is None:
        return Finding("fine", "customers' pages answer")
    said = f"customers' pages cannot be reached from here: {problem}; links in mails may lead nowhere"
    return Finding("look", said, "lifeloop serve-links")


async def _mailbox(settings: Mapping[str, str], environ: Mapping[str, str], within: float) -> Finding:
    try:
        server = MailboxServer.read(settings, environ)
        await asyncio.to_thread(_look_in, server, within)
    except MailboxProblem as problem:
        return Finding("wrong", str(problem), "what comes back by mail is not read: compare channels: mailbox")
    return Finding("fine", "the mailbox lets us in")


def _look_in(server: MailboxServer, within: float) -> None:
    with Mailbox(server, deadline=within):
        pass
