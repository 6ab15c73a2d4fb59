"""The layouts that messages are put into, and the words that layouts say in each language.

``templates/_layouts/brand.html`` is a page with ``{{ content }}`` in it, ``brand.txt`` the same for the plain text
part, ``words.yaml`` holds sentences by language; ``{{ words.why }}`` in a layout is the sentence of the message's
language, which may speak of data in turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.source import Map, Report, Scalar, read_file
from lifeloop.message.pieces import InScalar, Piece, Segment, Spot, cut

Sentences = Mapping[str, tuple[Segment, ...]]

_PLAIN_HTML = """<!doctype html>
<html lang="{{ language }}" dir="{{ direction }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{{ subject }}</title></head>
<body>{{ content }}
{% if unsubscribe_url %}<p><a href="{{ unsubscribe_url }}">{{ unsubscribe_url }}</a></p>{% endif %}
{% if preferences_url %}<p><a href="{{ preferences_url }}">{{ preferences_url }}</a></p>{% endif %}</body></html>
"""
_PLAIN_TEXT = (
    "{{ content }}\n{% if unsubscribe_url %}\n\n{{ unsubscribe_url }}{% endif %}"
    "{% if preferences_url %}\n\n{{ preferences_url }}{% endif %}\n"
)
PLAIN = "plain"
"""The layout that is always there: no design at all."""
_WORD = re.compile(r"words\.(\w+)\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout. ``text`` may be empty: then the plain text part is the message alone."""

    name: str
    html: tuple[Segment, ...]
    text: tuple[Segment, ...]
    source: str = ""
    file: str = ""

    @property
    def words(self) -> frozenset[str]:
        """The sentences it asks for."""
        pieces = [segment for segment in (*self.html, *self.text) if isinstance(segment, Piece)]
        return frozenset(found[1] for piece in pieces if (found := _WORD.match(piece.text)))


@dataclass(frozen=True, slots=True)
class Layouts:
    """All layouts of a project, by name, and their sentences by language."""

    by_name: Mapping[str, Layout] = field(default_factory=dict)
    sentences: Mapping[str, Sentences] = field(default_factory=dict)
    source: str = ""

    @property
    def own(self) -> tuple[str, ...]:
        """The layouts that the project wrote itself."""
        return tuple(name for name in self.by_name if name != PLAIN)

    def default(self) -> str:
        """Return the layout of a message that names none."""
        return "brand" if "brand" in self.by_name else PLAIN

    def sentences_in(self, locale: str, project: str) -> Sentences:
        """Return the sentences for a locale: its own, then its language's, then the project's."""
        merged: dict[str, tuple[Segment, ...]] = {}
        for name in ("en", project, locale.partition("-")[0], locale):
            merged.update(self.sentences.get(name, {}))
        return merged


def read_layouts(templates: Path, report: Report) -> Layouts:
    """Return the layouts under ``_layouts``, and report what cannot be used."""
    folder = templates / "_layouts"
    plain = Layout(PLAIN, cut(_PLAIN_HTML, Spot("plain.html")), cut(_PLAIN_TEXT, Spot("plain.txt")), _PLAIN_HTML)
    layouts = {PLAIN: plain}
    for path in sorted(folder.glob("*.html")):
        layout = _read_layout(path, templates, report)
        if layout is not None:
            layouts[layout.name] = layout
    sentences, source = _read_words(folder / "words.yaml", templates, report)
    return Layouts(layouts, sentences, source)


def _read_layout(path: Path, templates: Path, report: Report) -> Layout | None:
    html, text_path = _read(path, templates, report), path.with_suffix(".txt")
    text = _read(text_path, templates, report) if text_path.exists() else ""
    if html is None or text is None:
        return None
    file, text_file = _shown(path, templates), _shown(text_path, templates)
    page, plain = cut(html, Spot(file)), cut(text, Spot(text_file))
    if not _has_content(page, file, report) or (text and not _has_content(plain, text_file, report)):
        return None
    return Layout(path.stem, page, plain, html + text, file)


def _has_content(segments: tuple[Segment, ...], file: str, report: Report) -> bool:
    """Tell, and report, whether a layout says once where the message goes."""
    if sum(isinstance(segment, Piece) and segment.text == "content" for segment in segments) == 1:
        return True
    place = Place(file, 1, 1, 1, 1)
    report.add("J403", "a layout says {{ content }} exactly once", place, label="where the message goes")
    return False


def _read(path: Path, templates: Path, report: Report) -> str | None:
    if path.is_symlink():
        place = Place(_shown(path, templates), 1, 1, 1, 1)
        report.add("J406", "a link to another file is not followed", place, label="put the file itself here")
        return None
    text = read_file(path, report, _shown(path, templates))
    return text.replace("\r\n", "\n") if text is not None else None


def _shown(path: Path, templates: Path) -> str:
    return f"{templates.name}/{path.relative_to(templates).as_posix()}"


def _read_words(path: Path, templates: Path, report: Report) -> tuple[dict[str, Sentences], str]:
    text = _read(path, templates, report) if path.exists() else None
    node = read_yaml(text, _shown(path, templates), report) if text else None
    if not isinstance(node, Map):
        return {}, ""
    sentences: dict[str, Sentences] = {}
    for entry in node.entries:
        if isinstance(entry.value, Map):
            sentences[entry.key.text] = _sentences(entry.value)
    return sentences, text or ""


def _sentences(node: Map) -> Sentences:
    return {
        entry.key.text: cut(entry.value.text, InScalar(entry.value))
        for entry in node.entries
        if isinstance(entry.value, Scalar)
    }
