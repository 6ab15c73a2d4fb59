"""How much one message may cost: rounds of loops, length of a text, size of the whole, and seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from time import monotonic, thread_time
from typing import Any

LONGEST_TEXT = 100_000
"""Letters in any one piece of text that a template builds."""
LARGEST_OUTPUT = 512 * 1024
"""Letters in a whole rendered part."""
MOST_ROUNDS = 10_000
"""Rounds of all loops of one message together."""
LONGEST_WORK = 2.0
"""Seconds of this processor that the loops of one part may take; usual parts take a ten-thousandth of one."""
LARGEST_NUMBER = 2**127
"""Beyond it a text does not calculate: squaring a number a few dozen times would take all there is."""


class TooMuchError(Exception):
    """A template asked for more than a message may cost; the text says what."""


def within(text: str) -> str:
    """Return the text, or refuse it when it is too long."""
    if len(text) > LONGEST_TEXT:
        raise TooMuchError(f"this piece of text is longer than {LONGEST_TEXT:,} letters")
    return text


def within_number(number: Any) -> Any:
    """Return the number, or refuse it when it is too large."""
    if isinstance(number, int) and not -LARGEST_NUMBER < number < LARGEST_NUMBER:
        raise TooMuchError("this number is larger than any that a text may calculate with")
    return number


def within_list(items: list[Any]) -> list[Any]:
    """Return a list that a text makes, or refuse it: lists of lists of lists are small, and endless once written."""
    if _weight(items, LONGEST_TEXT) < 0:
        raise TooMuchError(f"this list holds more than {LONGEST_TEXT:,} letters, with all the lists inside it")
    return items


def _weight(value: Any, left: int) -> int:
    """Return what is left of so many letters; negative as soon as there are more."""
    if isinstance(value, str):
        return left - len(value)
    if not isinstance(value, list | tuple):
        return left - 1
    for item in value:
        left = _weight(item, left - 1)
        if left < 0:
            break
    return left


class Budget:
    """The rounds and the time that are left to the loops of one message."""

    __slots__ = ("_began", "_left", "_worked")

    def __init__(self) -> None:
        self._left = MOST_ROUNDS
        self._began = 0.0
        self._worked = 0.0

    def counted(self, items: Iterable[Any]) -> Iterable[Any]:
        """Return the items, taking a round from the budget for each."""
        if not self._began:
            self._began, self._worked = monotonic(), thread_time()
        if not isinstance(items, Sized):
            return self._one_by_one(items)
        self._take(len(items))
        return Rounds(items, self)

    def _one_by_one(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._take(1)
            yield item

    def look_at_the_clock(self) -> None:
        """Stop loops that take too long.

        A machine that stood still is no fault of the text: its own time counts, and is asked only when it may be over.
        """
        if monotonic() - self._began > LONGEST_WORK < thread_time() - self._worked:
            raise TooMuchError(f"the loops of this message take longer than {LONGEST_WORK:g} seconds")

    def _take(self, rounds: int) -> None:
        self.look_at_the_clock()
        self._left -= rounds
        if self._left < 0:
            raise TooMuchError(f"the loops of this message go round more than {MOST_ROUNDS:,} times")


class Rounds:
    """Items that a loop goes through: it knows how many there are, and the time is looked at in each round."""

    __slots__ = ("_budget", "_items")

    def __init__(self, items: Iterable[Any], budget: Budget) -> None:
        self._items = items
        self._budget = budget

    def __len__(self) -> int:
        """Return how many rounds there are: ``loop.last`` asks."""
        return len(self._items)  # type: ignore[arg-type]  # only made of what has a length

    def __iter__(self) -> Iterator[Any]:
        """Give the items, as long as there is time."""
        for item in self._items:
            self._budget.look_at_the_clock()
            yield item


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
