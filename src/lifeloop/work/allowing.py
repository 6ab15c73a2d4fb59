"""Outside of production a project writes only to the people who try it out, whoever its customers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifeloop.engine.values import Facts
from lifeloop.journey.allow_list import may_reach
from lifeloop.store.values import Decision, Message
from lifeloop.work.workspace import Workspace

NOT_LISTED = "not on the allow-list of this environment"
ADDRESS = {"email": "email", "sms": "phone", "whatsapp": "phone"}
"""Where a channel's messages go, by attribute of the customer; elsewhere to their id."""


def address_of(message: Message, customer: Mapping[str, Any]) -> str:
    """Return where a message goes; empty if the customer has no such address."""
    field = ADDRESS.get(message.channel)
    return str(customer.get(field) or "") if field else message.key


def only_listed(space: Workspace, message: Message, facts: Facts, found: Decision) -> Decision:
    """Return what becomes of a message: nobody gets one who is not on the list, unless this is production."""
    if found.to != "attempting" or message.kind != "mail":
        return found
    here = space.ways.of(message.channel) is space.ways.inbox
    if here or may_reach(space.catalogue, message.channel, address_of(message, facts.customer)):
        return found
    return Decision(message.id, "suppressed", NOT_LISTED)
