"""How journeys are called on Prefect."""

from __future__ import annotations

DEPLOYMENT = "live"


def identifier(journey: str) -> str:
    """Return the Python name of a journey's flow: dashes become underscores."""
    return journey.replace("-", "_")


def deployment_name(journey: str) -> str:
    """Return ``renewal/live``."""
    return f"{journey}/{DEPLOYMENT}"


def resource(journey: str) -> str:
    """Return the id of the resource that a journey's Prefect events are about."""
    return f"journey.{journey}"


def artifact_key(journey: str, what: str) -> str:
    """Return the key of one of a journey's artifacts; Prefect allows small letters, digits and dashes."""
    return f"journey-{journey}-{what}"
