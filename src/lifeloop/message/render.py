"""A message and a customer's data in; subject, preheader, HTML, plain text, sender and links out.

A message is compiled once per language and then only filled in. What customers tell us is data: it is never read
as Jinja, Markdown or HTML, whatever it looks like.
"""

from __future__ import annotations

import html as html_words
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Catalogue, Sender
from lifeloop.journey.compiler_policy import topic_of
from lifeloop.journey.plan import Json
from lifeloop.journey.source import Report
from lifeloop.message.compiled import Compiled, Part, compiled, one_line
from lifeloop.message.errors import BrokenTemplateError, RenderProblemError, UnknownMessageError
from lifeloop.message.flatten import Workshop, flatten
from lifeloop.message.here import Here, format_locale, tidy_locale
from lifeloop.message.layouts import PLAIN
from lifeloop.message.links import Link
from lifeloop.message.phrase import part_of
from lifeloop.message.pieces import Spot, cut
from lifeloop.message.sandbox import sandbox
from lifeloop.message.short import ending_of
from lifeloop.message.sources import Sources, read_sources
from lifeloop.message.syntax import read_pieces
from lifeloop.message.template import Template

_ADDRESS = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"', re.IGNORECASE)
_NARROW = {0xA0: " ", 0x202F: " "}
"""Blanks of figures and dates that would make a text message more than twice as dear."""
_MOST_CHOICES = 20_000
Context = Mapping[str, Any]
"""Roots of data: ``customer``, ``event``, ``start``, ``journey``, ``values``, and the kind of this run's object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One finished message. What identifies a person stays out of its printed form."""

    message: str
    channel: str
    locale: str
    """The locale of the text that was chosen, for ``Content-Language``."""
    subject: str = field(repr=False)
    preheader: str = field(repr=False)
    html: str | None = field(repr=False)
    text: str = field(repr=False)
    sender: Sender | None = None
    topic: str | None = None
    unsubscribe_url: str | None = field(default=None, repr=False)
    """The address that the text shows; None on messages that cannot be unsubscribed from."""

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses that the HTML part leads to, in order, as a browser would read them."""
        return tuple(html_words.unescape(address) for address in _ADDRESS.findall(self.html or ""))

    @property
    def size(self) -> int:
        """The bytes of the HTML part: mail programs cut a longer one off."""
        return len((self.html or "").encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a message, when, and where a click on *unsubscribe* or *preferences* leads them."""

    locale: str | None = None
    zone: str | None = None
    now: Instant = 0
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    confirm_url: str | None = None
    """Where they say yes to what they asked for; only in the mail that asks them."""


class Renderer:
    """Writes the messages of one project. Files are read once; make a new one after they change."""

    def __init__(self, templates: Path | Sources, catalogue: Catalogue, *, inline: bool = True) -> None:
        self.catalogue = catalogue
        self._sources = templates if isinstance(templates, Sources) else read_sources(templates, catalogue, Report())
        self._env = sandbox()
        self._inline = inline
        self._compiled: dict[tuple[str, str], Compiled] = {}
        self._chosen: dict[tuple[str, str | None], Compiled] = {}
        self._company = dict(catalogue.company)
        self._text = lru_cache(maxsize=4096)(self._compile_text)

    def render(
        self,
        message: str,
        *,
        context: Context,
        reader: Reader | None = None,
        args: Mapping[str, Json] | None = None,
        subject: str | None = None,
        sender: str | None = None,
        topic: str | None = None,
    ) -> Rendered:
        """Return one message for one reader.

        ``args``, ``subject`` and ``sender`` are what the step says; Jinja in ``args`` and ``subject`` is filled in
        with the same data. Raises ``UnknownMessageError``, ``BrokenTemplateError`` and ``RenderProblemError``.
        """
        reader = reader or Reader()
        made = self._choose(message, reader.locale)
        topic = topic or made.template.said("topic") or None
        values = self._values(context, self._here(made.locale, reader, context))
        values.update(self._addresses(topic, reader), link=self._link(made.template))
        values.update(topic=topic or "", topic_title=self._topic_title(topic, made.locale))
        if args:
            values.update({name: value for name, value in self._filled(args, values).items() if name[:1] != "_"})
        values["subject"] = line = one_line(self._fill(subject, values) if subject else made.subject.fill(values))
        values["preheader"] = preheader = " ".join(made.preheader.fill(values).split())
        return Rendered(
            message=message,
            channel=made.template.channel,
            locale=made.locale,
            subject=line,
            preheader=preheader,
            html=made.page(values),
            text=self._plain(made, values, topic),
            sender=self._sender(sender or made.template.said("from")),
            topic=topic,
            unsubscribe_url=values["unsubscribe_url"],
        )

    def _plain(self, made: Compiled, values: dict[str, Any], topic: str | None) -> str:
        """Return the text part; a text message that needs a yes says how to stop it, if its author did not."""
        text = made.plain(values)
        if made.template.channel != "sms":
            return text
        text = text.translate(_NARROW)
        if not self.needs_consent(topic):
            return text
        return ending_of(self.catalogue, made.locale).put(text, values["unsubscribe_url"])

    def render_text(self, text: str, context: Context, *, reader: Reader | None = None) -> str:
        """Return a short text of a step, such as the question of an ``ask``, with its Jinja filled in."""
        reader = reader or Reader()
        values = self._values(context, self._here(self.catalogue.language, reader, context))
        return self._fill(text, values)

    def render_args(
        self, args: Mapping[str, Json], context: Context, *, reader: Reader | None = None
    ) -> dict[str, Json]:
        """Return the ``with`` of a ``call`` with the Jinja in its texts filled in, at any depth."""
        reader = reader or Reader()
        values = self._values(context, self._here(self.catalogue.language, reader, context))
        return self._filled(args, values)

    def template(self, message: str, locale: str | None = None) -> Template:
        """Return the file that a reader of that locale gets."""
        found = self._sources.choose(message, locale)
        if found is None:
            raise UnknownMessageError(message)
        return found

    def sender(self, message: str, locale: str | None = None, said: str | None = None) -> Sender | None:
        """Return who a message comes from: whom its step says, else its file, else the project's first sender."""
        return self._sender(said or self.template(message, locale).said("from"))

    @property
    def sources(self) -> Sources:
        """The files it writes from."""
        return self._sources

    @property
    def first_sender(self) -> Sender | None:
        """Who writes where nobody is named."""
        return next(iter(self.catalogue.senders.values()), None)

    @property
    def messages(self) -> Mapping[str, Mapping[str, Template]]:
        """All messages, by name and by the locale in the file's name."""
        return self._sources.messages

    def locale_of(self, template: Template) -> str:
        """Return the locale that a file is written in."""
        return self._sources.written_in(template)

    def needs_consent(self, topic: str | None) -> bool:
        """Return whether a message of that topic must offer a way to leave."""
        return topic_of(topic or "", self.catalogue).basis == "consent"

    def _choose(self, message: str, locale: str | None) -> Compiled:
        made = self._chosen.get((message, locale))
        if made is None:
            if len(self._chosen) > _MOST_CHOICES:  # locales come from data: nobody may fill the memory with them
                self._chosen.clear()
            template = self.template(message, locale)
            key = (message, template.locale)
            made = self._compiled.get(key) or self._compile(template)
            self._compiled[key] = self._chosen[(message, locale)] = made
        return made

    def _compile(self, template: Template) -> Compiled:
        report = Report()
        layout = self._sources.layout(template) or self._sources.layouts.by_name[PLAIN]
        locale = self._sources.written_in(template)
        sentences = self._sources.layouts.sentences_in(locale, self.catalogue.language)
        for segments in (*template.parts, layout.html, layout.text, *sentences.values()):
            read_pieces(segments, report)
        if report.found:
            raise BrokenTemplateError(template.name, tuple(report.found))
        shop = Workshop(self._env, self.catalogue, layout, sentences, locale)
        try:
            return compiled(template, flatten(template, shop, inline=self._inline), self._env, locale)
        except TemplateError as error:  # pieces that are right one by one and wrong together
            report.add("J404", f"this text cannot be read as a whole: {error.message}", template.place)
            raise BrokenTemplateError(template.name, tuple(report.found)) from None

    def _here(self, written: str, reader: Reader, context: Context) -> Here:
        customer: Mapping[str, Any] = context.get("customer") or {}
        zone = reader.zone or customer.get("timezone") or self.catalogue.timezone
        locale = format_locale(tidy_locale(reader.locale or ""), written, self.catalogue.country)
        return Here(locale, str(zone), reader.now, self._company.get("currency", "EUR"))

    def _values(self, context: Context, here: Here) -> dict[str, Any]:
        """Return all names that a text may read: what a run remembers also goes by its bare name."""
        values: dict[str, Any] = {**(context.get("journey") or {}), **context}
        values["values"] = {**self.catalogue.values, **(context.get("values") or {})}
        values["company"] = self._company
        values["now"] = here.clock
        values["link"] = Link(self._company, "message")
        values["_here"] = here
        return values

    def _addresses(self, topic: str | None, reader: Reader) -> dict[str, Any]:
        """Return the addresses of leaving; a message that belongs to a contract has no way to unsubscribe."""
        return {
            "unsubscribe_url": reader.unsubscribe_url if self.needs_consent(topic) else None,
            "preferences_url": reader.preferences_url,
            "confirm_url": reader.confirm_url,
        }

    def _topic_title(self, topic: str | None, locale: str) -> str:
        known = self.catalogue.topics.get(topic or "")
        titles = known.titles if known else {}
        return titles.get(locale) or titles.get(locale.partition("-")[0]) or titles.get(self.catalogue.language, "")

    def _link(self, template: Template) -> Link:
        return Link(self._company, template.name, template.channel)

    def _sender(self, name: str) -> Sender | None:
        return self.catalogue.senders.get(name) or self.first_sender

    def _filled(self, args: Mapping[str, Json], values: dict[str, Any]) -> dict[str, Json]:
        return {name: self._filled_value(value, values) for name, value in args.items()}

    def _filled_value(self, value: Json, values: dict[str, Any]) -> Json:
        if isinstance(value, str):
            return self._fill(value, values)
        if isinstance(value, list):
            return [self._filled_value(item, values) for item in value]
        if isinstance(value, dict):
            return self._filled(value, values)
        return value

    def _fill(self, text: str, values: dict[str, Any]) -> str:
        return self._text(text).fill(values) if "{{" in text or "{%" in text else text

    def _compile_text(self, text: str) -> Part:
        report = Report()
        segments = cut(text, Spot("the step"))
        read_pieces(segments, report)
        if report.found:
            raise RenderProblemError(report.found[0].message, report.found[0].place)
        return part_of(segments, self._env)
