"""Whether every ``if`` and ``for`` of a page opens and closes inside the same element.

A parser of HTML adds the elements that authors leave out, such as the body of a table. When that puts one end of a
block inside an element and the other outside, the page must be filled in first and parsed afterwards.
"""

from __future__ import annotations

import re

from lifeloop.message.syntax import keyword
from lifeloop.message.tokens import Tokens

_PART = re.compile(
    r"<!--\s*qj(?P<statement>\d+)zx\s*-->|<!--.*?-->|<(?P<close>/?)(?P<tag>[a-z][a-z0-9:-]*)(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>",
    re.DOTALL | re.IGNORECASE,
)
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


def is_whole(page: str, tokens: Tokens) -> bool:
    """Return whether each block of statements begins and ends at the same place of the tree."""
    elements: list[str] = []
    blocks: list[list[str]] = []
    for part in _PART.finditer(page):
        if part["statement"] is not None:
            if not _fits(part["statement"], elements, blocks, tokens):
                return False
        elif part["tag"] and part["tag"].lower() not in _VOID:
            _turn(part["tag"].lower(), elements, closes=bool(part["close"]))
    return True


def _turn(tag: str, elements: list[str], *, closes: bool) -> None:
    if not closes:
        elements.append(tag)
    elif tag in elements:
        while elements.pop() != tag:
            pass


def _fits(number: str, elements: list[str], blocks: list[list[str]], tokens: Tokens) -> bool:
    piece = tokens.piece(number)
    word = keyword(piece) if piece else ""
    if word in {"if", "for"}:
        blocks.append(list(elements))
        return True
    if word not in {"elif", "else", "endif", "endfor"} or not blocks:
        return True
    around = blocks[-1] if word in {"elif", "else"} else blocks.pop()
    return around == elements
