"""What of a message is settled before anybody reads it: the company's data, addresses, the way a type is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import TemplateError, nodes

from lifeloop.journey.catalogue import Catalogue
from lifeloop.message.filters import FilterProblemError
from lifeloop.message.here import Here
from lifeloop.message.limits import Budget, TooMuchError
from lifeloop.message.links import LinkProblemError
from lifeloop.message.names import type_of
from lifeloop.message.pieces import Piece
from lifeloop.message.sandbox import EXPRESSION, Sandbox
from lifeloop.message.syntax import parsed
from lifeloop.message.tokens import WORD, Tokens

_CONSTANT = frozenset({"company", "language", "direction", "link"})
_AT_READING_TIME = frozenset({"money", "number", "percent", "date", "time", "days_left"})
_STYLES = re.compile(r"<style\b.*?</style>|\b(?:class|style)=(?:\"[^\"]*\"|'[^']*')", re.DOTALL | re.IGNORECASE)
_POSITIONAL = re.compile(r":(?:nth-|first-|last-|only-|not\()|[+~]\s*[\w.*]+[^;{}]*\{")
_ADDRESS = re.compile(r"\b(?:href|src)=(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')", re.IGNORECASE)
_WITH_DEFAULT = re.compile(r"([\w.]+)\s*\|\s*d(?:efault)?\(([^()]*)\)\Z", re.DOTALL)
_BY_TYPE = {"money": "money", "date": "date", "datetime": "date"}


def write_constants(text: str, name: str, tokens: Tokens, env: Sandbox, constants: Mapping[str, Any]) -> str:
    """Return a text in which every piece that depends on the project alone is written out.

    ``name`` ends in ``.html`` where what is written must be escaped.
    """
    here = {**constants, "_here": Here(), "_budget": Budget()}
    written: dict[str, str] = {}
    for number in dict.fromkeys(WORD.findall(text)):
        piece = tokens.piece(number)
        if piece is not None and _is_constant(piece):
            said = _said(piece, name, env, here)
            if said is not None:
                written[number] = said
    return WORD.sub(lambda found: written.get(found[1], found.group()), text) if written else text


def _said(piece: Piece, name: str, env: Sandbox, constants: Mapping[str, Any]) -> str | None:
    try:
        code = env.compile(f"{EXPRESSION[0]} {piece.text}\n{EXPRESSION[1]}", name=name, filename=name)
        said: str = env.template_class.from_code(env, code, env.globals).render(constants)
    except (TemplateError, TooMuchError, LinkProblemError, FilterProblemError, TypeError, ValueError, ArithmeticError):
        return None  # stays as it is: it may stand inside an ``if`` that is false, and else fails when it is rendered
    return None if WORD.search(said) else said


def _is_constant(piece: Piece) -> bool:
    if piece.kind != "expression":
        return False
    try:
        tree = parsed(piece)
    except TemplateError:
        return False
    names = {node.name for node in tree.find_all(nodes.Name)}
    filters = {node.name for node in tree.find_all(nodes.Filter)}
    return names <= _CONSTANT and not filters & _AT_READING_TIME


def depends_on_reader(page: str, tokens: Tokens, *, loops: bool) -> bool:
    """Return whether a style depends on data, so that styles can only be moved after rendering."""
    styles = _STYLES.findall(page)
    if any(WORD.search(style) and _known(style, tokens) for style in styles):
        return True
    return loops and any(_POSITIONAL.search(style) for style in styles if style.startswith("<"))


def _known(text: str, tokens: Tokens) -> bool:
    return any(tokens.piece(number) is not None for number in WORD.findall(text))


def addresses(page: str) -> Iterable[str]:
    """Return what stands in ``href`` and ``src``, as hidden text."""
    for found in _ADDRESS.finditer(page):
        yield found["double"] if found["double"] is not None else found["single"]


def leading(page: str) -> frozenset[str]:
    """Return the numbers of the pieces that an address begins with: data decide where such a link leads."""
    first = (WORD.match(address.strip()) for address in addresses(page))
    return frozenset(found[1] for found in first if found)


def wording(piece: Piece, catalogue: Catalogue, *, is_address: bool = False) -> str:
    """Return what a piece says in the sandbox: addresses are made safe, money and dates written for readers."""
    if piece.kind == "statement":
        return piece.text
    if is_address:
        return f"({piece.text}) | address"
    written = _BY_TYPE.get(type_of(piece.text, catalogue))
    if written:
        return f"{piece.text} | {written}"
    found = _WITH_DEFAULT.match(piece.text)
    written = _BY_TYPE.get(type_of(found[1], catalogue)) if found else None
    if found and written:
        return f"({found[1]} | {written}) if {found[1]} is defined else ({found[2] or chr(34) * 2})"
    return piece.text
