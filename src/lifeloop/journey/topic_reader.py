"""A topic of the project: what customers say yes or no to, and on what ground it may be written about."""

from __future__ import annotations

from lifeloop.journey.catalogue import Limit, Topic
from lifeloop.journey.moments import read_limit
from lifeloop.journey.project_parts import read_each, read_text
from lifeloop.journey.shape import check_keys, is_blank, one_block, one_of, one_text, texts
from lifeloop.journey.source import Map, Node, Report, Scalar

KEYS = ("basis", "counts", "titles", "similar_to", "watch")
_FALSE_TRUE = {"true": True, "yes": True, "false": False, "no": False}


def read_topic(name: Scalar, node: Node, report: Report) -> Topic | None:
    """Return one topic: its legal basis, whether it counts, its titles by language, who need not have said yes."""
    if is_blank(node):
        return Topic(name.text)
    block = one_block(node, name.text, report)
    if block is None:
        return None
    check_keys(block, KEYS, "to a topic", report)
    said = {key: block.value(key) for key in KEYS}
    basis, counts = said["basis"], said["counts"]
    is_contract = basis is not None and one_of(basis, "basis", ("contract", "consent"), report) == "contract"
    counting = one_of(counts, "counts", tuple(_FALSE_TRUE), report) if counts is not None else None
    return Topic(
        name.text,
        "contract" if is_contract else "consent",
        _FALSE_TRUE.get(counting or "true", True),
        read_each(said["titles"], "titles", report, read_text),
        _similar(block, report, is_contract=is_contract),
        _watched(said["watch"], report),
    )


def _similar(block: Map, report: Report, *, is_contract: bool) -> tuple[str, ...]:
    """Return the products that a topic is about; a topic that needs no yes has no use for them."""
    entry = block.entry("similar_to")
    if entry is None:
        return ()
    if is_contract:
        label = "a topic with  basis: contract  needs no yes: leave it out"
        report.add("J184", "similar_to is for topics that need consent", entry.key.place, label=label)
        return ()
    return tuple(one.text for one in texts(entry.value, "similar_to", report))


def _watched(node: Node | None, report: Report) -> Limit | None:
    text = one_text(node, "watch", report) if node is not None else None
    return read_limit(text, report) if text else None
