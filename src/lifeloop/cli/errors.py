"""Everything that ends a command early, on one screen. Each knows its exit code; the sentence is for a marketer.

    CommandError          never raised itself
    ├── WrongUsage        2   the command was typed in a way that makes no sense
    │   └── NoProject     2   there is no lifeloop.yaml here or above
    ├── Findings          1   what was asked for has mistakes in it
    ├── Unreachable       4   a server, a database or a connection does not answer
    └── Refused           5   it could be done, but a rule of safety says no

A command that ran and simply found something returns 1 itself; ``Findings`` is for when it cannot go on.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """What the shell is told."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    PLAN_CHANGES = 3
    UNREACHABLE = 4
    REFUSED = 5
    #: our own fault: a mistake in Lifeloop (EX_SOFTWARE of sysexits.h)
    DEFECT = 70
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on. ``hint`` says what to do about it."""

    exit_code: ClassVar[Exit] = Exit.FINDINGS

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class WrongUsage(CommandError):  # noqa: N818  # named for what it says
    """The command was typed in a way that makes no sense."""

    exit_code = Exit.USAGE


class NoProject(WrongUsage):
    """There is no project here."""


class Findings(CommandError):  # noqa: N818  # named for what it says
    """What was asked for has mistakes in it, so the rest would be a guess."""

    exit_code = Exit.FINDINGS


class Unreachable(CommandError):  # noqa: N818  # named for what it says
    """A server, a database or a connection does not answer."""

    exit_code = Exit.UNREACHABLE


class Refused(CommandError):  # noqa: N818  # named for what it says
    """It could be done, but a rule of safety says no."""

    exit_code = Exit.REFUSED
