"""Addresses in messages: ``link("offer")`` builds one, ``safe_address`` lets only harmless ones through.

``link(name, **query)`` is the company's website, then the name, then where the click came from; the same words
give the same address, always. ``company: {offer_url: https://…}`` in the project file sends one name elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

_NAME = re.compile(r"[a-z0-9][a-z0-9_/-]{0,127}\Z", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s]|tel:[+\d])", re.IGNORECASE)
NOWHERE = "#"
"""What stands in place of an address that was refused."""


class LinkProblemError(ValueError):
    """An address that cannot be built; the text says why."""


def safe_address(address: object) -> str:
    """Return the address when it is http, https, mailto or tel; ``#`` for anything else, such as a script."""
    text = str(address).strip()
    return text if _HARMLESS.match(text) and text.isprintable() else NOWHERE


class Link:
    """``link(…)`` as one message may call it."""

    def __init__(self, company: Mapping[str, str], message: str, channel: str = "email") -> None:
        self._company = company
        self._website = company.get("website", "https://www.example.com").rstrip("/")
        self._source = {
            "utm_source": "lifeloop",
            "utm_medium": channel,
            "utm_campaign": message.partition("/")[0],
            "utm_content": message.replace("/", "-"),
        }

    def __call__(self, name: str, campaign: str | None = None, **query: object) -> str:
        """Return the address for a name, a path or a whole address."""
        address = self._address(str(name))
        source = self._source | ({"utm_campaign": campaign} if campaign else {})
        wanted = {**{key: str(value) for key, value in query.items()}, **source}
        return _with_query(address, tuple(wanted.items()))

    def _address(self, name: str) -> str:
        own = self._company.get(f"{name.replace('-', '_')}_url")
        if own:
            return own
        if _HARMLESS.match(name):
            return name
        path = name.strip("/")
        if not _NAME.match(path):
            raise LinkProblemError('link needs a name such as "offer", or a whole address')
        return f"{self._website}/{quote(path)}"


@lru_cache(maxsize=4096)
def _with_query(address: str, wanted: tuple[tuple[str, str], ...]) -> str:
    """Add to an address what is not in it yet, leaving its order and its fragment alone.

    Nearly all links of a message are the same for everybody; building one takes as long as a page of its text.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"}:
        return address
    there = parse_qsl(parts.query, keep_blank_values=True)
    names = {name for name, _ in there}
    more = [(name, value) for name, value in wanted if name not in names]
    return urlunsplit(parts._replace(query=urlencode([*there, *more])))
