"""``lifeloop move-store``: from SQLite to PostgreSQL, or back, with everybody who waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.errors import Exit, Refused, Unreachable, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.naming import sure
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, by_name, document

if TYPE_CHECKING:
    from lifeloop.store.opening import Store
    from lifeloop.work.relocating import Outlook

SHAPE = document(
    "What a move takes along: rows by table, people who wait, and messages whose outcome is not known. `moved` false:"
    " only looked at.",
    source=TEXT,
    target=TEXT,
    moved=FLAG,
    rows=by_name(COUNT),
    waiting=COUNT,
    leaving=COUNT,
)


def move_store(
    target: str,
    /,
    *,
    dry_run: Annotated[bool, Parameter(alias="-n")] = False,
    stopped: bool = False,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    here: Here,
) -> int:
    """Move to another database, SQLite or PostgreSQL, without losing anybody who waits.

    Stop every worker first. All rows are copied and compared, or nothing is changed. The old database stays as it is,
    to be read; it takes no writes any more, so that nothing can be sent from it. Should anything end the move, say the
    same again: it goes on, and until the new database is complete the old one is the one that counts.

    Parameters
    ----------
    target
        The new database, which must be empty: postgresql://… or sqlite:///path.db
    dry_run
        Say what would be moved, and change nothing.
    stopped
        Every worker is stopped, even though one was at work a moment ago.
    yes
        Do not ask.
    """
    from lifeloop.clock import SystemClock
    from lifeloop.work.relocating import look

    with _both(here, target) as (old, new):
        first = look(old, new, SystemClock().now(), stopped=stopped)
        if not dry_run:
            sure(here.out, f"{_words(first)}, from {old.url} to {new.url}.", yes=yes)
            _move(here, old, new, first)
        _say(here, old, new, first, moved=not dry_run)
    return Exit.FINE


@contextmanager
def _both(here: Here, target: str) -> Iterator[tuple[Store, Store]]:
    from lifeloop.store.opening import StoreBusy, StoreUnreachable, open_store
    from lifeloop.work.relocating import CannotMoveError
    from lifeloop.work.workspace import DATABASE, database_url

    try:
        with ExitStack() as stack:
            old = stack.enter_context(closing(open_store(database_url(here.root))))
            new = stack.enter_context(closing(open_store(_whole(here, target))))
            if not old.is_there():
                raise WrongUsage(f"there is nothing to move: {old.url} does not exist", hint=f"is {DATABASE} right?")
            if old.url == new.url:
                raise WrongUsage(f"{new.url} is where everything is already")
            old.migrate()
            yield old, new
    except StoreUnreachable as problem:
        raise Unreachable(str(problem)) from problem
    except CannotMoveError as problem:
        raise Refused(problem.sentence, hint=problem.hint) from problem
    except StoreBusy as problem:
        raise Refused(f"somebody is writing: {problem}", hint="stop every worker, and say it again") from problem


def _whole(here: Here, target: str) -> str:
    """Return a file's address with its whole path, so that both ends mean the same."""
    head, found, path = target.partition("sqlite:///")
    return f"{head}{found}{here.cwd / path}" if found and path else target


def _move(here: Here, old: Store, new: Store, first: Outlook) -> None:
    from lifeloop.clock import SystemClock
    from lifeloop.work.guarding import place_of
    from lifeloop.work.relocating import open_up, relocate

    if first.only_open:
        open_up(new)
        return
    new.migrate()
    with here.out.progress(2 * sum(first.rows.values()), "copying") as bar:

        def told(table: str, rows: int) -> None:
            bar.say(table)
            bar.advance(rows)

        relocate(old, new, place_of(new), SystemClock().now(), told)


def _words(first: Outlook) -> str:
    if first.only_open:
        return "Everything was moved already, and only has to be opened"
    return f"{sum(first.rows.values()):,} rows move, people who wait among them: {first.waiting:,}"


def _say(here: Here, old: Store, new: Store, first: Outlook, *, moved: bool) -> None:
    out = here.out
    if out.as_json:
        told = {"source": old.url, "target": new.url, "moved": moved, "rows": dict(first.rows)}
        out.json({**told, "waiting": first.waiting, "leaving": first.leaving})
        return
    out.table((">rows", "table"), [(rows, name) for name, rows in first.rows.items()])
    if first.leaving:
        out.print(f"Messages that were being handed over, and are settled after the move: {first.leaving:,}.")
    if not moved:
        out.print(f"{_words(first)}. Nothing was changed.")
        return
    out.print(f"Moved to {new.url}, every row compared. People who wait there: {first.waiting:,}.")
    out.print(f"From now on, for every worker:  export LIFELOOP_DATABASE={new.url}", wrap=False)
    out.print(f"{old.url} can be read, and takes no writes any more.")
