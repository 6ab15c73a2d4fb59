"""Words that make readers and filters doubt a mail: few, each one explained, looked for where they weigh most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_REPLY = re.compile(r"\s*(re|fwd?|aw|antw|wg|tr)\s*:", re.IGNORECASE)
_LOUD = re.compile(r"[!?]{2,}|!.*!")
_SHORTEST_SHOUT = 10
_PROMISES = re.compile(
    r"\b(?:100% free|act now|risk[- ]free|you(?:'ve| have) won|make money|cash bonus|winner!"
    r"|100% gratis|gratis geld|(?:je hebt|u heeft) gewonnen|zonder risico|nu of nooit"
    r"|100% kostenlos|ohne risiko|sie haben gewonnen|vous avez gagné|100% gratuit|sans risque)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What makes people doubt: its words, a sentence, and what to write instead."""

    words: str
    message: str
    label: str


def doubts(subject: str, text: str) -> Iterator[Doubt]:
    """Yield what is doubtful in a subject, and the promises of a whole mail."""
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) >= _SHORTEST_SHOUT and all(letter.isupper() for letter in letters):
        yield Doubt(subject, "this subject is all in capitals", "capitals read like shouting; filters count them")
    if found := _LOUD.search(subject):
        yield Doubt(found.group(), "this subject shouts", "one ! or ? is enough")
    if found := _REPLY.match(subject):
        label = "nobody wrote first; receivers treat a feigned answer as a trick"
        yield Doubt(found.group().strip(), "this subject pretends to be an answer", label)
    for found in _PROMISES.finditer(f"{subject}\n{text}"):
        label = "filters know it from advertising nobody asked for; say what it is, and what it costs"
        yield Doubt(found.group(), f'"{found.group()}" is a promise that nobody believes', label)
