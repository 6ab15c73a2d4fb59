"""Openings and clicks: noted as they come, judged a minute later with those around them, then told to the journeys.

Programs open mails and follow links as well: scanners before delivery, mail programs that fetch pictures for
everybody. What can be told at once is told by ``who``; a burst over many links is seen only when it is over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.store import consents, customers, hits, messages
from lifeloop.store.hits import By, HitRow, What
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message
from lifeloop.work.preferring import TRACKING
from lifeloop.work.receipts import note_receipts
from lifeloop.work.workspace import Workspace

SETTLE = 60
"""Seconds until a hit is judged: a scanner's burst is over by then."""
BURST, BURST_LINKS = 2, 3
"""So many different links of one message in so many seconds: nobody clicks like that."""
AT_ONCE = 2
"""Seconds after sending in which only programs click."""
BATCH = 500
PEOPLE: frozenset[By] = frozenset({"person", "proxy"})
"""Whose hits count for conditions and reports."""

LOOKING_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
PROXIES = ("googleimageproxy", "ggpht.com", "yahoomailproxy", "outlookimageproxy", "protonmail image proxy")
PREFETCHERS = ("chrome/42.0.2311.135 safari/537.36 edge/12.246 mozilla/5.0",)
BOTS = (
    "curl/", "wget/", "python-requests", "python-httpx", "python-urllib", "aiohttp", "go-http-client", "java/",
    "okhttp", "libwww-perl", "headlesschrome", "phantomjs", "barracuda", "mimecast", "proofpoint", "symantec",
    "trend micro", "trendmicro", "safelinks", "microsoft office existence discovery", "office 365 connector",
    "bingpreview", "slackbot", "whatsapp", "twitterbot", "facebookexternalhit", "linkedinbot", "telegrambot",
    "discordbot", "skypeuripreview", "googlebot", "bingbot", "yandexbot", "applebot", "ahrefsbot", "semrushbot",
    "fortiguard", "checkpoint", "cisco", "ironport", "sophos", "zscaler", "bitdefender", "kaspersky", "urlscan",
    "virustotal", "crawler", "spider", "scanner", "monitoring",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coming:
    """What a request tells of who makes it."""

    agent: str = ""
    ahead: bool = False
    """It says of itself that it only looks ahead."""


def coming(headers: Mapping[str, str]) -> Coming:
    """Read the few headers that tell a program from a person."""
    said = (headers.get(name, "").lower() for name in LOOKING_AHEAD)
    return Coming(headers.get("user-agent", ""), any("prefetch" in word or "preview" in word for word in said))


def who(what: What, request: Coming) -> By:
    """Return who it is, as far as one request alone can tell; the first rule that fits."""
    agent = request.agent.strip().lower()
    if what == "opened" and (agent == "mozilla/5.0" or any(agent.endswith(word) for word in PREFETCHERS)):
        return "prefetch"
    if any(word in agent for word in PROXIES):
        return "proxy"
    if request.ahead:
        return "bot"
    if not agent or agent == "mozilla/5.0" or any(word in agent for word in BOTS):
        return "bot"
    return "person"


def note(space: Workspace, what: What, message_id: str | None, link_key: str | None, request: Coming) -> bool:
    """Note an opening or a click, as far as project and customer allow it now; returns whether one person's was noted.

    A customer who took their yes back is not noted any more, in old mails either.
    """
    now, by = space.clock.now(), who(what, request)
    if space.catalogue.tracking == "off":
        return False
    with space.store.transaction() as tx:
        if link_key is not None:
            hits.count(tx, link_key, by, now)
        if message_id is None or not may_be_noted(space, tx, message_id):
            return False
        hits.add(tx, message_id, link_key, what, by, now)
    return True


def settle_hits(space: Workspace, now: Instant, *, after: int = SETTLE) -> int:
    """Judge what is older than ``after`` seconds, and tell the journeys of those that were people's."""
    if space.catalogue.tracking != "individual":
        return 0
    with space.store.reading() as tx:
        ids = hits.unjudged(tx, now - after, BATCH)
    if not ids:
        return 0
    with space.store.transaction() as tx:
        found = messages.find(tx, ids)
        customers.lock(tx, [message.customer_id for message in found.values()])  # whoever judges too waits here
        open_ones = set(hits.unjudged(tx, now - after, BATCH)) & set(found)
        judged = hits.of_messages(tx, sorted(open_ones))
        verdicts = {id_: _judge(found[id_], rows) for id_, rows in judged.items()}
        hits.settle(tx, [(row.id, row.by) for rows in verdicts.values() for row in rows])
        real = [(found[id_], row.what, row.at) for id_, rows in verdicts.items() for row in rows if row.by in PEOPLE]
        note_receipts(space, tx, real, now)
    return sum(len(rows) for rows in verdicts.values())


def may_be_noted(space: Workspace, tx: Tx, message_id: str) -> bool:
    """Tell whether project and customer allow it now to note who reads a message."""
    if space.catalogue.tracking != "individual":
        return False
    message = messages.find(tx, [message_id]).get(message_id)
    return message is not None and consents.of_customer(tx, message.customer_id).get(TRACKING) is True


def _judge(message: Message, rows: Sequence[HitRow]) -> list[HitRow]:
    """Return the hits of a message with what they turn out to be, now that all of them are there."""
    clicks = [row for row in rows if row.what == "clicked"]
    burst = _burst(clicks)
    return [replace(row, by="bot") if row.id in burst or _too_soon(message, row) else row for row in rows]


def _burst(clicks: Sequence[HitRow]) -> frozenset[int]:
    near: dict[int, set[str | None]] = defaultdict(set)
    for row in clicks:
        near[row.id] = {other.link_key for other in clicks if abs(other.at - row.at) <= BURST}
    return frozenset(id_ for id_, links in near.items() if len(links) >= BURST_LINKS)


def _too_soon(message: Message, row: HitRow) -> bool:
    return row.what == "clicked" and message.sent_at is not None and row.at - message.sent_at < AT_ONCE


def counted(rows: Iterable[HitRow]) -> int:
    """Return how many of these were people's."""
    return sum(row.by in PEOPLE for row in rows)
