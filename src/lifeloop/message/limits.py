"""How much one message may cost: rounds of loops, length of a text, size of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Any

LONGEST_TEXT = 100_000
"""Letters in any one piece of text that a template builds."""
LARGEST_OUTPUT = 512 * 1024
"""Letters in a whole rendered part."""
MOST_ROUNDS = 10_000
"""Rounds of all loops of one message together."""


class TooMuchError(Exception):
    """A template asked for more than a message may cost; the text says what."""


def within(text: str) -> str:
    """Return the text, or refuse it when it is too long."""
    if len(text) > LONGEST_TEXT:
        raise TooMuchError(f"this piece of text is longer than {LONGEST_TEXT:,} letters")
    return text


class Budget:
    """The rounds that are left to the loops of one message."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST_ROUNDS

    def counted(self, items: Iterable[Any]) -> Iterable[Any]:
        """Return the items, taking a round from the budget for each."""
        if not isinstance(items, Sized):
            return self._one_by_one(items)
        self._take(len(items))
        return items

    def _one_by_one(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._take(1)
            yield item

    def _take(self, rounds: int) -> None:
        self._left -= rounds
        if self._left < 0:
            raise TooMuchError(f"the loops of this message go round more than {MOST_ROUNDS:,} times")


def joined(parts: Iterable[str]) -> str:
    """Return the parts as one text, stopping as soon as they are too many."""
    taken: list[str] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > LARGEST_OUTPUT:
            raise TooMuchError(f"the finished message is larger than {LARGEST_OUTPUT // 1024} kB")
        taken.append(part)
    return "".join(taken)
