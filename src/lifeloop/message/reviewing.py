"""Looks at every message of a project in every language, and at its layouts, before anybody gets one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.message.checks import check_layout, check_message
from lifeloop.message.flatten import Workshop
from lifeloop.message.layouts import PLAIN, Layout
from lifeloop.message.sandbox import sandbox
from lifeloop.message.seen import sketch, sketched_layout
from lifeloop.message.sources import Sources
from lifeloop.message.template import Template


def review(
    sources: Sources, catalogue: Catalogue, consented: Collection[str], services: Collection[str] = ()
) -> Iterator[Diagnostic]:
    """Yield what a careful person would find.

    ``consented``: the messages that go only to those who said yes; ``services``: those that leave without a yes.
    """
    desk = _Desk(sources, catalogue)
    for name in sources.layouts.own:
        layout = sources.layouts.by_name[name]
        yield from check_layout(sketched_layout(layout, desk.workshop(layout, catalogue.language)))
    for name, texts in sources.messages.items():
        for template in texts.values():
            shop = desk.workshop(desk.layout_of(template), sources.written_in(template))
            seen = sketch(template, shop, needs_consent=name in consented, is_service=name in services)
            for check in check_message(seen):
                yield from check.found


class _Desk:
    """What all messages share: one sandbox, and the sentences of each language."""

    def __init__(self, sources: Sources, catalogue: Catalogue) -> None:
        self._sources = sources
        self._catalogue = catalogue
        self._env = sandbox()

    def layout_of(self, template: Template) -> Layout:
        return self._sources.layout(template) or self._sources.layouts.by_name[PLAIN]

    def workshop(self, layout: Layout, language: str) -> Workshop:
        sentences = self._sources.layouts.sentences_in(language, self._catalogue.language)
        return Workshop(self._env, self._catalogue, layout, sentences, language)
