"""The mailbox emptied: what came back by mail is written as provider's reports are, then put aside, in that order.

A process that dies between the two reads the same mails again, and finds every report known.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping

from lifeloop.channel.callbacks.mail import Mail, read_mail
from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.mailbox import Held, Mailbox, MailboxProblem, MailboxServer
from lifeloop.work.answering import take_reports
from lifeloop.work.leaving import Visitor, leave
from lifeloop.work.links import Purpose
from lifeloop.work.returning import key_of
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.workspace import Workspace

SOURCE, WAY = "mailbox", "mailbox"
BATCH, MOST = 50, 1000
"""Mails that are written at once, and that one look takes; the rest, the next look does."""

log = logging.getLogger(__name__)


def collect(space: Workspace, environ: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Take in what came back by mail; returns how many mails there were, and how many reports were new.

    A box that does not answer is logged and asked again the next time: nothing in it is lost.
    """
    settings = space.catalogue.channels.get(WAY)
    if not settings:
        return {}
    counts: Counter[str] = Counter()
    try:
        with Mailbox(MailboxServer.read(settings, environ)) as box:
            for uids in _batches(box.unread(MOST)):
                held = [one for uid in uids if (one := box.fetch(uid)) is not None]
                counts.update(_take(space, held))
                box.put_aside([one.uid for one in held])
    except MailboxProblem as problem:
        log.warning("%s", problem)
        counts["mailbox_unreachable"] += 1
    return dict(counts)


def _batches(uids: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    return (uids[start : start + BATCH] for start in range(0, len(uids), BATCH))


def _take(space: Workspace, held: list[Held]) -> Counter[str]:
    """Write what some mails say, all of it in one commit; one that cannot be read stops no other."""
    mails = [_read(space, one) for one in held]
    found: list[Report] = [report for mail in mails for report in mail.reports]
    taken = take_reports(space, SOURCE, "email", found)
    for mail in mails:
        if mail.leaves:
            _leave(space, mail.leaves)
    return Counter(returned_mails=len(held), returned_reports=taken.new)


def _read(space: Workspace, one: Held) -> Mail:
    try:
        return read_mail(one.raw, key_of(space))
    except Exception as problem:  # noqa: BLE001  # anybody can write anything; the others are read all the same
        log.warning("a mail in the mailbox could not be read: %s", kind_and_place(problem))
        return Mail()


def _leave(space: Workspace, token: str) -> None:
    person = space.links.person(Purpose.UNSUBSCRIBE, token) if space.links is not None else None
    if person is not None:
        leave(space, person, "mail", Visitor())
