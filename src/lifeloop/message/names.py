"""Which data a text reads, whether the project declares it, and whether the text can do without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes

from lifeloop.journey.catalogue import Attribute, AttributeType, Catalogue
from lifeloop.journey.diagnostic import Severity, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report
from lifeloop.message.pieces import Piece
from lifeloop.message.syntax import Reading, dotted, implied

PROVIDED = frozenset(
    {
        "company",
        "now",
        "link",
        "words",
        "language",
        "direction",
        "subject",
        "preheader",
        "topic",
        "topic_title",
        "unsubscribe_url",
        "preferences_url",
        "confirm_url",
        "content",
        "loop",
    }
)
"""Names that every text may read and that are not data of the customer."""

_ALWAYS = {name: Attribute(name, optional=name != "id") for name in ("id", "email", "phone", "locale", "timezone")}


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of one name. ``spared``: the text can do without it."""

    name: str
    piece: Piece
    spared: bool


def uses(readings: Iterable[Reading]) -> tuple[Use, ...]:
    """Return what the pieces of one text read, in order, without the text's own variables."""
    readings = tuple(readings)
    own = {node.name for reading in readings for node in reading.tree.find_all(nodes.Name) if node.ctx == "store"}
    return tuple(use for reading in readings for use in _of_reading(reading) if use.name.partition(".")[0] not in own)


def _of_reading(reading: Reading) -> Iterator[Use]:
    for name, spared in _reads(reading.tree, reading.known):
        yield Use(name, reading.piece, spared or name in reading.known)


def _reads(node: nodes.Node, known: frozenset[str], *, spared: bool = False) -> Iterator[tuple[str, bool]]:
    name = dotted(node)
    if name is not None:
        yield name, spared or name in known
        return
    for child, child_known, child_spared in _children(node, known, spared=spared):
        yield from _reads(child, child_known, spared=child_spared)


def _children(
    node: nodes.Node, known: frozenset[str], *, spared: bool
) -> Iterator[tuple[nodes.Node, frozenset[str], bool]]:
    """Return the parts of a node with what is known there and whether they may be missing there."""
    match node:
        case nodes.Call():
            for part in (*node.args, *node.kwargs):
                yield part, known, False
        case nodes.CondExpr(test=test, expr1=first, expr2=second):
            yield test, known, True
            yield first, known | implied(test, holds=True), spared
            if second is not None:
                yield second, known | implied(test, holds=False), spared
        case nodes.If(test=test):
            yield test, known, True
        case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
            yield left, known, True
            yield right, known | implied(left, holds=isinstance(node, nodes.And)), spared
        case _:
            spares = _spares(node, spared=spared)
            for index, part in enumerate(node.iter_child_nodes()):
                yield part, known, spares and (index == 0 or not isinstance(node, nodes.Filter))


def _spares(node: nodes.Node, *, spared: bool) -> bool:
    match node:
        case nodes.Filter(name=name):
            return name in {"default", "d"}
        case nodes.Test(name=name):
            return name in {"defined", "undefined"}
        case nodes.Compare() | nodes.Not():
            return True
        case nodes.Operand():
            return spared
        case _:
            return False


def check_names(found: Iterable[Use], catalogue: Catalogue, report: Report) -> None:
    """Report names that the project does not declare, and data that may be missing without a default."""
    said: set[tuple[str, int, int]] = set()
    for use in found:
        place = use.piece.spot(use.name)
        if (use.name, place.line, place.column) in said:
            continue
        said.add((use.name, place.line, place.column))
        _check(use, catalogue, report)


def _check(use: Use, catalogue: Catalogue, report: Report) -> None:
    root, _, rest = use.name.partition(".")
    known = declared(root, catalogue)
    if known is None:
        _check_root(use, root, rest, catalogue, report)
        return
    if not rest:
        message = f'"{root}" is a whole record; say what you want of it'
        report.add("J123", message, use.piece.spot(root), label=f"for instance {root}.{next(iter(known), 'name')}")
        return
    attribute = known.get(rest.partition(".")[0])
    if attribute is None:
        if not (root == "company" and use.spared):
            unknown(use, [f"{root}.{name}" for name in known], report)
    elif attribute.optional and not use.spared:
        may_be_missing(use, report)


def _check_root(use: Use, root: str, rest: str, catalogue: Catalogue, report: Report) -> None:
    """A root that is not the catalogue's may be a parameter of the step; a near miss of ours is a mistake."""
    if not rest or root in PROVIDED or root in {"values", "start", "journey", "event"}:
        return
    roots = ["customer", "event", "start", "journey", "values", "company", *catalogue.objects]
    if nearest(root, roots):
        unknown(use, [f"{name}.{rest}" for name in roots], report)


def unknown(use: Use, names: list[str], report: Report) -> None:
    """Report a name that is none of those, with the nearest of them."""
    near = nearest(use.name, names)
    label = f"did you mean {near}?" if near else "declare it in lifeloop.yaml, or use another name"
    suggestions = (Suggestion(near, certain=False),) if near else ()
    place = use.piece.spot(use.name)
    report.add("J123", f"{use.name} is not in the catalogue", place, label=label, suggestions=suggestions)


def may_be_missing(use: Use, report: Report, *, step: bool = False) -> None:
    """Report data that a text needs and some lack; ``step``: the text of a journey's own step, where guards are seen.

    Elsewhere it is a warning: a step may be guarded by ``when``. Whether one is not, the journey room sees, and calls
    an error.
    """
    label = f'write {{{{ {use.name} | default("…") }}}}'
    hint = f"or write the sentence only for those who have it:  {{% if {use.name} %}} … {{% endif %}}"
    guard = f"or guard this step:  when: {use.name} is present"
    message = f"{use.name} may be missing, and this text needs it"
    severity: Severity = "error" if step else "warning"
    report.add("J131", message, use.piece.spot(use.name), severity=severity, label=label, hint=guard if step else hint)


def declared(root: str, catalogue: Catalogue) -> dict[str, Attribute] | None:
    """Return what the project declares under a root; None when anything may stand there."""
    if root == "customer":
        return {**_ALWAYS, **catalogue.customer} if catalogue.customer else None
    if root == "company":
        return {name: Attribute(name) for name in catalogue.company}
    if root == "event":
        return _of_events(catalogue) or None
    kind = catalogue.objects.get(root)
    return {kind.key: Attribute(kind.key), **kind.attributes} if kind else None


def _of_events(catalogue: Catalogue) -> dict[str, Attribute]:
    """Return what events may carry; optional where every event that has it may lack it."""
    merged: dict[str, Attribute] = {}
    for event in catalogue.events.values():
        for name, attribute in event.attributes.items():
            if name not in merged or merged[name].optional:
                merged[name] = attribute
    return merged


def type_of(name: str, catalogue: Catalogue) -> AttributeType:
    """Return the declared type of a name, ``text`` when nothing is declared."""
    root, _, rest = name.partition(".")
    attributes = declared("event" if root == "start" else root, catalogue) or {}
    return attributes[rest].type if rest in attributes else "text"
