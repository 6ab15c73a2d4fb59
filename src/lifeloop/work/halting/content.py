"""What a message is about to say, without writing it: one number for the message and the data that its text reads."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from lifeloop.engine.values import Facts, Record
from lifeloop.store.values import Message
from lifeloop.work.workspace import Workspace


def content_of(space: Workspace, row: Message, facts: Facts) -> int:
    """Return a number that is the same for the same words: a message, its language, and every value that it reads.

    What a text does not read may change as it likes; a message that nobody knows reads everything.
    """
    info = space.project.library.get(row.name)
    names = sorted(info.uses) if info else None
    customer = facts.customer if names is None else [_at(facts.customer, name) for name in names]
    thing = facts.object if names is None else [_at(facts.object or {}, name) for name in names]
    read = [row.name, facts.customer.get("locale"), row.data, customer, thing]
    text = json.dumps(read, sort_keys=True, separators=(",", ":"), default=str)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def _at(record: Record, name: str) -> Any:
    """Return what ``customer.plan`` or ``contract.ends`` is in a record; the first word only says in which."""
    found: Any = record
    for part in name.split(".")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found
