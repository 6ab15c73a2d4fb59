"""Whether a link is to be trusted as it stands: where it leads, and whether its words say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lifeloop.journey.catalogue import Catalogue
from lifeloop.message.tokens import WORD

_SHORTENERS = frozenset(
    {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "t.ly", "rb.gy"}
)
_LOOKS_LIKE_ADDRESS = re.compile(r"\s*(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#]\S*)?\s*\Z", re.IGNORECASE)
_EMPTY_WORDS = frozenset(
    {"here", "click here", "click", "link", "this link", "read more", "hier", "klik hier", "klik", "lees meer"}
    | {"hier klicken", "klicken sie hier", "mehr", "ici", "cliquez ici", "aquí", "haz clic aquí", "clique aqui"}
)


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why a link is not trusted: the code, a sentence, and what to write instead."""

    code: str
    message: str
    label: str


def distrusted(address: str, words: str, catalogue: Catalogue) -> Distrust | None:
    """Return the first reason not to trust a link; None when there is none, or when data decide where it leads."""
    host = _host(address)
    if not host:
        return None
    if address.lower().startswith("http://"):
        return Distrust("J413", f"this link is not encrypted: {WORD.sub('…', address)}", "write https://")
    if host in _SHORTENERS:
        label = "write the whole address: filters distrust addresses that hide where they lead"
        return Distrust("J413", f"{host} hides where this link leads", label)
    shown = _LOOKS_LIKE_ADDRESS.match(words)
    if shown and not _same(shown[1].lower(), host):
        label = "receivers take that for fraud; say in words what a reader finds there"
        return Distrust("J413", f"this link says {shown[1]} and leads to {host}", label)
    return _untracked(address, catalogue)


def says_nothing(words: str) -> bool:
    """Return whether the words of a link say nothing about where it leads."""
    return words.strip().strip(".:!>» ").lower() in _EMPTY_WORDS


def _untracked(address: str, catalogue: Catalogue) -> Distrust | None:
    """A link to the company's own website ought to say where the click came from, as ``link`` does."""
    website = catalogue.company.get("website", "").rstrip("/")
    if not website or not address.startswith(f"{website}/") or "utm_" in address:
        return None
    path = urlsplit(address).path.strip("/")
    better = f'write {{{{ link("{path}") }}}}' if path and not WORD.search(path) else "write it with link(…)"
    return Distrust("J415", "nobody will know that clicks on this link come from here", better)


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    host = (parts.hostname or "").lower() if parts.scheme in {"http", "https"} else ""
    return "" if WORD.search(host) else host


def _same(shown: str, host: str) -> bool:
    one, other = shown.removeprefix("www."), host.removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
