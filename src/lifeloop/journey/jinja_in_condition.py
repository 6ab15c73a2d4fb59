"""``{{ customer.plan == 'premium' }}`` in a place for conditions: said what is wrong, and translated when it can be."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.source import Report, Scalar

_SIGNS = (
    (r"\s*==\s*", " is "),
    (r"\s*!=\s*", " is not "),
    (r"\s*>=\s*", " is at least "),
    (r"\s*<=\s*", " is at most "),
    (r"\s*>\s*", " is above "),
    (r"\s*<\s*", " is below "),
    (r"\s+not in\s+\[(.*?)\]", r" is not one of \1"),
    (r"\s+in\s+\[(.*?)\]", r" is one of \1"),
    (r"\s+is\s+(?:not none|defined|not undefined)\b", " is present"),
    (r"\s+is\s+(?:none|not defined|undefined)\b", " is missing"),
    (r"""(["'])([\w-]+)\1""", r"\2"),
)


def report_template(scalar: Scalar, read: Callable[[Scalar, Report], object], report: Report) -> None:
    """Report a template in a condition. ``read`` tells whether our translation is a sound condition here."""
    sentence = _translate(scalar.text)
    quiet = Report()
    sound = sentence is not None and read(Scalar(sentence, scalar.place), quiet) is not None and not quiet.found
    if sentence is None or not sound:
        label = "write a sentence, for example  customer.plan is premium"
        report.add("J113", "conditions do not use {{ }}", scalar.place, label=label)
        return
    fix = Suggestion(sentence, certain=not re.search(r": | #|^\W", sentence))
    report.add("J113", "conditions do not use {{ }}", scalar.place, label=f"write:  {sentence}", suggestions=(fix,))


def _translate(text: str) -> str | None:
    found = re.fullmatch(r"\s*\{\{-?\s*(.*?)\s*-?\}\}\s*", text, re.DOTALL)
    if found is None or "{{" in found[1] or "{%" in found[1]:
        return None
    sentence = found[1]
    for sign, words in _SIGNS:
        sentence = re.sub(sign, words, sentence)
    return " ".join(sentence.split())
