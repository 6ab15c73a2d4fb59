"""What reading callbacks has in common: bodies, texts, times, what a code of the other side means, what is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

from lifeloop.channel.callbacks import multipart
from lifeloop.channel.callbacks.values import Bounce, Malformed, Post
from lifeloop.clock import Instant

FORM = "application/x-www-form-urlencoded"
MOST_REPORTS = 10_000
MOST_RAW = 2_000
MOST_FIELDS = 200
LONGEST = 200
MILLISECONDS = 100_000_000_000
"""A number of seconds that great lies thousands of years ahead: it counts milliseconds."""
_ID = re.compile(r"[!-~]{1,200}")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BASIC = re.compile(r"\b([45])\d\d\b")
_CODE = re.compile(r"[A-Za-z0-9_.: -]{1,80}")
_ADDRESS = re.compile(r"[^\s<>\"'(),:;]+@[^\s<>\"'(),:;]+|\+?\d[\d .()-]{7,}\d")
_PRIVATE = re.compile(
    r"token|secret|signature|password|authorization|^ip$|ip_?address|ip_pool|sending_ip|agent|geo|^to$|^from$|email|"
    r"recipient|phone|^wa_id$|contact|subject|content|headers|city|country|region|^source$|destination|diagnostic|"
    r"message-?body|^body$|^name$|url|link|profile",
    re.IGNORECASE,
)
HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.2.1"})
SOFT = frozenset({"5.2.2", "4.2.2"})
TOO_BIG = frozenset({"5.3.4", "5.2.3"})
NOBODY = ("user unknown", "no such user", "does not exist", "unknown recipient", "onbekend", "unknown user")
UNWELCOME = ("spam", "blocked", "blocklist", "blacklist", "reputation", "policy")

Fields = Mapping[str, Any]


def json_of(post: Post) -> Any:
    """Return the body as JSON.

    Raises:
        Malformed: it is none.
    """
    try:
        return json.loads(post.body)
    except (ValueError, RecursionError) as problem:
        raise Malformed("the body is no JSON") from problem


def is_form(post: Post) -> bool:
    """Tell whether a body says that it is a form, in one piece or in parts."""
    return post.headers.get("content-type", "").lower().startswith((FORM, multipart.KIND))


def form_of(post: Post) -> dict[str, str]:
    """Return the body as the fields of a form, in one piece or in parts; attached files are passed over.

    Raises:
        Malformed: it is none.
    """
    kind = post.headers.get("content-type", "")
    if kind.lower().startswith(multipart.KIND):
        return multipart.parts_of(kind, post.body)
    try:
        return dict(parse_qsl(post.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as problem:
        raise Malformed("the body is no form") from problem


def fields(value: Any) -> Fields:
    """Return the fields of something; none if it has none."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Fields]:
    """Return the reports in a body: those of a list, or the one that it is.

    Raises:
        Malformed: there are more than anybody sends, or it is neither.
    """
    found = value if isinstance(value, list) else [value]
    if len(found) > MOST_REPORTS or not all(isinstance(item, dict) for item in found):
        raise Malformed("the body holds no reports")
    return found


def text(value: Any) -> str:
    """Return a text or a number as text; empty for anything else."""
    return str(value)[:LONGEST] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def message_id(value: Any) -> str | None:
    """Return what may be an id of ours."""
    found = text(value)
    return found if _ID.fullmatch(found) else None


def code(value: Any) -> str:
    """Return a code as it may be shown; prose and addresses are left out."""
    found = text(value)
    return found if _CODE.fullmatch(found) else ""


def at(value: Any) -> Instant | None:
    """Return a moment that is written as seconds, milliseconds or ISO 8601 with its zone; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return _iso(str(value))
    if seconds is None or not 0 < seconds < MILLISECONDS * 1000:
        return None
    return int(seconds / 1000 if seconds >= MILLISECONDS else seconds)


def _iso(written: str) -> Instant | None:
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError:
        return None
    return int(found.timestamp()) if found.tzinfo else None


def made_key(*parts: Any) -> str:
    """Return a key for a report of a provider that gives none."""
    said = json.dumps([text(part) for part in parts], separators=(",", ":"))
    return blake2b(said.encode(), digest_size=16).hexdigest()


def bounce_of(*said: Any, otherwise: Bounce = "soft") -> Bounce:
    """Return what the words of the other side mean: its enhanced code decides, then its prose.

    A code about our own name (5.7.x) never speaks against the person.
    """
    words = " ".join(text(part) if not isinstance(part, str) else part for part in said).lower()[:4000]
    if found := _ENHANCED.search(words):
        return _by_code(found[0], found[1] + "." + found[2], otherwise)
    if any(word in words for word in UNWELCOME):
        return "block"
    if any(word in words for word in NOBODY):
        return "hard"
    basic = _BASIC.search(words)
    return "soft" if basic and basic[1] == "4" else otherwise


def _by_code(whole: str, detail: str, otherwise: Bounce) -> Bounce:
    if whole in HARD:
        return "hard"
    if detail == "5.7" or whole in TOO_BIG:
        return "block"
    if whole in SOFT or whole.startswith("4."):
        return "soft"
    return otherwise


def kept(item: Any) -> str:
    """Return what is kept of a report: no secret, no address, no text of a mail, and not more than two kilobytes."""
    return json.dumps(_plain(item, 0), ensure_ascii=False, separators=(",", ":"), default=str)[:MOST_RAW]


def _plain(value: Any, depth: int) -> Any:
    if depth > 6:  # noqa: PLR2004  # deeper lies nothing that says what happened
        return "…"
    if isinstance(value, dict):
        return {
            _ADDRESS.sub("…", text(name)): "…" if _PRIVATE.search(text(name)) else _plain(inner, depth + 1)
            for name, inner in list(value.items())[:60]
        }
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value[:20]]
    return _ADDRESS.sub("…", value[:LONGEST]) if isinstance(value, str) else value


def first(*values: Any) -> str:
    """Return the first of these that is a text or a number."""
    return next((found for value in values if (found := text(value))), "")


def named(pairs: Any, name: str) -> str:
    """Return the value in a list of ``{name, value}`` pairs, whatever the case of the name."""
    for pair in pairs if isinstance(pairs, list) else ():
        if text(fields(pair).get("name")).lower() == name:
            return text(fields(pair).get("value"))
    return ""
