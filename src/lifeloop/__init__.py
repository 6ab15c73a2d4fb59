"""Lifeloop: customer journeys you can read aloud, rehearse for a year in seconds, and trust."""

__version__ = "0.1.0"
