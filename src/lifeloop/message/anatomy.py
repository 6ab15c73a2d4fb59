"""What a finished HTML part consists of: links, pictures, letters on colours, and what mail has no use for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from lifeloop.message.contrast import LEAST, Colour, colour, contrast

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_USELESS = frozenset({"script", "form", "input", "iframe", "object", "embed", "video", "audio", "svg", "canvas"})
_PROPERTY = re.compile(r"(?:^|;)\s*(color|background-color|background|display)\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)


@dataclass(slots=True)
class Anchor:
    """One link: where it leads, and the words (or the words of a picture) that a reader clicks."""

    address: str
    words: str = ""


@dataclass(slots=True)
class Anatomy:
    """What was found. ``pale``: pairs of letter and background colour that are too close; ``dots``: hidden pictures."""

    links: list[Anchor] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """What a link such as ``#prices`` may lead to."""
    pictures: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    dots: list[str] = field(default_factory=list)
    useless: list[str] = field(default_factory=list)
    pale: list[str] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """Where its links lead, in order."""
        return [link.address for link in self.links]


@dataclass(frozen=True, slots=True)
class _Look:
    """How letters look inside one element."""

    tag: str
    ink: Colour
    paper: Colour
    hidden: bool


def anatomy(html: str) -> Anatomy:
    """Return what an HTML part consists of."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Anatomy()
        self.looks = [_Look("", _BLACK, _WHITE, hidden=False)]
        self.anchor: Anchor | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in _USELESS or any(name.startswith("on") for name in said):
            self.found.useless.append(tag)
        self.found.names.update(said[name] for name in ("id", "name") if name in said)
        if tag == "a" and "href" in said:
            self.anchor = Anchor(said["href"])
            self.found.links.append(self.anchor)
        if tag == "img":
            self._picture(said)
        if tag not in _VOID:
            self.looks.append(self._look(tag, said.get("style", "")))

    def _picture(self, said: dict[str, str]) -> None:
        source = said.get("src", "")
        if {said.get("width", "").strip(), said.get("height", "").strip()} <= {"0", "1"}:
            self.found.dots.append(source)
            return
        self.found.pictures.append(source)
        if "alt" not in said:
            self.found.without_alt.append(source)
        if self.anchor is not None:
            self.anchor.words += said.get("alt", "")

    def _look(self, tag: str, style: str) -> _Look:
        around = self.looks[-1]
        said = {name.lower(): value for name, value in _PROPERTY.findall(style)}
        ink = colour(said.get("color")) or around.ink
        paper = colour(said.get("background-color") or said.get("background")) or around.paper
        hidden = around.hidden or said.get("display", "").strip() == "none" or tag in {"style", "title"}
        return _Look(tag, ink, paper, hidden)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.anchor = None
        while len(self.looks) > 1 and any(look.tag == tag for look in self.looks):
            if self.looks.pop().tag == tag:
                return

    def handle_data(self, data: str) -> None:
        if self.anchor is not None:
            self.anchor.words += data
        look = self.looks[-1]
        if look.hidden or not data.strip(" \t\r\n\u00b7\u25cf\u00a0"):  # ornaments need not be read
            return
        if contrast(look.ink, look.paper) < LEAST:
            pair = f"{_hex(look.ink)} on {_hex(look.paper)}"
            if pair not in self.found.pale:
                self.found.pale.append(pair)


def _hex(of: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*of)
