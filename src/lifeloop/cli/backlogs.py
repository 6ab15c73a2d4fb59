"""What has gathered behind a halt, in words and as JSON; and what the names behind ``halt`` and ``release`` mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lifeloop.cli.errors import WrongUsage
from lifeloop.cli.shapes import COUNT, FLAG, fields_of
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.work.halting.releasing import Outlook, Target
    from lifeloop.work.workspace import Workspace

OUTLOOK = fields_of(waiting=COUNT, due=COUNT, late=COUNT, per_hour=COUNT, seconds=COUNT, complete=FLAG, aside=COUNT)
"""Messages that wait, are due, and will be too late when their turn comes; how many leave an hour, and for how long.

``aside``: people who were set aside because whatever process looked at them died, and who are tried again."""
HOUR = 3600


def targets_meant(
    space: Workspace, names: Sequence[str], *, everything: bool, command: str
) -> tuple[Target, ...] | None:
    """Return what is to be halted or released; None: everything.

    Raises:
        WrongUsage: nothing is named, or something beside ``--all``.
        NotFoundError: nothing is called so.
    """
    from lifeloop.work.halting.releasing import find_targets

    if everything == bool(names):
        hint = f"lifeloop {command} JOURNEY, a message or a provider; or everything:  lifeloop {command} --all"
        raise WrongUsage(f"what is to {command}?", hint=hint)
    return None if everything else find_targets(space, names)


def outlook_document(one: Outlook) -> dict[str, Any]:
    """Return what has gathered as a part of a JSON document."""
    return {key: getattr(one, key) for key in OUTLOOK["properties"]}


def waiting_words(one: Outlook) -> str:
    """Say what waits, before it is halted."""
    if not one.waiting:
        return "No message waits."
    return f"{_about(one)}{counted(one.waiting, 'message')} {_verb(one.waiting, 'wait')}, {one.due:,} of them due now."


def release_words(one: Outlook) -> str:
    """Say what a release brings."""
    aside = "1 person" if one.aside == 1 else f"{one.aside:,} people"
    return _gathered_words(one) + (f" {aside} set aside will be tried again, alone." if one.aside else "")


def _gathered_words(one: Outlook) -> str:
    if not one.due:
        return "No message has gathered."
    late = f" {one.late:,} of them will be too late and skipped." if one.late else ""
    pace = f" They leave at {one.per_hour:,} an hour, the newest first: done {_after(one.seconds)}."
    if one.due == 1:
        late, pace = (" It will be too late and skipped.", "") if one.late else ("", " It leaves within the hour.")
    return f"{_about(one)}{counted(one.due, 'message')} {_verb(one.due, 'have')} gathered.{late}{pace}"


def _about(one: Outlook) -> str:
    return "" if one.complete else "At least "


def _verb(number: int, verb: str) -> str:
    single = {"wait": "waits", "have": "has"}[verb]
    return single if number == 1 else verb


def _after(seconds: int) -> str:
    if seconds < HOUR:
        return "within the hour"
    return f"in about {counted(-(-seconds // HOUR), 'hour')}"
