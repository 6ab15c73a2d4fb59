"""What a careful person would look at before a message goes out: size, links, pictures, leaving, contrast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lifeloop.message.anatomy import Anatomy, anatomy
from lifeloop.message.links import NOWHERE, safe_address
from lifeloop.message.render import Rendered

HEAVY = 90_000
"""Bytes of HTML from which a mail is close to being cut off."""
TOO_HEAVY = 102_000
"""Bytes of HTML from which Gmail cuts a mail off, and with it the link to unsubscribe."""
LONG_SUBJECT = 78
"""Characters of a subject that fit on one line of a mail's head."""
SHORTEST_TEXT = 20

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, how it went, and what was seen."""

    name: str
    state: State
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    rendered: Rendered
    parts: Anatomy
    needs_unsubscribe: bool


def check_message(rendered: Rendered, *, needs_unsubscribe: bool) -> tuple[Check, ...]:
    """Return all checks of a finished message; a text message has only those that concern it."""
    case = _Case(rendered, anatomy(rendered.html or ""), needs_unsubscribe)
    looks = _MAIL if rendered.html is not None else _ANY
    return tuple(look(case) for look in looks)


def _size(case: _Case) -> Check:
    size = case.rendered.size
    state: State = "error" if size > TOO_HEAVY else "warning" if size > HEAVY else "ok"
    kilobytes = f"{size / 1000:.0f} kB"
    return Check("size", state, kilobytes if state == "ok" else f"{kilobytes}; Gmail cuts a mail off at 102 kB")


def _subject(case: _Case) -> Check:
    length = len(case.rendered.subject)
    if not length:
        return Check("subject", "error", "there is none")
    if length > LONG_SUBJECT:
        return Check("subject", "warning", f"{length} characters; a phone shows about 40")
    return Check("subject", "ok", f"{length} characters")


def _text_part(case: _Case) -> Check:
    words = case.rendered.text.strip()
    return Check("text", "ok") if len(words) >= SHORTEST_TEXT else Check("text", "error", "there is hardly any text")


def _links(case: _Case) -> Check:
    dead = [address for address in case.parts.addresses if safe_address(address) == NOWHERE]
    if dead:
        count = len(dead)
        return Check("links", "error", f"{count} {'leads' if count == 1 else 'lead'} nowhere")
    plain = [address for address in case.parts.addresses if address.startswith("http://")]
    if plain:
        return Check("links", "warning", f"not encrypted: {plain[0]}")
    return Check("links", "ok", str(len(case.parts.addresses)))


def _alt_texts(case: _Case) -> Check:
    count = len(case.parts.without_alt)
    if not count:
        return Check("alt texts", "ok")
    return Check("alt texts", "warning", f"{count} of {len(case.parts.pictures)} pictures say nothing when not shown")


def _pictures(case: _Case) -> Check:
    bad = [source for source in case.parts.pictures if not source.startswith("https://")]
    return Check("pictures", "error", f"needs an https address: {bad[0]}") if bad else Check("pictures", "ok")


def _unsubscribe(case: _Case) -> Check:
    address = case.rendered.unsubscribe_url
    if not case.needs_unsubscribe:
        return Check("unsubscribe", "ok", "not needed: it belongs to a contract")
    if address and address in case.parts.addresses:
        return Check("unsubscribe", "ok")
    return Check("unsubscribe", "error", "the layout shows no way to leave")


def _contrast(case: _Case) -> Check:
    pale = case.parts.pale
    return Check("contrast", "warning", f"hard to read: {pale[0]}") if pale else Check("contrast", "ok")


def _useless(case: _Case) -> Check:
    found = sorted(set(case.parts.useless))
    if not found:
        return Check("mail programs", "ok")
    return Check("mail programs", "error", f"they remove: {', '.join(found)}")


_ANY: tuple[Callable[[_Case], Check], ...] = (_text_part,)
_MAIL: tuple[Callable[[_Case], Check], ...] = (
    _size,
    _subject,
    _text_part,
    _links,
    _alt_texts,
    _pictures,
    _unsubscribe,
    _contrast,
    _useless,
)
