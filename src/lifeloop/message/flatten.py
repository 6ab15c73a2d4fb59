"""From a template and its layout to flat sources for the sandbox: everything that can be done once is done here.

Markdown becomes HTML, the layout goes around it, what depends on the project alone is written out, and styles are
moved into the elements. What is left to do per message is one rendering of each part.
"""

from __future__ import annotations

import html as html_words
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import css_inline

from lifeloop.journey.catalogue import Catalogue
from lifeloop.message.here import RIGHT_TO_LEFT
from lifeloop.message.layouts import Layout, Sentences
from lifeloop.message.links import Link
from lifeloop.message.markdown import to_html
from lifeloop.message.pieces import Piece, Segment
from lifeloop.message.plain import to_text
from lifeloop.message.sandbox import Sandbox
from lifeloop.message.settled import depends_on_reader, leading, wording, write_constants
from lifeloop.message.syntax import keyword
from lifeloop.message.template import Template
from lifeloop.message.tokens import Restored, Tokens
from lifeloop.message.whole import is_whole

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_BARE_TABLE = re.compile(r"(<table\b[^>]*>)(?=\s*<!--\s*qj\d+zx\s*-->(?:\s|<!--.*?-->)*<tr\b)", re.IGNORECASE)
_DARK = re.compile(
    r"<style>(?:(?!</style>).)*?@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}.*?</style>",
    re.DOTALL,
)
_STYLE_FIRST = re.compile(r"<head>(<style>.*?</style>)(.*?)</head>", re.DOTALL)


def inlined(page: str) -> str:
    """Return a page with its styles moved into its elements.

    No style sheet is ever loaded: a template must not reach the network or a file. Rules for small and dark
    screens stay in the head, behind the character set, which must come first.
    """
    return _STYLE_FIRST.sub(r"<head>\2\1</head>", _INLINER.inline(page), count=1)


@dataclass(frozen=True, slots=True)
class Flat:
    """What a message is made of, ready for the sandbox. ``inline_later``: styles depend on data, so on the reader."""

    subject: Restored
    preheader: Restored
    text: Restored
    html: Restored | None = None
    inline_later: bool = False
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Workshop:
    """What flattening needs besides the template itself. ``language``: the locale that the template is written in."""

    env: Sandbox
    catalogue: Catalogue
    layout: Layout
    sentences: Sentences
    language: str

    def constants(self, template: Template) -> dict[str, Any]:
        """Return what the project and the language settle once for all readers."""
        return {
            "company": dict(self.catalogue.company),
            "language": self.language,
            "direction": "rtl" if self.language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
            "link": Link(self.catalogue.company, template.name, template.channel),
        }


def flatten(template: Template, shop: Workshop, *, inline: bool = True) -> Flat:
    """Return the flat sources of a template. ``inline`` False leaves the styles to be moved after rendering."""
    tokens = Tokens()
    hidden = tokens.hide(template.body)
    content = tokens.settle(to_html(hidden, tokens) if template.kind == "markdown" else hidden)
    head = {word: tokens.hide(template.head[word].segments) for word in template.head}
    is_mail = template.channel == "email"
    text = _around(shop.layout.text if is_mail else (), to_text(content), tokens, shop.sentences, str)
    page, later = _page(content, tokens, template, shop, inline=inline) if is_mail else ("", False)
    constants = shop.constants(template)
    word_it = _wording(page or content, tokens, shop.catalogue)

    def finish(part: str) -> Restored:
        return tokens.restore(write_constants(part, "part.txt", tokens, shop.env, constants), word_it)

    return Flat(
        subject=finish(head.get("subject", "")),
        preheader=finish(head.get("preheader", "")),
        text=finish(text),
        html=tokens.restore(page, word_it) if is_mail else None,
        inline_later=later,
        loops=_has_loop(tokens),
    )


def dressed(content: str, tokens: Tokens, template: Template, shop: Workshop) -> str:
    """Return the whole page as it looks, its Jinja still hidden: to be looked at, not to be filled in."""
    return inlined(_with_bodies(_settled_page(content, tokens, template, shop)))


def in_the_dark(page: str) -> str | None:
    """Return a page as it looks on a dark screen; None when it says nothing about that."""
    found = _DARK.search(page)
    return inlined(page.replace(found.group(), f"<style>{found[1]}</style>", 1)) if found else None


def _settled_page(content: str, tokens: Tokens, template: Template, shop: Workshop) -> str:
    joined = _around(shop.layout.html, content, tokens, shop.sentences, html_words.escape)
    return write_constants(tokens.settle(joined), "page.html", tokens, shop.env, shop.constants(template))


def _page(content: str, tokens: Tokens, template: Template, shop: Workshop, *, inline: bool) -> tuple[str, bool]:
    """Return the whole page with its styles moved, or as it is and True when they can only be moved later."""
    page = _settled_page(content, tokens, template, shop)
    if not inline or depends_on_reader(page, tokens, loops=_has_loop(tokens)):
        return page, True
    moved = inlined(_with_bodies(page))
    return (moved, False) if is_whole(moved, tokens) else (page, True)


def _with_bodies(page: str) -> str:
    """Return a page whose tables that begin with a statement have their bodies: else a parser puts them elsewhere."""
    return _BARE_TABLE.sub(r"\1<tbody>", page)


def _has_loop(tokens: Tokens) -> bool:
    return any(keyword(piece) == "for" for piece in tokens.pieces)


def _around(
    layout: Iterable[Segment], content: str, tokens: Tokens, sentences: Sentences, literal: Callable[[str], str]
) -> str:
    """Return a layout with the message and its sentences put in; without a layout, the message alone."""
    parts = [_part(segment, content, tokens, sentences, literal) for segment in layout]
    return "".join(parts) if parts else content


def _part(segment: Segment, content: str, tokens: Tokens, sentences: Sentences, literal: Callable[[str], str]) -> str:
    if not isinstance(segment, Piece):
        return segment if isinstance(segment, str) else ""
    if segment.text == "content":
        return content
    sentence = sentences.get(segment.text.removeprefix("words.")) if segment.text.startswith("words.") else None
    return tokens.word(segment) if sentence is None else tokens.hide(sentence, literal)


def _wording(page: str, tokens: Tokens, catalogue: Catalogue) -> Callable[[Piece], str]:
    """Return how to write each piece down; those that an address begins with are made safe."""
    first = {id(piece) for number in leading(page) if (piece := tokens.piece(number)) is not None}
    return lambda piece: wording(piece, catalogue, is_address=id(piece) in first)
