"""Where our mail comes back: to addresses that only the mail itself knows, if the project has a mailbox for them."""

from __future__ import annotations

import secrets

from lifeloop.channel import plus
from lifeloop.store import marks
from lifeloop.store.values import Message
from lifeloop.work.workspace import Workspace

KEY = "returns"
"""The name of the project's key that proves that a returned mail was ours."""


def key_of(space: Workspace) -> bytes:
    """Return the key; it is made when it is needed for the first time."""
    if space.returns is None:
        with space.store.transaction() as tx:
            space.returns = marks.keep_key(tx, secrets.token_bytes(32), KEY)
    return space.returns


def bounces_of(space: Workspace, message: Message) -> str | None:
    """Return where a mail comes back that nobody takes; None: the project has no mailbox of its own for that."""
    box = _box(space, message)
    return plus.bounces_of(box, message.id, key_of(space)) if box else None


def leaves_of(space: Workspace, message: Message) -> str | None:
    """Return where an empty mail ends the topic of a message."""
    box = _box(space, message)
    if not box or space.links is None:
        return None
    link = space.links.leave(message.customer_id, message.topic, message.id)
    return plus.leaves_of(box, link.rpartition("/")[2])


def _box(space: Workspace, message: Message) -> str:
    return space.catalogue.channels.get("mailbox", {}).get("address", "") if message.channel == "email" else ""
