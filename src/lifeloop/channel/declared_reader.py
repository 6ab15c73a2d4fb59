"""A provider file to its value. Whatever is wrong is reported with its place; a file with mistakes is not used."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath

from lifeloop.channel.declared import MESSAGE, Declared, Order, Refusal, Rule
from lifeloop.channel.declared_callbacks import read_callbacks
from lifeloop.channel.declared_lookup import WORDS, read_lookup
from lifeloop.channel.declared_order import phrases, read_order
from lifeloop.channel.declared_parts import expression, needed, number, said, scalar, seconds, words
from lifeloop.channel.expression import Expression
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, OPTIONAL
from lifeloop.channel.values import Abilities, AboutAddress
from lifeloop.engine.retry import Outcome
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text, some_items, texts
from lifeloop.journey.source import Map, Node, Report

KEYS = ("provider", "about", "carries", "settings", "request", "refuses", "answer", "abilities", "callbacks", "lookup")
MEANINGS = {
    "accepted": Outcome.ACCEPTED,
    "refused": Outcome.REJECTED,
    "try again": Outcome.NOT_ACCEPTED,
    "unclear": Outcome.UNCERTAIN,
    "settings": Outcome.CONFIGURATION,
}
NUMBERS = ("at_once", "rate", "concurrency", "quota")
ADDRESSES: tuple[AboutAddress, ...] = ("dead", "listed", "opted out")


def read_provider(text: str, file: str, report: Report) -> Declared | None:
    """Return what a provider file says; None when it holds a mistake."""
    before = len(report.found)
    node = read_yaml(text, file, report)
    block = one_block(node, file, report) if node is not None else None
    found = _read(block, report) if block is not None else None
    stem = PurePath(file).stem
    if found is not None and found.name != stem and block is not None:
        label = f"write  provider: {stem}, or give the file the other name"
        report.add("J506", f'the file is called {stem}, and its provider "{found.name}"', block.place, label=label)
    return found if len(report.found) == before else None


def _read(block: Map, report: Report) -> Declared | None:
    check_keys(block, KEYS, "to a provider file", report)
    name, order = words(block, "provider", report), needed(block, "request", report, read_order)
    carries = needed(block, "carries", report, lambda node, report: texts(node, "carries", report))
    answer = said(block, "answer", report, _answer) or (None, ())
    if not name or order is None or carries is None:
        return None
    asks = said(block, "lookup", report, lambda node, report: read_lookup(node, report, order))
    abilities = said(block, "abilities", report, _abilities) or Abilities(batch=AT_ONCE)
    found = Declared(
        name=name,
        about=words(block, "about", report),
        carries=tuple(text.text for text in carries),
        takes=said(block, "settings", report, _takes) or {},
        order=order,
        id=answer[0],
        rules=answer[1],
        refuses=said(block, "refuses", report, _refusals) or (),
        abilities=abilities if asks is None else replace(abilities, lookup=True, absent_after=asks[1]),
        callbacks=said(block, "callbacks", report, read_callbacks),
        lookup=None if asks is None else asks[0],
    )
    _check_names(block, found, report)
    return found


def _takes(node: Node, report: Report) -> dict[str, str | None]:
    block = one_block(node, "settings", report)
    found: dict[str, str | None] = {}
    for entry in block.entries if block else ():
        text = one_text(entry.value, entry.key.text, report)
        if text is not None:
            found[entry.key.text] = {"needed": NEEDED, "optional": OPTIONAL}.get(text.text, text.text)
    return found


def _answer(node: Node, report: Report) -> tuple[Expression | None, tuple[Rule, ...]]:
    block = one_block(node, "answer", report)
    if block is None:
        return None, ()
    check_keys(block, ("id", "rules"), "to answer", report)
    items = said(block, "rules", report, lambda node, report: some_items(node, "rules", report)) or ()
    rules = tuple(rule for item in items if (rule := _rule(item, report)))
    return said(block, "id", report, expression), rules


def _rule(node: Node, report: Report) -> Rule | None:
    block = one_block(node, "rules", report)
    if block is None:
        return None
    check_keys(block, ("status", "when", "means", "wait", "address", "says"), "to a rule", report)
    means = needed(block, "means", report, lambda node, report: one_of(node, "means", tuple(MEANINGS), report))
    address: AboutAddress | None = said(block, "address", report, _address)
    if means is None:
        return None
    return Rule(
        means=MEANINGS[means],
        statuses=said(block, "status", report, _statuses) or frozenset(),
        when=said(block, "when", report, expression),
        wait=said(block, "wait", report, seconds),
        address=address,
        says=words(block, "says", report),
    )


def _address(node: Node, report: Report) -> AboutAddress | None:
    return one_of(node, "address", ADDRESSES, report)


def _statuses(node: Node, report: Report) -> frozenset[int]:
    found: set[int] = set()
    for text in texts(node, "status", report):
        written = text.text
        if re.fullmatch(r"[1-5]xx", written):
            found.update(range(int(written[0]) * 100, int(written[0]) * 100 + 100))
        elif re.fullmatch(r"[1-5]\d\d", written):
            found.add(int(written))
        else:
            report.add("J109", f'"{written}" is not a status of an answer', text.place, label="as in  429  or  5xx")
    return frozenset(found)


def _refusals(node: Node, report: Report) -> tuple[Refusal, ...]:
    return tuple(_refusal(item, report) for item in some_items(node, "refuses", report) or ())


def _refusal(node: Node, report: Report) -> Refusal:
    block = one_block(node, "refuses", report) or Map((), node.place)
    check_keys(block, ("when", "says"), "to refuses", report)
    when, says = needed(block, "when", report, expression), needed(block, "says", report, scalar)
    return Refusal(when or Expression("", None), says.text if says else "")


def _abilities(node: Node, report: Report) -> Abilities:
    block = one_block(node, "abilities", report)
    if block is None:
        return Abilities()
    check_keys(block, (*NUMBERS, "key_window"), "to abilities", report)
    at_once, rate, concurrency, quota = (said(block, key, report, number) for key in NUMBERS)
    return Abilities(
        batch=int(at_once or AT_ONCE),
        rate=rate or None,
        concurrency=int(concurrency or 0) or None,
        quota=int(quota or 0) or None,
        key_window=said(block, "key_window", report, seconds),
    )


def _check_names(block: Map, found: Declared, report: Report) -> None:
    """Report settings that the request reads and nobody may say, and a promised key that does not go along."""
    place = _place(block, "request")
    names = _check_reads(found.order, found, MESSAGE, place, report)
    if found.lookup is not None:
        asks = _check_reads(found.lookup.order, found, WORDS, _place(block, "lookup"), report)
        if not asks & {"message.id", "message.to"}:
            label = "ask for message.id, or for everything that went to message.to"
            report.add(
                "J506", "the lookup does not say about which message it asks", _place(block, "lookup"), label=label
            )
    if found.abilities.key_window is not None and "message.id" not in names:
        label = "hand message.id over, as the provider wants it"
        report.add("J506", "a key is promised, and no message id goes along", place, label=label)


def _check_reads(order: Order, found: Declared, words: frozenset[str], place: Place, report: Report) -> frozenset[str]:
    """Report what a request reads and is not there; returns what it reads."""
    names = frozenset(name for phrase in phrases(order) for name in phrase.names)
    there = {"settings": found.takes.keys(), "message": words}
    for name in sorted(names):
        root, _, rest = name.partition(".")
        if rest.partition(".")[0] not in there.get(root, ()):
            label = "settings are declared above; of a message there is: " + ", ".join(sorted(words))
            report.add("J506", f'the request reads "{name}", which is not there', place, label=label)
    return names


def _place(block: Map, key: str) -> Place:
    entry = block.entry(key)
    return block.place if entry is None else entry.key.place
