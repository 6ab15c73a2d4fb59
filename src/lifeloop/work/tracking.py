"""Links that count: a rendered mail gets our own links, each to a target that was written down before it left.

Only ``href`` of links in our own HTML changes, and the same addresses in the text part. Left alone: addresses that
are not http, signed ones, those marked ``data-track="false"``, and every way to leave or to choose.
"""

from __future__ import annotations

import html as html_words
import re
from collections.abc import Callable, Collection
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import urlsplit

from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant
from lifeloop.store import hits
from lifeloop.store.hits import LinkRow
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.work.gating import Cleared
from lifeloop.work.links import LINK, Links
from lifeloop.work.preferring import TRACKING
from lifeloop.work.workspace import Workspace

_LINK = re.compile(r'(<(?:a|area)\b[^>]*?\shref=")([^"]*)("[^>]*>)', re.IGNORECASE)
_UNTRACKED = re.compile(r'\sdata-track="false"', re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_SIGNED = re.compile(r"[?&](?:x-amz-signature|signature|sig|token|key|hmac)=", re.IGNORECASE)
_ENDS = ".,;:!?)]}'"
LONGEST = 2000
MOST_NOTED = 50_000


def with_links(space: Workspace, one: Cleared, envelope: Envelope, kept: Collection[str | None]) -> Envelope:
    """Return the mail with links that count, as far as this customer and this project allow. ``kept``: left alone."""
    links = space.links
    if links is None or envelope.html is None or not is_counted(space, one):
        return envelope
    own = one.message.id if is_individual(space, one) else None
    found = _targets(envelope.html, links, kept)
    rows = [
        LinkRow(link_key(one.message.journey, one.message.node, url), url, envelope.journey, envelope.step)
        for url in found
    ]
    if not _note(space, rows):
        return envelope
    ours = {row.url: links.click(own, row.key) for row in rows}
    html = _in_html(envelope.html, ours)
    if own is not None:
        html = _with_picture(html, links.opened(own))
    return replace(envelope, html=html, text=_in_text(envelope.text, ours))


def is_counted(space: Workspace, one: Cleared) -> bool:
    """Tell whether anything is counted in this message: never in one that belongs to a contract and no more."""
    return space.catalogue.tracking != "off" and one.message.channel == "email" and one.message.counts


def is_individual(space: Workspace, one: Cleared) -> bool:
    """Tell whether this customer may be told apart: the project does so, and they said yes to it."""
    return space.catalogue.tracking == "individual" and one.facts.consents.get(TRACKING) is True


def link_key(journey: str, node: str, url: str) -> str:
    """Return the name of a link of a step; the same for everybody who gets it."""
    return blake2b(f"{journey}\n{node}\n{url}".encode(), digest_size=LINK).hexdigest()


def safe_target(url: str) -> str | None:
    """Return where a click may lead, None for anything but a plain http address."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' <>"\\^`{|}'):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    is_web = parts.scheme in {"http", "https"} and url[len(parts.scheme) :].startswith("://")
    return url if is_web and parts.hostname and "@" not in parts.netloc else None


def _targets(html: str, links: Links, kept: Collection[str | None]) -> list[str]:
    """Return the addresses to count, each once, in the order of the mail."""
    found = dict.fromkeys(
        html_words.unescape(part[2]) for part in _LINK.finditer(html) if not _UNTRACKED.search(part[0])
    )
    own = f"{links.address}/"
    return [
        url
        for url in found
        if safe_target(url) and url not in kept and not url.startswith(own) and not _SIGNED.search(url)
    ]


def _note(space: Workspace, rows: list[LinkRow]) -> bool:
    """Write down where links lead, before anybody gets them; a database that is busy leaves the mail as it was."""
    new = [row for row in rows if row.key not in space.noted]
    if not new:
        return True
    try:
        with space.store.transaction() as tx:
            hits.keep_links(tx, new, _now(space))
    except (StoreBusy, StoreUnreachable):
        return False
    if len(space.noted) > MOST_NOTED:
        space.noted.clear()
    space.noted.update(row.key for row in new)
    return True


def _now(space: Workspace) -> Instant:
    return space.clock.now()


def _in_html(html: str, ours: dict[str, str]) -> str:
    def change(part: re.Match[str]) -> str:
        new = None if _UNTRACKED.search(part[0]) else ours.get(html_words.unescape(part[2]))
        return part[0] if new is None else f"{part[1]}{html_words.escape(new)}{part[3]}"

    return _LINK.sub(change, html)


def _in_text(text: str, ours: dict[str, str]) -> str:
    return _ADDRESS.sub(lambda part: _known(part[0], ours.get), text)


def _known(address: str, find: Callable[[str], str | None]) -> str:
    """Return our link for an address, which may have the end of a sentence stuck to it."""
    bare = address
    while bare:
        new = find(bare)
        if new is not None:
            return new + address[len(bare) :]
        if bare[-1] not in _ENDS:
            return address
        bare = bare[:-1]
    return address


def _with_picture(html: str, address: str) -> str:
    picture = f'<img src="{address}" width="1" height="1" alt="" style="display:block;border:0">'
    before, end, after = html.rpartition("</body>")
    return f"{before}{picture}{end}{after}" if end else html + picture
