"""Reads the Jinja of a text piece by piece, so that every mistake has its own line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report
from lifeloop.message.allowed import refusals
from lifeloop.message.pieces import Piece, Segment, Unclosed

_WORDS = ("if", "elif", "else", "endif", "for", "endfor", "set")
_REFUSED = {
    "include": "a text cannot include another file; what all mails share stands in the layout",
    "import": "a text cannot import another one; what all mails share stands in the layout",
    "from": "a text cannot import another one; what all mails share stands in the layout",
    "extends": "a text names its layout in its head, as  layout: brand",
    "block": "{% block %} has no meaning here; the layout holds what all mails share",
    "macro": "{% macro %} is not for texts",
    "call": "{% call %} is not for texts",
    "raw": "{% raw %} is not for texts",
    "autoescape": "escaping cannot be switched off: it protects every reader of the mail",
}
_ENDS = {"endif": "if", "endfor": "for", "elif": "if"}


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece, parsed. ``known``: names that the ``if`` around it has made sure of."""

    piece: Piece
    tree: nodes.Template
    known: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Open:
    """An ``if`` or ``for`` whose end has not come yet."""

    word: str
    piece: Piece
    known: frozenset[str] = frozenset()
    otherwise: frozenset[str] = frozenset()
    has_else: bool = False


def read_pieces(segments: Iterable[Segment], report: Report) -> tuple[Reading, ...]:
    """Return the pieces that can be read; what cannot, and what is not allowed, is in the report."""
    readings: list[Reading] = []
    open_: list[_Open] = []
    for segment in segments:
        if isinstance(segment, Unclosed):
            end = "}}" if segment.sign == "{{" else "%}"
            label = f'"{end}" is missing, or a quote inside it is never closed'
            report.add("J404", f'"{segment.sign}" is opened here and never closed', segment.place, label=label)
        elif isinstance(segment, Piece):
            readings.extend(_read(segment, open_, report))
    for left in open_:
        label = f"add  {{% end{left.word} %}}"
        report.add("J404", f"this {{% {left.word} %}} is never closed", left.piece.place, label=label)
    return tuple(readings)


def _read(piece: Piece, open_: list[_Open], report: Report) -> Iterator[Reading]:
    word = keyword(piece)
    if piece.kind == "statement" and word not in _WORDS:
        _unknown_word(piece, word, report)
        return
    outside = _known(open_)
    if word in {"else", "elif", "endif", "endfor"} and not _fits(word, piece, open_, report):
        return
    if word in {"else", "endif", "endfor"}:
        _turn(word, open_)
        return
    tree = _parse(piece, report)
    if tree is None:
        tree = _parsed("")  # the block it opens is real all the same
    if word in {"if", "elif", "for"}:
        _enter(word, piece, tree, open_)
    yield Reading(piece, tree, _known(open_[:-1]) if word == "elif" else outside)


def _known(open_: list[_Open]) -> frozenset[str]:
    return frozenset().union(*(block.known for block in open_))


def keyword(piece: Piece) -> str:
    """Return the word a statement begins with; empty for an expression."""
    found = re.match(r"\w*", piece.text)
    return found.group() if piece.kind == "statement" and found else ""


def _unknown_word(piece: Piece, word: str, report: Report) -> None:
    if word in _REFUSED:
        report.add("J405", _REFUSED[word], piece.place, label="not here")
        return
    near = nearest(word, _WORDS, {"elseif": "elif", "elsif": "elif", "end": "endif", "foreach": "for", "unless": "if"})
    label = f'did you mean "{near}"?' if near else "known are if, for and set"
    suggestions = (Suggestion(near),) if near else ()
    report.add("J404", f"there is no {{% {word} %}}", piece.spot(word), label=label, suggestions=suggestions)


def _fits(word: str, piece: Piece, open_: list[_Open], report: Report) -> bool:
    wanted = _ENDS.get(word)
    if not open_ or (wanted and open_[-1].word != wanted):
        expected = f"the block that is open here is {{% {open_[-1].word} %}}" if open_ else "no block is open here"
        report.add("J404", f"this {{% {word} %}} closes nothing", piece.place, label=expected)
        return False
    if word in {"else", "elif"} and open_[-1].has_else:
        report.add("J404", f"this {{% {word} %}} comes after the {{% else %}}", piece.place, label="too late here")
    return True


def _turn(word: str, open_: list[_Open]) -> None:
    if word != "else":
        open_.pop()
        return
    open_[-1].has_else = True
    open_[-1].known = open_[-1].otherwise


def _enter(word: str, piece: Piece, tree: nodes.Template, open_: list[_Open]) -> None:
    test = next((node.test for node in tree.find_all(nodes.If)), None)
    known = implied(test, holds=True) if test else frozenset()
    otherwise = implied(test, holds=False) if test else frozenset()
    if word == "elif":
        open_[-1].known = known | open_[-1].otherwise
        open_[-1].otherwise |= otherwise
    else:
        open_.append(_Open(word, piece, known, otherwise))


def _source_of(piece: Piece) -> str:
    """Return a piece as a small template that stands alone."""
    text = piece.text
    match keyword(piece):
        case "":
            return "{{ " + text + "\n}}"
        case "elif":
            return "{% if" + text.removeprefix("elif") + "\n%}{% endif %}"
        case "if" | "for" as word:
            return "{% " + text + "\n%}{% end" + word + " %}"
        case _:
            return "{% " + text + "\n%}"


@lru_cache(maxsize=1)
def _plain() -> Environment:
    return Environment(autoescape=True)  # parses only: nothing is ever compiled or rendered with it


@lru_cache(maxsize=4096)
def _parsed(source: str) -> nodes.Template:
    return _plain().parse(source)


def parsed(piece: Piece) -> nodes.Template:
    """Return the syntax tree of one piece; raises Jinja's own error when it cannot be read."""
    return _parsed(_source_of(piece))


def _parse(piece: Piece, report: Report) -> nodes.Template | None:
    try:
        tree = parsed(piece)
    except TemplateSyntaxError as error:
        _syntax_error(piece, error, report)
        return None
    for refused in refusals(tree):
        suggestions = (Suggestion(refused.suggestion),) if refused.suggestion else ()
        label = f'did you mean "{refused.suggestion}"?' if refused.suggestion else "not here"
        report.add("J405", refused.message, piece.spot(refused.word), label=label, suggestions=suggestions)
    return tree


def _syntax_error(piece: Piece, error: TemplateSyntaxError, report: Report) -> None:
    words = error.message or ""
    no_filter = re.search(r"No (filter|test) named '(\w+)'", words)
    if no_filter:
        report.add("J405", f'there is no {no_filter[1]} "{no_filter[2]}"', piece.spot(no_filter[2]))
        return
    shown = "{{ }}" if piece.kind == "expression" else f"{{% {keyword(piece)} %}}"
    report.add("J404", f"I cannot read what stands in this {shown}", piece.place, label=_plain_words(words, piece))


def _plain_words(words: str, piece: Piece) -> str:
    if not piece.text:
        return "it is empty"
    got = re.search(r"got '(.+?)'", words)
    if "end of print statement" in words and re.match(r"[\w.]+\s+[\w.]+", piece.text):
        return "two names stand side by side; a name has no spaces in it"
    if words.startswith("expected name"):
        return "a word is missing behind the dot"
    if got and got[1] not in {"end of print statement", "end of statement block"}:
        return f"it goes wrong at {got[1]}"
    if "expected token" in words or "Expected an expression" in words or "unexpected" in words.lower():
        return "something is missing at the end, or there is one sign too many"
    return words.rstrip(".").lower() or "something is missing here"


def dotted(node: nodes.Node | None) -> str | None:
    """Return ``customer.first_name`` for the nodes that say it, None for anything else."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attr):
            before = dotted(inner)
            return f"{before}.{attr}" if before else None
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str(key))):
            before = dotted(inner)
            return f"{before}.{key}" if before else None
        case _:
            return None


def implied(test: nodes.Node, *, holds: bool) -> frozenset[str]:
    """Return the names that must be known when a test holds, or when it does not."""
    nothing: frozenset[str] = frozenset()
    match test:
        case nodes.Not(node=inner):
            return implied(inner, holds=not holds)
        case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
            both = isinstance(test, nodes.And) == holds
            one, other = implied(left, holds=holds), implied(right, holds=holds)
            return one | other if both else one & other
        case nodes.Test(node=inner, name=("defined" | "undefined") as name):
            return _one(inner) if (name == "defined") == holds else nothing
        case nodes.Compare(expr=expr, ops=ops) if holds:
            return _one(expr).union(*(_one(operand.expr) for operand in ops))
        case _:
            return _one(test) if holds else nothing


def _one(node: nodes.Node) -> frozenset[str]:
    name = dotted(node)
    return frozenset({name}) if name else frozenset()
