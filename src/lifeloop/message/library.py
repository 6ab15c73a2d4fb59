"""What templates there are, as a value that other rooms may read without importing Jinja, and all their mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from lifeloop.journey.catalogue import Catalogue, Library, MessageInfo
from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report
from lifeloop.message.layouts import Layouts
from lifeloop.message.names import PROVIDED, Use, check_names, uses
from lifeloop.message.pieces import Segment
from lifeloop.message.sources import Sources, read_sources
from lifeloop.message.syntax import read_pieces
from lifeloop.message.template import Template


def read_library(templates: Path | Sources, catalogue: Catalogue) -> tuple[Library, tuple[Diagnostic, ...]]:
    """Return all messages under ``templates/`` and every mistake in them, in order of place. Raises for nothing."""
    report = Report()
    sources = templates if isinstance(templates, Sources) else read_sources(templates, catalogue, report)
    shared = _check_layouts(sources.layouts, catalogue, report)
    library = {
        name: _info(name, texts.values(), sources, shared=shared, report=report, catalogue=catalogue)
        for name, texts in sorted(sources.messages.items())
    }
    return library, tuple(sorted(report.found, key=lambda found: found.place))


def _info(
    name: str,
    texts: Iterable[Template],
    sources: Sources,
    *,
    shared: dict[str, tuple[Use, ...]],
    report: Report,
    catalogue: Catalogue,
) -> MessageInfo:
    texts = tuple(texts)
    found: list[Use] = []
    for template in texts:
        found += _check(template, catalogue, report)
        _check_head(template, sources, report)
        found += shared.get(template.said("layout") or sources.layouts.default(), ()) if _is_mail(template) else ()
    data = [use for use in found if use.name.partition(".")[0] not in PROVIDED]
    needed = {use.name for use in data if not use.spared}
    names = tuple(dict.fromkeys(use.name for use in data))
    first = sources.choose(name, None) or texts[0]
    return MessageInfo(
        name=name,
        channel=first.channel,
        locales=tuple(sorted(sources.written_in(template) for template in texts)),
        subject=first.said("subject"),
        uses=names,
        digest=_digest(texts, sources.layouts),
        spared=tuple(word for word in names if word not in needed),
    )


def _check(template: Template, catalogue: Catalogue, report: Report) -> tuple[Use, ...]:
    found = [use for segments in template.parts for use in uses(read_pieces(segments, report))]
    check_names(found, catalogue, report)
    return tuple(found)


def _is_mail(template: Template) -> bool:
    return template.channel == "email"


def _check_head(template: Template, sources: Sources, report: Report) -> None:
    wanted = template.head.get("layout")
    if wanted is not None and wanted.text not in sources.layouts.by_name:
        names = sorted(sources.layouts.by_name)
        near = nearest(wanted.text, names)
        label = f'did you mean "{near}"?' if near else f"there are: {', '.join(names)}"
        report.add("J403", f'there is no layout "{wanted.text}"', wanted.place, label=label)


def _check_layouts(layouts: Layouts, catalogue: Catalogue, report: Report) -> dict[str, tuple[Use, ...]]:
    """Return what each layout reads of a customer, having reported what is wrong in it."""
    shared: dict[str, tuple[Use, ...]] = {}
    for layout in layouts.by_name.values():
        parts: list[tuple[Segment, ...]] = [layout.html, layout.text]
        found = [use for segments in parts for use in uses(read_pieces(segments, report))]
        check_names(found, catalogue, report)
        shared[layout.name] = tuple(found)
        _check_sentences(layout.name, layout.words, layouts, report)
    for sentences in layouts.sentences.values():
        for segments in sentences.values():
            check_names(uses(read_pieces(segments, report)), catalogue, report)
    return shared


def _check_sentences(name: str, words: frozenset[str], layouts: Layouts, report: Report) -> None:
    for language, sentences in layouts.sentences.items():
        for word in sorted(words - set(sentences)):
            message = f'the layout "{name}" says words.{word}, which has no {language} text'
            place = Place("templates/_layouts/words.yaml", 1, 1, 1, 1)
            severity = "error" if not any(word in other for other in layouts.sentences.values()) else "warning"
            report.add("J403", message, place, severity="error" if severity == "error" else "warning")


def _digest(texts: Iterable[Template], layouts: Layouts) -> str:
    """Return what changes whenever a reader could see another message."""
    hashed = blake2b(digest_size=16)
    for template in sorted(texts, key=lambda template: template.file):
        layout = layouts.by_name.get(template.said("layout") or layouts.default())
        for part in (template.file, template.source, layout.source if layout else "", layouts.source):
            hashed.update(part.encode() + b"\0")
    return hashed.hexdigest()
