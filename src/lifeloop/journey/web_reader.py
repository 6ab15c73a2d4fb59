"""What a project says of the pages its customers see: where they are, what signs their links, what is counted."""

from __future__ import annotations

from urllib.parse import urlsplit

from lifeloop.journey.catalogue import TRACKING, Catalogue, Tracking, Web
from lifeloop.journey.project_parts import read_secret
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report

KEYS = ("address", "secret", "former_secret")
HERE = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts of this machine: the only ones whose pages may go without https."""


def read_web(node: Node | None, report: Report) -> Web:
    """Return where recipients' pages are: ``web: {address: https://mail.example.com, secret: env.LINK_SECRET}``."""
    block = one_block(node, "web", report) if node is not None else None
    if block is None:
        return Web()
    check_keys(block, KEYS, "to web", report)
    secrets = {key: read_secret(block, key, "lifeloop_link", report) for key in KEYS[1:]}
    return Web(_address(block, report), secrets["secret"], secrets["former_secret"])


def read_tracking(node: Node | None, report: Report) -> Tracking:
    """Return what may be counted of opens and clicks; nothing, unless the project says so."""
    found = one_of(node, "tracking", TRACKING, report) if node is not None else None
    return found or "off"


def check_web(block: Map, catalogue: Catalogue, report: Report) -> None:
    """Report what the settings of the pages need of each other."""
    web, node = catalogue.web, block.value("web")
    if web.address and web.secret is None and catalogue.environment != "local" and node is not None:
        label = "add  secret: env.LIFELOOP_LINK_SECRET, and set it where Lifeloop runs"
        report.add("J106", "links to customers are signed, and no secret is given", node.place, label=label)
    tracking = block.value("tracking")
    if catalogue.tracking != "off" and not web.address and tracking is not None:
        label = "add  web: {address: https://mail.example.com, secret: env.LIFELOOP_LINK_SECRET}"
        report.add("J106", "clicks are counted by a page of yours, and it has no address", tracking.place, label=label)


def _address(block: Map, report: Report) -> str | None:
    node = block.value("address")
    text = one_text(node, "address", report) if node is not None else None
    if text is None:
        return None
    if is_web_address(text.text):
        return text.text.rstrip("/")
    label = "write the address customers can reach, for example https://mail.example.com"
    report.add("J184", f'"{text.text}" is not an address for pages', text.place, label=label)
    return None


def is_web_address(text: str) -> bool:
    """Tell whether a text is an https address without query; plain http only on this machine."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    plain = text.isascii() and text.isprintable() and not set(text) & set(' <>"\\,') and "@" not in parts.netloc
    return secure and plain and bool(parts.hostname) and not parts.query and not parts.fragment
