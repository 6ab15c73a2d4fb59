"""HTML to plain text: paragraphs, lists, quotes and tables as people write them, links as ``text: address``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from lifeloop.message.tokens import WORD

_SKIPPED = frozenset({"style", "script", "head", "title"})
_TRAILING = re.compile(r"[ \t]+(?=(?:<!--qj\d+zx-->|[ \t])*(?:\n|\Z))")
_BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "div"})


def to_text(html: str) -> str:
    """Return the text of an HTML fragment; words that stand for Jinja pass through it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _TRAILING.sub("", reader.text()).strip("\n")


@dataclass(slots=True)
class _List:
    ordered: bool
    count: int = 0


@dataclass(slots=True)
class _Link:
    address: str
    start: int


@dataclass(slots=True)
class _State:
    parts: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)
    quotes: int = 0
    skipped: int = 0
    cells: int = 0
    between_cells: bool = False
    fresh: bool = True
    """Nothing has been written on this line yet."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.state = _State()

    def text(self) -> str:
        """Return what has been written."""
        return "".join(self.state.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self.state.skipped += 1
        elif tag in _BLOCKS or (tag in {"ul", "ol"} and not self.state.lists):
            self._block(tag)
        if tag in {"ul", "ol"}:
            self.state.lists.append(_List(tag == "ol"))
        elif tag == "a":
            self.state.links.append(_Link(dict(attrs).get("href") or "", len(self.state.parts)))
        elif tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")
        else:
            self._line(tag)

    def _block(self, tag: str) -> None:
        state = self.state
        if tag == "blockquote":
            self._break(1)
            state.quotes += 1
            self._break(1)
        elif not (tag == "p" and state.fresh and (state.lists or state.quotes)):
            self._break(2)

    def _line(self, tag: str) -> None:
        state = self.state
        if tag == "li" and state.lists:
            state.lists[-1].count += 1
            self._break(1)
            mark = f"{state.lists[-1].count}. " if state.lists[-1].ordered else "- "
            self._write("  " * (len(state.lists) - 1) + mark)
            state.fresh = True
        elif tag == "br":
            self._break(1)
        elif tag == "hr":
            self._break(2)
            self._write("---")
        elif tag == "tr":
            state.cells = 0
            state.between_cells = True
            self._break(1)
        elif tag in {"td", "th"}:
            if state.cells:
                self._write(" | ")
            state.cells += 1
            state.between_cells = False

    def handle_endtag(self, tag: str) -> None:
        state = self.state
        if tag in _SKIPPED:
            state.skipped -= 1
        elif tag in {"td", "th", "tr", "table"}:
            state.between_cells = tag in {"td", "th"}
        elif tag in {"ul", "ol"} and state.lists:
            state.lists.pop()
        elif tag == "blockquote":
            state.quotes -= 1
        elif tag == "a" and state.links:
            self._end_link(state.links.pop())

    def _end_link(self, link: _Link) -> None:
        said = "".join(self.state.parts[link.start :]).strip()
        address = link.address.removeprefix("mailto:").removeprefix("tel:")
        if address and address != said:
            self._write(f": {link.address}" if said else link.address)

    def handle_data(self, data: str) -> None:
        if self.state.skipped or (self.state.between_cells and not data.strip()):
            return
        words = re.sub(r"[ \t\r\n]+", " ", data)
        if self.state.fresh:
            words = words.lstrip(" ")
        if words:
            self._write(words)

    def handle_comment(self, data: str) -> None:
        if WORD.fullmatch(data.strip()):
            self.state.parts.append(f"<!--{data.strip()}-->")

    def _break(self, lines: int) -> None:
        state = self.state
        bar = "> " * state.quotes
        state.parts.append("\n" + (bar.rstrip() + "\n" if lines > 1 else "") + bar)
        state.fresh = True

    def _write(self, words: str) -> None:
        self.state.parts.append(words)
        self.state.fresh = False
