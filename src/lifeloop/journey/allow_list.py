"""Who may get mail and texts while a project is tried out: ``test_addresses: [me@example.com, "*@example.com"]``."""

from __future__ import annotations

from collections.abc import Iterable

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.shape import texts
from lifeloop.journey.source import Node, Report, Scalar

PRODUCTION = "production"
ANYBODY = "*@"
SHORTEST_NUMBER = 6


def read_allow_list(node: Node | None, report: Report) -> tuple[str, ...]:
    """Return the addresses and numbers that tests may reach; ``*@example.com`` is everybody there."""
    if node is None:
        return ()
    return tuple(found.text for found in texts(node, "test_addresses", report) if _is_address(found, report))


def is_listed(addresses: Iterable[str], address: str) -> bool:
    """Tell whether an address is on a list, or its whole domain is."""
    plain = address.strip().lower()
    everybody = f"{ANYBODY}{plain.rpartition('@')[2]}" if "@" in plain else plain
    return bool(plain) and any(entry.strip().lower() in (plain, everybody) for entry in addresses)


def may_reach(catalogue: Catalogue, channel: str, address: str) -> bool:
    """Tell whether this project may write to an address: everybody in production, else only who is on its list.

    What stays in the inbox on this machine reaches nobody, so it may go there.
    """
    if catalogue.environment == PRODUCTION or stays_here(catalogue, channel):
        return True
    return is_listed(catalogue.test_addresses, address)


def stays_here(catalogue: Catalogue, channel: str) -> bool:
    """Tell whether messages of a channel stay in the inbox on this machine."""
    return catalogue.email == "inbox" if channel == "email" else channel not in catalogue.channels


def _is_address(found: Scalar, report: Report) -> bool:
    text = found.text.strip()
    name, at, domain = text.rpartition("@")
    is_mail = bool(at and name and "." in domain and not set(text) & set(" <>,;"))
    is_number = text.startswith("+") and text[1:].isdigit() and len(text) > SHORTEST_NUMBER
    if is_mail or is_number:
        return True
    label = 'write me@example.com, "*@example.com" for a whole domain, or "+31612345678"'
    report.add("J184", f'"{text}" is not an address', found.place, label=label)
    return False
