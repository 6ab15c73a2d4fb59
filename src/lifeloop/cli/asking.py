"""Asks a person before something is done that cannot be undone by the same command."""

from __future__ import annotations

import sys

from lifeloop.cli.output import Output


def agreed(out: Output, question: str) -> bool:
    """Ask on the terminal; no answer, or nobody there to answer, is no."""
    if out.as_json or not sys.stdin.isatty() or not sys.stderr.isatty():
        return False
    out.note(f"{question} [y/N] ", style=None)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def typed(out: Output, word: str, question: str) -> bool:
    """Ask for a word to be typed, for what reaches real people; anything else is no."""
    if out.as_json or not sys.stdin.isatty() or not sys.stderr.isatty():
        return False
    out.note(f'{question} Type "{word}" to go on: ', style=None)
    return sys.stdin.readline().strip() == word
