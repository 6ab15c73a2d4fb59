"""What is odd about rows that are taken all the same: mail cannot reach an address, or a later row says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from lifeloop.work.importing.reading import Taken
from lifeloop.work.ingesting import Person


@dataclass(slots=True)
class Remark:
    """How many rows it is about, and the number of the first."""

    count: int = 0
    first: int | None = None

    def add(self, row: int) -> None:
        """Count one row."""
        self.count += 1
        self.first = self.first or row

    def and_then(self, later: Self) -> Remark:
        """Return both in one, the other about rows further down."""
        return Remark(self.count + later.count, self.first or later.first)


@dataclass(slots=True)
class Remarks:
    """``unreachable``: letters before the @ that mail does not carry. ``overruled``: a row before said otherwise."""

    unreachable: Remark = field(default_factory=Remark)
    overruled: Remark = field(default_factory=Remark)

    def look_at(self, batch: Iterable[Taken]) -> None:
        """Look at some rows that lie together; they are not compared with those before or after."""
        known: dict[str, Person] = {}
        for one in batch:
            person = one.person
            if person is None:
                continue
            if not _local_part(person).isascii():
                self.unreachable.add(one.row.number)
            if person.key in known and _says_otherwise(person, known[person.key]):
                self.overruled.add(one.row.number)
            known[person.key] = person

    def and_then(self, later: Self) -> Remarks:
        """Return both in one, the other about rows further down."""
        return Remarks(self.unreachable.and_then(later.unreachable), self.overruled.and_then(later.overruled))


def _local_part(person: Person) -> str:
    email = person.data.get("email")
    return email.rpartition("@")[0] if isinstance(email, str) else ""


def _says_otherwise(person: Person, before: Person) -> bool:
    data = any(before.data.get(name, value) != value for name, value in person.data.items())
    return data or any(before.consents.get(topic, said) != said for topic, said in person.consents.items())
