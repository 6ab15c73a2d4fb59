"""The flow that settles what was left open; see lifeloop.flows.upkeep."""

from lifeloop.flows.upkeep import upkeep

__all__ = ["upkeep"]
