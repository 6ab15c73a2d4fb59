"""What kind of thing stands at a place of a file, with the complaint in plain words when it is another kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TypeVar

from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Items, Map, Node, Report, Scalar

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
W = TypeVar("W", bound=str)
TEMPLATE = re.compile(r"\{\{|\{%")


def kind_said(node: Node) -> str:
    """Say what a node is, as a marketer would: ``a list``."""
    match node:
        case Scalar(text=""):
            return "nothing"
        case Scalar():
            return "a text"
        case Items():
            return "a list"
        case Map():
            return "a block of keys"


def is_blank(node: Node) -> bool:
    """Tell whether a key has nothing behind it: ``steps:`` and then the next key."""
    return isinstance(node, Scalar) and not node.quoted and not node.text.strip()


def one_text(node: Node, what: str, report: Report) -> Scalar | None:
    """Return a text that is not empty; ``what`` names the key, for example ``"send"``."""
    if isinstance(node, Scalar) and node.text.strip():
        return node
    _wrong_kind(node, what, "a text", report)
    return None


def one_block(node: Node, what: str, report: Report) -> Map | None:
    """Return a block of ``key: value`` lines."""
    if isinstance(node, Map):
        return node
    _wrong_kind(node, what, "a block of keys", report)
    return None


def some_items(node: Node, what: str, report: Report) -> tuple[Node, ...] | None:
    """Return the parts of a list; nothing at all behind the key is a mistake too."""
    if isinstance(node, Items):
        return node.items
    _wrong_kind(node, what, "a list", report, hint="put a dash in front of each part" if isinstance(node, Map) else "")
    return None


def filled_items(node: Node, what: str, report: Report) -> tuple[Node, ...]:
    """Return the parts of a list that must not be empty."""
    items = some_items(node, what, report)
    if items == ():
        report.add("J104", f'"{what}" is empty', node.place, label="a list with something in it belongs here")
    return items or ()


def texts(node: Node, what: str, report: Report) -> tuple[Scalar, ...]:
    """Return one text or a list of texts, as a list."""
    parts = node.items if isinstance(node, Items) else (node,)
    return tuple(text for part in parts if (text := one_text(part, what, report)))


def check_keys(block: Map, allowed: Collection[str], where: str, report: Report) -> None:
    """Report every key that does not belong here; ``where`` completes the sentence: ``to a "send" step``."""
    for entry in block.entries:
        key = entry.key.text
        if key not in allowed:
            near = nearest(key, allowed)
            label = f'did you mean "{near}"?' if near else f"here may stand: {' '.join(allowed)}"
            fixes = (Suggestion(near, certain=block.entry(near) is None),) if near else ()
            report.add("J105", f'"{key}" does not belong {where}', entry.key.place, label=label, suggestions=fixes)


def one_of(node: Node, what: str, words: Collection[W], report: Report) -> W | None:
    """Return a text that is one of a few words."""
    text = one_text(node, what, report)
    found = next((word for word in words if text and word == text.text), None)
    if text is None or found is not None:
        return found
    near = nearest(text.text, words)
    report.add(
        "J109",
        f'"{text.text}" is not possible for "{what}"',
        text.place,
        label=f'did you mean "{near}"?' if near else f"it may be: {', '.join(words)}",
        suggestions=(Suggestion(near),) if near else (),
    )
    return None


def missing(key: str, where: str, place: Place, report: Report, *, example: str) -> None:
    """Report that a needed key is not there."""
    report.add("J106", f'{where} has no "{key}"', place, label=f"add, for example:  {example}")


def scalars_of(node: Node) -> Iterator[Scalar]:
    """Yield every text in a node."""
    match node:
        case Scalar():
            yield node
        case Items(items=items):
            for item in items:
                yield from scalars_of(item)
        case Map(entries=entries):
            for entry in entries:
                yield from scalars_of(entry.value)


def _wrong_kind(node: Node, what: str, expected: str, report: Report, hint: str = "") -> None:
    if is_blank(node) or kind_said(node) == "nothing":
        report.add("J104", f'"{what}" is empty', node.place, label=f"{expected} belongs here")
        return
    report.add("J104", f'"{what}" needs {expected}, and here is {kind_said(node)}', node.place, hint=hint)
