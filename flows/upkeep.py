"""The flow that settles what was left open; see lifeloop.flows.upkeep."""

from pathlib import Path

from lifeloop.flows.upkeep import upkeep_flow

upkeep = upkeep_flow(Path(__file__).resolve().parents[1], module=__name__)
