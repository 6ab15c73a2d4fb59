"""Where and when a message is read: the reader's language and region, their clock, the project's currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError

from lifeloop.clock import Instant

_zones = lru_cache(maxsize=1)(available_timezones)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}\Z")
_REGION = re.compile(r"[A-Za-z]{2}\Z")
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Here:
    """What ``money``, ``number``, ``date`` and ``time`` go by. ``locale`` is one that Babel knows, as ``nl_BE``."""

    locale: str = "en"
    zone: str = "UTC"
    now: Instant = 0
    currency: str = "EUR"

    @property
    def clock(self) -> datetime:
        """The journey clock on the reader's wall."""
        return on_the_wall(self.now, self.zone)


def on_the_wall(instant: Instant, zone: str) -> datetime:
    """Return an instant as the clock in that zone shows it; an unknown zone reads as UTC."""
    return datetime.fromtimestamp(instant, _zone(zone))


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name if name in _zones() else "UTC")


def tidy_locale(text: str) -> str:
    """Return ``nl-BE`` for ``nl_be`` and the like; empty for what is no locale at all."""
    language, _, rest = text.strip().replace("_", "-").partition("-")
    if not _LANGUAGE.match(language):
        return ""
    parts = [part.upper() if _REGION.match(part) else part.title() for part in rest.split("-") if part.isalnum()]
    return "-".join([language.lower(), *parts])


@lru_cache(maxsize=1024)
def format_locale(wanted: str, written: str, country: str | None) -> str:
    """Return the locale that figures and dates are written in.

    The reader's region counts when the text is in the reader's language: a Belgian reading Dutch gets Belgian
    dates, a Belgian reading English gets English ones, in the project's country.
    """
    language = written.partition("-")[0]
    reader = wanted if wanted.partition("-")[0] == language else written
    region = reader.partition("-")[2] or (country or "")
    for name in (f"{language}_{region}".replace("-", "_"), language, "en"):
        if _is_known(name):
            return name
    return "en"


@lru_cache(maxsize=1024)
def _is_known(name: str) -> bool:
    try:
        Locale.parse(name)
    except (ValueError, UnknownLocaleError):
        return False
    return True
