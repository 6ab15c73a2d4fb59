"""A message as it is looked at before it goes out: finished for one person, or as far as its template settles it.

A finished one has real figures; a sketch has every arm of every ``if`` in it, and knows where each word stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.diagnostic import Place
from lifeloop.message.anatomy import Anatomy, anatomy
from lifeloop.message.flatten import Workshop, dressed, in_the_dark
from lifeloop.message.layouts import Layout
from lifeloop.message.links import Link
from lifeloop.message.markdown import to_html
from lifeloop.message.names import type_of
from lifeloop.message.pieces import Piece, Segment, Spot
from lifeloop.message.plain import to_text
from lifeloop.message.render import Rendered
from lifeloop.message.samples import sample_value
from lifeloop.message.short import ending_of
from lifeloop.message.syntax import keyword
from lifeloop.message.template import Template
from lifeloop.message.tokens import WORD, Tokens

_COLOURED = re.compile(r"\bstyle=|\bbgcolor=|<font\b|<style\b", re.IGNORECASE)
_NAME = re.compile(r"[a-z_]\w*(?:\.\w+)*", re.IGNORECASE)
_LINK = re.compile(r"link\(\s*[\"']([^\"']+)[\"']")
_LARGE = 60_000
"""Letters of HTML from which the exact size is worth the time it takes."""
LEAVE = "unsubscribe_url"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is looked at. ``page``: the HTML, a whole page where colours matter; None for a message without one."""

    catalogue: Catalogue
    channel: str
    locale: str
    subject: str = field(repr=False)
    preheader: str = field(repr=False)
    text: str = field(repr=False)
    words: str = field(repr=False)
    """The message's own text, without what its layout says around it."""
    page: str | None = field(repr=False)
    size: int
    needs_consent: bool
    is_service: bool = False
    """Whether it leaves without a yes; neither, when nobody sends it."""
    leaves: bool
    """Whether it shows a way to leave."""
    own: frozenset[str] = field(default=frozenset(), repr=False)
    """Addresses that Lifeloop makes itself, such as where people leave."""
    source: str = field(default="", repr=False)
    """The text of the file that it is written in."""
    file: str = ""
    tokens: Tokens = field(default_factory=Tokens, repr=False)

    @cached_property
    def parts(self) -> Anatomy:
        """What it consists of."""
        return anatomy(self.page or "")

    @cached_property
    def dark(self) -> Anatomy:
        """What it consists of where a reader's screen is dark."""
        page = in_the_dark(self.page or "")
        return anatomy(page) if page else Anatomy()

    def spelled(self, words: str) -> str:
        """Return words as the author wrote them, with the Jinja in them."""
        return WORD.sub(lambda found: self._written(found) or found.group(), words)

    def place(self, *words: str) -> Place:
        """Return where the first of these that can be found stands; else the line that speaks of the whole."""
        return next((found for each in words if (found := self._find(each))), self._first_line())

    def _written(self, found: re.Match[str]) -> str:
        piece = self.tokens.piece(found[1])
        signs = ("", "") if piece is None else ("{{", "}}") if piece.kind == "expression" else ("{%", "%}")
        return f"{signs[0]} {piece.text} {signs[1]}" if piece else ""

    def _find(self, words: str) -> Place | None:
        stretch = max(WORD.split(words)[::2], key=len)
        start = self.source.find(stretch) if stretch.strip() else -1
        if start >= 0:
            return Spot(self.file).place(self.source, start, start + len(stretch))
        piece = self.tokens.piece(found[1]) if (found := WORD.search(words)) else None
        return piece.place if piece else None

    def _first_line(self) -> Place:
        """Return the second line of a file with a head: what stands there can carry a comment."""
        line = 2 if self.source.startswith("---\n") else 1
        text = self.source.split("\n")[line - 1] if self.source else ""
        return Place(self.file, line, 1, line, max(2, len(text) + 1))


def finished(
    made: Rendered, template: Template, catalogue: Catalogue, *, needs_consent: bool, own: frozenset[str] = frozenset()
) -> Seen:
    """Return a message that was written for one person."""
    address = made.unsubscribe_url
    shown = made.text if made.html is None else "".join(f"{link}\n" for link in made.links)
    return Seen(
        catalogue=catalogue,
        channel=made.channel,
        locale=made.locale,
        subject=made.subject,
        preheader=made.preheader,
        text=made.text,
        words=to_text(_content(template, Tokens())),
        page=made.html,
        size=made.size,
        needs_consent=needs_consent,
        is_service=not needs_consent,
        leaves=address is not None and address in shown,
        own=own,
        source=template.source,
        file=template.file,
    )


def sketch(template: Template, shop: Workshop, *, needs_consent: bool, is_service: bool = False) -> Seen:
    """Return a message as its template says it, for nobody."""
    tokens = Tokens()
    content = _content(template, tokens)
    is_mail = template.channel == "email"
    say = _samples(template, shop.catalogue)
    head = {
        word: _longest(tokens.hide(template.head[word].segments), tokens, say)
        for word in ("subject", "preheader")
        if word in template.head
    }
    size = len(content) + len(shop.layout.source)
    whole = is_mail and (size > _LARGE or _COLOURED.search(content) is not None)
    page = dressed(content, tokens, template, shop) if whole else content
    text = to_text(content) if is_mail else _longest(to_text(content), tokens, say)
    if template.channel == "sms" and needs_consent:
        text = ending_of(shop.catalogue, shop.language).put(text, _standing_in(shop.catalogue))
    return Seen(
        catalogue=shop.catalogue,
        channel=template.channel,
        locale=shop.language,
        subject=head.get("subject", ""),
        preheader=head.get("preheader", ""),
        text=text,
        words=text,
        page=page if is_mail else None,
        size=len(page.encode()) if whole else size,
        needs_consent=needs_consent,
        is_service=is_service,
        leaves=_mentions(LEAVE, template.body) or (is_mail and _shows_leaving(shop.layout)),
        source=template.source,
        file=template.file,
        tokens=tokens,
    )


def _content(template: Template, tokens: Tokens) -> str:
    """Return the HTML of a template's own text, its Jinja hidden."""
    hidden = tokens.hide(template.body)
    return tokens.settle(to_html(hidden, tokens) if template.kind == "markdown" else hidden)


_SAMPLE = """# H

## H

### H

T **T** `T` [T](mailto:a@example.com)

- T

> T

| T | T |
| --- | --- |
| T | T |

[T](mailto:b@example.com){.button}
"""


def sketched_layout(layout: Layout, shop: Workshop) -> Seen:
    """Return a layout around a bit of everything that a message may hold."""
    template = Template("sample", "", layout.file, "markdown", (_SAMPLE,))
    tokens = Tokens()
    page = dressed(tokens.settle(to_html(_SAMPLE, tokens)), tokens, template, shop)
    return Seen(
        catalogue=shop.catalogue,
        channel="email",
        locale=shop.language,
        subject="",
        preheader="",
        text="",
        words="",
        page=page,
        size=len(page),
        needs_consent=False,
        leaves=_mentions(LEAVE, layout.html),
        source=layout.source,
        file=layout.file,
        tokens=tokens,
    )


def _shows_leaving(layout: Layout) -> bool:
    """Return whether a layout shows a way to leave, in its plain text too if it has one."""
    return _mentions(LEAVE, layout.html) and (not layout.text or _mentions(LEAVE, layout.text))


def _mentions(word: str, segments: tuple[Segment, ...]) -> bool:
    return any(isinstance(part, Piece) and part.kind == "expression" and word in part.text for part in segments)


def _samples(template: Template, catalogue: Catalogue) -> Callable[[Piece], str]:
    """Return how to say what stands between braces, about as long as it will be."""

    def say(piece: Piece) -> str:
        link = _LINK.match(piece.text)
        if link:
            return Link(catalogue.company, template.name, template.channel)(link[1])
        if LEAVE in piece.text:
            return _standing_in(catalogue)
        name = _NAME.match(piece.text)
        known = type_of(name.group(), catalogue) if name else "text"
        attribute = Attribute(name.group().rpartition(".")[2] if name else "", known)
        return str(sample_value(attribute, 0))

    return say


def _standing_in(catalogue: Catalogue) -> str:
    """Return an address as long as those at which people leave."""
    return f"{catalogue.web.address or 'https://www.example.com'}/u/{'x' * 39}"


def _longest(hidden: str, tokens: Tokens, say: Callable[[Piece], str]) -> str:
    """Return a text with the longest arm of each ``if``: nobody gets a longer one."""
    arms: list[list[str]] = [[""]]
    end = 0
    for found in WORD.finditer(hidden):
        piece = tokens.piece(found[1])
        arms[-1][-1] += hidden[end : found.start()] + (found.group() if piece is None else "")
        end = found.end()
        match keyword(piece) if piece else "none":
            case "if" | "for":
                arms.append([""])
            case "elif" | "else":
                arms[-1].append("")
            case "endif" | "endfor" if len(arms) > 1:
                longest = max(arms.pop(), key=len)
                arms[-1][-1] += longest
            case "" if piece:
                arms[-1][-1] += say(piece)
            case _:
                pass
    return "".join(max(arm, key=len) for arm in arms) + hidden[end:]
