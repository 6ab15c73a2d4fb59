"""Which names exist at one spot of a journey, and of what type: what conditions, moments and ``set`` may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lifeloop.journey.catalogue import Attribute, AttributeType, Catalogue
from lifeloop.journey.condition import DataName, Kind, Value

Names = Mapping[str, Attribute]

_KINDS: dict[AttributeType, Kind] = {
    "number": "number",
    "money": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that mean something here.

    ``roots`` maps ``customer``, ``event``, ``start``, ``values``, ``journey`` and, inside the run of a thing, its
    kind to what stands behind the dot. None: anything may (a journey's memory, the answer of a connection).
    ``messages`` None: the templates are not known here, and any message may be named.
    """

    catalogue: Catalogue = field(default_factory=Catalogue)
    roots: Mapping[str, Names | None] = field(default_factory=dict)
    messages: frozenset[str] | None = None

    def having(self, root: str, names: Names | None) -> Scope:
        """Return this scope with one root more, or with another meaning of it."""
        return replace(self, roots={**self.roots, root: names})

    def without(self, root: str) -> Scope:
        """Return this scope without a root: ``event`` where no event is at hand."""
        return replace(self, roots={name: names for name, names in self.roots.items() if name != root})

    def attribute(self, name: DataName) -> Attribute | None:
        """Return what is declared under a name; None when unknown, or when anything may stand there."""
        names = self.roots.get(name.root)
        return names.get(".".join(name.path)) if names else None

    def is_open(self, name: DataName) -> bool:
        """Whether anything may stand behind this name's root."""
        return name.root in self.roots and self.roots[name.root] is None


def project_scope(catalogue: Catalogue, messages: Iterable[str] | None = None) -> Scope:
    """Return what every journey of a project may read: the customer, and the project's values."""
    roots = {"customer": catalogue.customer, "values": names_of(catalogue.values)}
    return Scope(catalogue, roots, None if messages is None else frozenset(messages))


def names_of(values: Mapping[str, Value]) -> Names:
    """Return the names of constants, typed by what they hold."""
    return {name: Attribute(name, _type_of(value)) for name, value in values.items()}


def any_of(names: Sequence[Names]) -> Names:
    """Return what may be there when one of several records is at hand; what one of them may lack is optional."""
    found = {name: attribute for one in names for name, attribute in one.items()}
    sure = {name for name in found if all(name in one and not one[name].optional for one in names)}
    return {name: attribute if name in sure else replace(attribute, optional=True) for name, attribute in found.items()}


def kind_of(attribute: Attribute | None) -> Kind:
    """Return how comparisons read an attribute; text when nothing is known."""
    return _KINDS.get(attribute.type, "text") if attribute else "text"


def _type_of(value: Value) -> AttributeType:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"
