"""Made-up customers: each resembles one of the project's sample people, with a name and dates of their own.

The same seed and number always give the same person, so that a rehearsal can be repeated to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from lifeloop.engine.chance import fraction_of
from lifeloop.engine.values import Record
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json

FIRST_NAMES = (
    "Anna", "Bram", "Carmen", "Daan", "Elif", "Femke", "Gijs", "Hanna", "Ivo", "Jasmijn", "Karim", "Lotte",
    "Milan", "Nora", "Omar", "Pien", "Quinten", "Rosa", "Sem", "Tess", "Umut", "Vera", "Wout", "Xenia",
    "Yara", "Zoë", "Aïsha", "Bart", "Chloé", "Dirk", "Emma", "Finn", "Grace", "Hugo", "Iris", "Jack", "Kim",
    "Liam", "Mees", "Noah", "Olivia",
)  # fmt: skip
LAST_NAMES = (
    "de Jong", "Jansen", "de Vries", "van den Berg", "Bakker", "Visser", "Smit", "Meijer", "de Groot",
    "Mulder", "Bos", "Vos", "Peters", "Hendriks", "van Leeuwen", "Dekker", "Brouwer", "de Wit", "Dijkstra",
    "Smits", "de Graaf", "van der Meer", "Kok", "Jacobs", "Vermeulen", "Yilmaz", "El Amrani", "Nguyen",
    "Murphy", "Silva",
)  # fmt: skip
SHIFT = 365
"""Days over which dates of the samples are spread, half of them before and half after the sample's own."""


def made_up(number: int, seed: int, samples: Sequence[Person], catalogue: Catalogue) -> Person:
    """Return the customer of that number: like one of the samples, but somebody else."""
    sample = samples[int(_draw(seed, number, "sample") * len(samples))]
    name = f"c{number:05d}"
    shift = timedelta(days=int((_draw(seed, number, "shift") - 0.5) * SHIFT))
    varied = _varied(sample.customer, catalogue.customer, seed, number, shift)
    things = {
        kind: tuple(_thing(thing, kind, catalogue, seed, number, index, shift) for index, thing in enumerate(those))
        for kind, those in sample.things.items()
    }
    return replace(sample, name=name, customer={**varied, **_identity(name, seed, number, sample)}, things=things)


def _identity(name: str, seed: int, number: int, sample: Person) -> Record:
    first = FIRST_NAMES[int(_draw(seed, number, "first") * len(FIRST_NAMES))]
    last = LAST_NAMES[int(_draw(seed, number, "last") * len(LAST_NAMES))]
    own: dict[str, Json] = {"first_name": first, "last_name": last}
    if sample.customer.get("email"):
        own["email"] = f"{name}@example.com"
    return {key: value for key, value in own.items() if key == "email" or key in sample.customer}


def _thing(
    thing: Record, kind: str, catalogue: Catalogue, seed: int, number: int, index: int, shift: timedelta
) -> Record:
    declared = catalogue.objects[kind]
    varied = _varied(thing, declared.attributes, seed, number, shift)
    return {**varied, declared.key: f"{kind}-{number:05d}-{index + 1}"}


def _varied(
    record: Record, declared: Mapping[str, Attribute], seed: int, number: int, shift: timedelta
) -> dict[str, Json]:
    return {key: _other(key, value, declared.get(key), seed, number, shift) for key, value in record.items()}


def _other(key: str, value: Json, attribute: Attribute | None, seed: int, number: int, shift: timedelta) -> Json:
    if attribute is None or value is None:
        return value
    if attribute.type in ("date", "datetime") and isinstance(value, str):
        return (date.fromisoformat(value[:10]) + shift).isoformat() + value[10:]
    if attribute.type == "money" and isinstance(value, int | float):
        return round(value * (0.7 + 0.6 * _draw(seed, number, key)), 2)
    return value


def _draw(seed: int, number: int, what: str) -> float:
    return fraction_of(f"{seed}:{number}:{what}")
