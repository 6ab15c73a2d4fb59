"""What was typed wrongly, in our words: the parser speaks of tokens and coercion, people do not."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import get_args

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from lifeloop.cli.errors import WrongUsage
from lifeloop.cli.registry import COMMANDS

SYNONYMS = {
    "new": "init",
    "create": "init",
    "format": "fmt",
    "lint": "validate",
    "map": "graph",
    "run-tests": "test",
    "send": "event send",
    "contact": "customer",
    "serve": "up",
    "dev": "up",
    "start": "up",
}
"""What other tools call it."""


def in_our_words(mistake: CycloptsError) -> WrongUsage:
    """Return a parsing mistake as a sentence and a hint."""
    see = "see:  " + " ".join(("lifeloop", *(mistake.command_chain or ()), "--help"))
    match mistake:
        case UnknownCommandError():
            return _no_command((mistake.unused_tokens or ["?"])[0])
        case UnusedCliTokensError():
            extra = " ".join(mistake.unused_tokens or ())
            return WrongUsage(f'"{extra}" is more than this command takes', hint=see)
        case UnknownOptionError():
            return _no_option(mistake, see)
        case MissingArgumentError() if mistake.argument is not None:
            return WrongUsage(f"{_shown(mistake.argument.name)} is missing", hint=see)
        case CoercionError() if mistake.token is not None and mistake.argument is not None:
            return WrongUsage(_misfit(mistake), hint=see)
        case _:
            mistake.verbose = False
            sentence = str(mistake).strip().rstrip(".")
            return WrongUsage(sentence[:1].lower() + sentence[1:], hint=see)


def _no_command(word: str) -> WrongUsage:
    names = [name for command in COMMANDS for name in (command.name, *command.alias)]
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    guess = SYNONYMS.get(word) if SYNONYMS.get(word, "").split(" ")[0] in names else None
    meant = guess or (near[0] if near else "")
    question = f', did you mean "{meant}"?' if meant else ""
    return WrongUsage(f'there is no command "{word}"{question}', hint="all commands:  lifeloop --help")


_KINDS = {"int": "a whole number", "float": "a number", "date": "a date, such as 2026-06-01"}


def _no_option(mistake: UnknownOptionError, see: str) -> WrongUsage:
    typed = mistake.token.keyword or mistake.token.value
    known: Sequence[str] = [name for argument in mistake.argument_collection for name in argument.names]
    near = get_close_matches(typed, known, n=1, cutoff=0.6)
    question = f", did you mean {near[0]}?" if near else ""
    return WrongUsage(f"there is no option {typed} here{question}", hint=see)


def _misfit(mistake: CoercionError) -> str:
    token, argument = mistake.token, mistake.argument
    if token is None or argument is None:
        return str(mistake)
    wanted = _wanted(argument.hint, list(argument.get_choices() or ()))
    return f'{_shown(token.keyword or argument.name)} cannot be "{token.value}"; it is {wanted}'


def _wanted(hint: object, choices: Sequence[str]) -> str:
    """Say what an option takes: a kind of value, one of some words, or either."""
    kinds = [_KINDS[name] for each in get_args(hint) or (hint,) if (name := getattr(each, "__name__", "")) in _KINDS]
    words = [choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"] if choices else []
    return " or ".join([*kinds, *words]) or "something else"


def _shown(name: str) -> str:
    return name if name.startswith("-") else name.upper()
