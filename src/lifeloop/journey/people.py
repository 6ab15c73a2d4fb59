"""Sample customers, one file each, fitted to the catalogue: for previews, rehearsals and tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from lifeloop.journey.attributes import coerce
from lifeloop.journey.catalogue import Attribute, Catalogue, ObjectType
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.names import attribute_meanings, some
from lifeloop.journey.nearest import nearest
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json
from lifeloop.journey.shape import one_block, texts
from lifeloop.journey.source import Entry, Items, Map, Node, Report, Scalar, read_file
from lifeloop.journey.written import plain_value


def read_people(folder: Path, catalogue: Catalogue, report: Report) -> dict[str, Person]:
    """Return the people of a folder by the names of their files; what is wrong in one is left out and reported."""
    paths = sorted(path for path in folder.glob("*.y*ml") if path.suffix in {".yaml", ".yml"})
    found = (read_person(path, _shown(path, catalogue), catalogue, report) for path in paths)
    return {person.name: person for person in found if person is not None}


def read_person(path: Path, file: str, catalogue: Catalogue, report: Report) -> Person | None:
    """Return the person that one file describes; ``file`` is its name in diagnostics."""
    text = read_file(path, report, file)
    node = read_yaml(text, file, report) if text is not None else None
    block = one_block(node, path.stem, report) if node is not None else None
    if block is None:
        return None
    customer: dict[str, Json] = {}
    things: dict[str, tuple[dict[str, Json], ...]] = {}
    consents: dict[str, bool] = {}
    sales: tuple[tuple[str, date], ...] = ()
    for entry in block.entries:
        kind = _kind(entry.key.text, catalogue)
        if entry.key.text == "consents":
            consents = _consents(entry.value, catalogue, report)
        elif entry.key.text == "sales":
            sales = _sales(entry.value, report)
        elif kind is not None:
            things[kind.name] = (*things.get(kind.name, ()), *_things(entry.value, kind, report))
        elif (attribute := _attribute(entry.key, catalogue.customer, "customer", report)) is not None:
            customer[attribute.name] = fitted(entry.value, attribute, report)
    return Person(
        path.stem, {key: value for key, value in customer.items() if value is not None}, things, consents, sales
    )


def fitted(node: Node, attribute: Attribute, report: Report) -> Json:
    """Return a written value as its attribute wants it; None, with a diagnostic, when it does not fit."""
    value = plain_value(node)
    if isinstance(node, Scalar) and value is not None:
        value = node.text
    result = coerce(attribute, value)
    if result.reason is not None:
        near = nearest(node.text, attribute.choices) if isinstance(node, Scalar) and attribute.choices else None
        fixes = (Suggestion(near),) if near else ()
        label = f'did you mean "{near}"?' if near else ""
        report.add("J126", f"{attribute.name}: {result.reason}", node.place, label=label, suggestions=fixes)
    return result.value


def _kind(key: str, catalogue: Catalogue) -> ObjectType | None:
    """``contract`` or ``contracts``; an attribute of that very name goes first."""
    if key in catalogue.customer:
        return None
    return catalogue.objects.get(key) or next(
        (kind for name, kind in catalogue.objects.items() if key == f"{name}s"), None
    )


def _things(node: Node, kind: ObjectType, report: Report) -> list[dict[str, Json]]:
    nodes = node.items if isinstance(node, Items) else (node,)
    blocks = [block for block in (one_block(one, kind.name, report) for one in nodes) if block is not None]
    found = [_thing(block, kind, report) for block in blocks]
    keys = [thing.get(kind.key) for thing in found]
    for block, key in zip(blocks, keys, strict=True):
        if key is None:
            report.add("J106", f'this {kind.name} has no "{kind.key}"', block.place, label="it tells them apart")
        elif keys.count(key) > 1:
            report.add("J005", f'the {kind.name} "{key}" stands here twice', block.place, label="remove one of the two")
    return [thing for thing, key in zip(found, keys, strict=True) if key is not None and keys.count(key) == 1]


def _thing(block: Map, kind: ObjectType, report: Report) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for entry in block.entries:
        attribute = _attribute(entry.key, kind.attributes, kind.name, report)
        value = fitted(entry.value, attribute, report) if attribute else None
        if attribute is not None and value is not None:
            found[attribute.name] = value
    return found


def _attribute(key: Scalar, attributes: Mapping[str, Attribute], root: str, report: Report) -> Attribute | None:
    if key.text in attributes:
        return attributes[key.text]
    names = sorted(attributes)
    near = nearest(key.text, names, attribute_meanings(names))
    label = f'did you mean "{near}"?' if near else f"{root} has {some(names)}"
    fixes = (Suggestion(near),) if near else ()
    hint = "" if near else f"or declare it in lifeloop.yaml:   {key.text}: text?"
    report.add(
        "J123", f"{root}.{key.text} is not in the catalogue", key.place, label=label, suggestions=fixes, hint=hint
    )
    return None


def _sales(node: Node, report: Report) -> tuple[tuple[str, date], ...]:
    """``{electricity: 2025-03-01}``: products, and when they bought them."""
    block = one_block(node, "sales", report)
    found = ((entry.key.text, fitted(entry.value, Attribute("sale", "date"), report)) for entry in _entries(block))
    return tuple((product, date.fromisoformat(str(day))) for product, day in found if day is not None)


def _entries(block: Map | None) -> tuple[Entry, ...]:
    return () if block is None else tuple(block.entries)


def _consents(node: Node, catalogue: Catalogue, report: Report) -> dict[str, bool]:
    """``[inspiration]``, or ``{inspiration: true, win-back: false}``."""
    if isinstance(node, Map):
        return {
            entry.key.text: given for entry in node.entries if (given := _consent(entry, catalogue, report)) is not None
        }
    return {text.text: True for text in texts(node, "consents", report) if _is_topic(text, catalogue, report)}


def _consent(entry: Entry, catalogue: Catalogue, report: Report) -> bool | None:
    value = fitted(entry.value, Attribute("consent", "boolean"), report)
    known = _is_topic(entry.key, catalogue, report)
    return value if known and isinstance(value, bool) else None


def _is_topic(text: Scalar, catalogue: Catalogue, report: Report) -> bool:
    topic = text.text.rpartition("/")[2]
    if topic in catalogue.topics or topic == "service":
        return True
    near = nearest(topic, catalogue.topics)
    label = f'did you mean "{near}"?' if near else f"topics are {some(sorted(catalogue.topics))}"
    fixes = (Suggestion(near),) if near else ()
    report.add("J161", f'there is no topic "{topic}"', text.place, label=label, suggestions=fixes)
    return False


def _shown(path: Path, catalogue: Catalogue) -> str:
    return path.relative_to(catalogue.root).as_posix() if path.is_relative_to(catalogue.root) else path.as_posix()
