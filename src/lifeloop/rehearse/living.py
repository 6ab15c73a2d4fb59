"""Letting things happen to a person at set times, and going on until nothing more happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.journey.condition import DataName
from lifeloop.rehearse.world import World


@dataclass(frozen=True, slots=True)
class Given:
    """Something that happens: an event, changed data, an entry by hand, an answer, a message opened or clicked.

    ``name``: the event, the journey, the message, ``approved`` or ``declined``. ``data``: what comes with it; for
    changed data the dotted names.
    """

    at: Instant
    what: str
    name: str
    data: Record = field(default_factory=dict)


def live_through(world: World, given: Sequence[Given], end: Instant) -> None:
    """Let everything happen at its time; then go on until who entered has come to an end, at the latest at ``end``."""
    for one in sorted(given, key=lambda one: one.at):
        if one.at > end:
            break
        world.run_until(max(world.now, one.at))
        happen(world, one)
    world.settle()
    while (due := world.next_due()) is not None and due <= end:
        if world.runs and not any(run.active for run in world.runs):
            return
        world.run_until(due)


def happen(world: World, given: Given) -> None:
    """Let one thing happen, now."""
    match given.what:
        case "event":
            world.event(given.name, given.data)
        case "set":
            world.change({data_name(name): value for name, value in given.data.items()})
        case "enter":
            world.enter(given.name, given.data)
        case "answer":
            world.answer({"approved": given.name == "approved", **given.data})
        case "open":
            world.reacts(given.name, "open")
        case _:
            world.reacts(given.name, "click")


def data_name(written: str) -> DataName:
    """Read ``customer.plan``, ``contract.ends`` or a bare attribute of the customer."""
    root, _, rest = written.partition(".")
    return DataName(root, tuple(rest.split("."))) if rest else DataName("customer", (root,))
