"""The right word for a wrong one: by meaning first, then by the letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

_ALIKE = 0.75


def distance(left: str, right: str) -> int:
    """Return how many letters must be added, dropped, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, before_last, row = row, before, [i]
        before = above
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before_last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word: str, words: Iterable[str], meanings: Mapping[str, str] | None = None) -> str | None:
    """Return the word that was probably meant, None when none is near. ``meanings``: other words for ours."""
    known = list(words)
    meant = (meanings or {}).get(word.lower())
    if meant in known:
        return meant
    best = min(known, key=lambda candidate: (_cost(word, candidate), candidate), default=None)
    if best is not None and _cost(word, best) <= _allowance(word):
        return best
    return _by_parts(word, known)


def _cost(word: str, candidate: str) -> int:
    left, right = _plain(word), _plain(candidate)
    if abs(len(left) - len(right)) > _allowance(word):
        return 99
    return distance(left, right)


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").replace(" ", "-")


def _allowance(word: str) -> int:
    return max(1, min(3, len(word) // 3))


def _by_parts(word: str, known: list[str]) -> str | None:
    """Long names that share most of their letters: ``renewal/special-offer`` for ``renewal/offer``."""
    scored = [(SequenceMatcher(None, _plain(word), _plain(name)).ratio(), name) for name in known]
    ratio, best = max(scored, default=(0.0, None))
    return best if ratio >= _ALIKE else None
