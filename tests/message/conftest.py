"""A small company for the tests of texts: what it declares, and how to write and render one message of it."""

from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Attribute, Catalogue, EventType, ObjectType, Sender, Topic
from lifeloop.journey.source import Report
from lifeloop.message.library import read_library
from lifeloop.message.render import Reader, Renderer
from lifeloop.message.reviewing import review
from lifeloop.message.sources import read_sources

NOW = 1_780_300_800  # Mon 1 June 2026, 08:00 UTC


def attributes(**types):
    return {
        name: Attribute(name, kind.removesuffix("?") or "text", optional=kind.endswith("?"))
        for name, kind in types.items()
    }


CATALOGUE = Catalogue(
    project="sunny",
    timezone="Europe/Amsterdam",
    country="NL",
    company={"name": "Sunny & Sons", "website": "https://www.example.com", "address": "Kade 1, Rotterdam"},
    topics={
        "service": Topic("service", "contract", counts=False),
        "stories": Topic("stories", titles={"en": "Stories", "nl": "Verhalen"}),
    },
    customer=attributes(
        first_name="text", phone="phone?", plan="text", contract_end="date?", yearly_value="money", site="text?"
    ),
    events={
        "survey.answered": EventType("survey.answered", attributes(score="number", comment="text?")),
        "order.delivered": EventType("order.delivered", attributes(order_id="text", products="text")),
    },
    objects={"contract": ObjectType("contract", "contract_id", attributes(ends="date?", monthly="money"))},
    senders={"anna": Sender("anna", "Anna", "anna@example.com"), "noor": Sender("noor", "Noor", "noor@example.com")},
    values={"gift": 25},
)


class Desk:
    """A folder of templates in the making."""

    def __init__(self, root: Path) -> None:
        self.templates = root / "templates"
        self.templates.mkdir()
        self.catalogue = CATALOGUE

    def write(self, name, text):
        path = self.templates / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def message(self, body, subject="Hello", name="hello/there.md", **head):
        lines = "".join(f"{key}: {value}\n" for key, value in {"subject": f"'{subject}'", **head}.items())
        self.write(name, f"---\n{lines}---\n{body}\n")

    def renderer(self, **options):
        return Renderer(self.templates, self.catalogue, **options)

    def render(self, body=None, *, context=None, reader=None, name="hello/there", said=None, **head):
        if body is not None:
            self.message(body, **head)
        context = {"customer": {"first_name": "Ana"}, **(context or {})}
        return self.renderer().render(name, context=context, reader=reader or Reader(now=NOW), **(said or {}))

    def problems(self, body=None, **head):
        if body is not None:
            self.message(body, **head)
        return read_library(self.templates, self.catalogue)[1]

    def reviewed(self, body=None, *, consented=(), **head):
        """What a careful person would find, as validate asks."""
        if body is not None:
            self.message(body, **head)
        return list(review(read_sources(self.templates, self.catalogue, Report()), self.catalogue, consented))

    def codes(self, body=None, **head):
        return [found.code for found in self.problems(body, **head)]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
