"""One template file as a value: its name, its language, what its head says, and its body; not yet compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Literal

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Map, Report, Scalar, read_file
from lifeloop.message.here import tidy_locale
from lifeloop.message.pieces import InScalar, Segment, Spot, cut
from lifeloop.message.sandbox import PRIVATE

HEAD_WORDS = ("subject", "preheader", "from", "by", "sample", "topic", "layout")
CHANNELS = ("email", "sms", "push", "whatsapp", "webhook")
_HEAD_LINE = re.compile(rf"(?:{'|'.join(HEAD_WORDS)}):")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
DEEPEST = 2
"""A message stands in one folder: ``renewal/offer``."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text of the head, cut into pieces, and the place of each."""

    text: str
    place: Place
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One file. ``locale`` is empty for a file without a language in its name: the project's own language."""

    name: str
    locale: str
    file: str
    kind: Literal["markdown", "html"]
    body: tuple[Segment, ...] = ()
    head: dict[str, Words] = field(default_factory=dict)
    source: str = ""

    @property
    def place(self) -> Place:
        """The first line of the file, for what concerns all of it."""
        return Place(self.file, 1, 1, 1, 1)

    def said(self, word: str, otherwise: str = "") -> str:
        """Return what the head says under a word."""
        return self.head[word].text if word in self.head else otherwise

    @property
    def channel(self) -> str:
        """The channel it is written for."""
        return self.said("by", "email")

    @property
    def parts(self) -> tuple[tuple[Segment, ...], ...]:
        """All its texts, each cut into segments: subject, preheader, body."""
        heads = [self.head[word].segments for word in ("subject", "preheader") if word in self.head]
        return (*heads, self.body)


def is_slug(word: str) -> bool:
    """Return whether a word may name a folder or a message: small letters, digits, ``-`` and ``_``."""
    return bool(_SLUG.match(word))


def read_template(path: Path, templates: Path, catalogue: Catalogue, report: Report) -> Template | None:
    """Return one file as a value; None when its name or its text cannot be used, with the reason in the report."""
    file = f"{templates.name}/{path.relative_to(templates).as_posix()}"
    named = _name(path, templates, file, report)
    if named is None:
        return None
    text = read_file(path, report, file)
    if text is None or not _is_plain(text, file, report):
        return None
    text = text.replace("\r\n", "\n")
    head, body, first_line = _split(text, file, report)
    words = _read_head(head, file, catalogue, report)
    kind: Literal["markdown", "html"] = "html" if path.suffix == ".html" else "markdown"
    return Template(named[0], named[1], file, kind, cut(body, Spot(file, first_line)), words, text)


def _name(path: Path, templates: Path, file: str, report: Report) -> tuple[str, str] | None:
    """Return name and locale out of ``renewal/offer.de-AT.md``."""
    relative = path.relative_to(templates)
    word, _, locale = path.stem.partition(".")
    parts = [*relative.parts[:-1], word]
    place = Place(file, 1, 1, 1, 1)
    if len(parts) > DEEPEST or not all(is_slug(part) for part in parts):
        label = "use small letters, digits and dashes, in one folder per journey:  renewal/offer.md"
        report.add("J406", f'"{relative.as_posix()}" is no name for a message', place, label=label)
        return None
    if locale and tidy_locale(locale) != locale:
        right = tidy_locale(locale) or "nl"
        label = f"write  {word}.{right}{path.suffix}"
        report.add("J406", f'"{locale}" is not a language', place, label=label)
        return None
    return "/".join(parts), locale


def _is_plain(text: str, file: str, report: Report) -> bool:
    """Refuse characters that texts have no use for and that we write code with."""
    found = next((index for index, letter in enumerate(text) if letter in PRIVATE or letter == "\0"), None)
    if found is None:
        return True
    place = Spot(file).place(text, found, found + 1)
    report.add("J406", "there is an invisible private character here", place, label="delete it")
    return False


def _split(text: str, file: str, report: Report) -> tuple[str | None, str, int]:
    """Return the head (with an empty first line, so that its lines count right), the body, and its first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return None, text, 1
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return "\n".join(["", *lines[1:number]]), "\n".join(lines[number + 1 :]), number + 2
    length = sum(1 for _ in takewhile(_HEAD_LINE.match, lines[1:]))
    if not length:
        return None, text, 1
    place = Place(file, 1, 1, 1, len(lines[0]) + 1)
    label = f"add a line  ---  below line {length + 1}"
    report.add("J401", "the head of this message is opened here and never closed", place, label=label)
    return "\n".join(["", *lines[1 : length + 1]]), "\n".join(lines[length + 1 :]), length + 2


def _read_head(head: str | None, file: str, catalogue: Catalogue, report: Report) -> dict[str, Words]:
    if head is None or not head.strip():
        return {}
    node = read_yaml(head, file, report)
    if node is None:
        return {}
    if not isinstance(node, Map):
        report.add("J401", "the head of a message holds lines such as  subject: …", node.place)
        return {}
    words: dict[str, Words] = {}
    for entry in node.entries:
        if isinstance(entry.value, Scalar) and entry.key.text in HEAD_WORDS:
            words[entry.key.text] = _words(entry.value)
        else:
            _refuse(entry.key, entry.value, report)
    _check_known(words, catalogue, report)
    return words


def _refuse(key: Scalar, value: object, report: Report) -> None:
    if key.text in HEAD_WORDS:
        label = "put it in quotes" if isinstance(value, Map) else "one text is enough"
        report.add("J401", f'"{key.text}" is one line of text', key.place, label=label)
        return
    near = nearest(key.text, HEAD_WORDS, {"title": "subject", "sender": "from", "channel": "by", "person": "sample"})
    label = f'did you mean "{near}"?' if near else f"known are {', '.join(HEAD_WORDS)}"
    suggestions = (Suggestion(near),) if near else ()
    message = f'the head of a message cannot say "{key.text}"'
    report.add("J401", message, key.place, label=label, suggestions=suggestions)


def _words(scalar: Scalar) -> Words:
    return Words(scalar.text, scalar.place, cut(scalar.text, InScalar(scalar)))


def _check_known(words: dict[str, Words], catalogue: Catalogue, report: Report) -> None:
    """Names in the head that the project does not declare."""
    _check_word(words.get("from"), "sender", tuple(catalogue.senders), report)
    _check_word(words.get("topic"), "topic", tuple(catalogue.topics), report)
    _check_word(words.get("by"), "channel", CHANNELS, report)


def _check_word(said: Words | None, what: str, names: tuple[str, ...], report: Report) -> None:
    if said is None or not names or said.text in names:
        return
    near = nearest(said.text, names)
    label = f'did you mean "{near}"?' if near else f"there are: {', '.join(sorted(names))}"
    report.add("J401", f'there is no {what} "{said.text}"', said.place, label=label)
