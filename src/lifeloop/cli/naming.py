"""Which journeys somebody means, and whether they are sure."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.cli.asking import agreed
from lifeloop.cli.errors import Refused, WrongUsage
from lifeloop.cli.output import Output
from lifeloop.work.workspace import Workspace


def journeys_meant(
    space: Workspace, names: Sequence[str], *, everything: bool, command: str, asks: str
) -> tuple[str, ...]:
    """Return the journeys that a command is about; ``asks`` completes the question "which journey shall".

    Raises:
        WrongUsage: none is named, or some are named beside ``--all``.
        NotFoundError: there is no such journey.
    """
    from lifeloop.store import journeys
    from lifeloop.work.finding import check_journey

    if everything == bool(names):
        hint = f"lifeloop {command} JOURNEY, or all of them:  lifeloop {command} --all"
        raise WrongUsage(f"which journey shall {asks}?", hint=hint)
    with space.store.reading() as tx:
        if everything:
            return tuple(row.name for row in journeys.rows(tx))
        return tuple(check_journey(space, tx, name) for name in names)


def sure(out: Output, words: str, *, yes: bool) -> None:
    """Ask before something is done that concerns many.

    Raises:
        Refused: nobody said yes.
    """
    if not (yes or agreed(out, f"{words.rstrip('.')}. Go on?")):
        raise Refused(words, hint="if that is what you want, say it again with --yes")
