"""The registry of diagnostics: one Markdown file for each code in ``explanations``, read when somebody asks.

To add a code, add its file: a title, what is wrong and why it matters, then ``Wrong`` and ``Right`` with one example
each. The word behind the fence says what the example is, so that a test can try it: ``yaml``, ``condition``,
``length``, ``moment``, ``hours``, ``limit``, ``rhythm``, ``project``, ``person``, ``journey``, ``template``,
``provider``, ``ways``, ``text``.

J0xx: the file itself · J10x: the shape of a step · J11x: times and sentences · J12x: names and types · J13x: data
that may be missing · J14x: what is known on a path · J15x: splits, ids · J16x: other names · J17x: shared steps ·
J18x: the project · J19x: tests · J2xx: a journey that can be read but does not make sense · J3xx: a change to people
on their way · J4xx: templates · J5xx: providers and their files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_SECTION = re.compile(r"^(Wrong|Right):\s*\n+```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of a file. ``kind``: what it is an example of, see the head of this module."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What ``lifeloop explain`` says about a code. ``title`` is a sentence; ``text`` is Markdown."""

    code: str
    title: str
    text: str
    wrong: Example | None = None
    right: Example | None = None


@cache
def all_codes() -> tuple[str, ...]:
    """Return every code that is explained, in order."""
    folder = files("lifeloop.journey") / "explanations"
    return tuple(sorted(entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md")))


@cache
def explanation(code: str) -> Explanation | None:
    """Return what is to be said about a code, None when there is no such code."""
    known = code.strip().upper()
    if known not in all_codes():
        return None
    text = (files("lifeloop.journey") / "explanations" / f"{known}.md").read_text(encoding="utf-8")
    return parse_explanation(known, text)


def parse_explanation(code: str, text: str) -> Explanation:
    """Return an explanation as it is written in its file."""
    title, _, rest = text.partition("\n")
    examples = {name: Example(kind, body) for name, kind, body in _SECTION.findall(rest)}
    prose = _SECTION.sub("", rest)
    return Explanation(
        code, title.removeprefix("#").strip(), prose.strip(), examples.get("Wrong"), examples.get("Right")
    )
