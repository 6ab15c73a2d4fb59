"""``lifeloop erase``: forget one person everywhere, after showing what will go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.asking import typed
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, iso_or_none
from lifeloop.cli.shapes import COUNT, FLAG, INSTANT, TEXT, by_name, document, maybe
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.store.erasing import Remains
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What is known of one person, by table, and whether it is gone. `earlier`: when they were erased before, if nobody"
    " of that name is known now. `compacted` false: the database file still holds traces.",
    customer=TEXT,
    erased=FLAG,
    earlier=maybe(INSTANT),
    rows=by_name(COUNT),
    addresses=COUNT,
    proofs=COUNT,
    leaving=COUNT,
    compacted=FLAG,
)


def erase(
    who: str,
    /,
    *,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    may_return: bool = False,
    here: Here,
) -> int:
    """Forget one person everywhere. Shows first what will go.

    Everything under way for them ends. What stays: keyed hashes of their addresses, so that nobody writes to them when
    an old list is imported again, and what they said about consent, without their name.

    Parameters
    ----------
    who
        Their id or e-mail address.
    yes
        Do it, without asking.
    may_return
        Keep nothing against their addresses, so that they can become a customer again.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import rights
    from lifeloop.work.finding import NotFoundError, find_customer

    with rooms(here) as space:
        try:
            with space.store.reading() as tx:
                found = find_customer(tx, who)
        except NotFoundError:
            earlier = rights.erased_at(space, who)
            if earlier is None:
                raise
            return _gone_before(here, earlier)
        remains = rights.look(space, found)
        _show(here, found.key, remains, may_return=may_return)
        if not (yes or typed(here.out, found.key, "This cannot be undone.")):
            _say(here, space, found.key, remains, done=None)
            return Exit.PLAN_CHANGES
        done = rights.erase(space, found, may_return=may_return)
        _say(here, space, found.key, done.remains, done=done.compacted)
    return Exit.FINE


def _gone_before(here: Here, earlier: int) -> int:
    if here.out.as_json:
        nothing = {"rows": {}, "addresses": 0, "proofs": 0, "leaving": 0, "compacted": True}
        here.out.json({"customer": "", "erased": True, "earlier": iso(earlier), **nothing})
    here.out.print(f"They were erased before, on {iso(earlier)[:10]}; nothing about them is known.")
    return Exit.FINE


def _show(here: Here, key: str, remains: Remains, *, may_return: bool) -> None:
    from lifeloop.work.rights import WORDS

    out = here.out
    out.print(f"What is known of {key}, and goes:", style="bold")
    out.table(
        (">rows", "table", "what"), [(count, name, WORDS.get(name, "")) for name, count in remains.counts.items()]
    )
    kept = [f"{counted(remains.proofs, 'word')} of consent, without their name"] if remains.proofs else []
    if remains.addresses:
        many = remains.addresses
        hashed = "1 address as a keyed hash" if many == 1 else f"{many} addresses as keyed hashes"
        kept.append(f"{hashed}, unsuppressed" if may_return else hashed)
    out.print(f"What stays: {'; '.join(kept) or 'a keyed hash of their id'}.")
    if remains.leaving:
        leaving = "1 message is" if remains.leaving == 1 else f"{remains.leaving} messages are"
        out.print(f"{leaving} being handed over at this moment and may still arrive.")


def _say(here: Here, space: Workspace, key: str, remains: Remains, *, done: bool | None) -> None:
    """Say how it ended; ``done`` None: nothing was changed."""
    out = here.out
    if out.as_json:
        out.json(
            {
                "customer": key,
                "erased": done is not None,
                "earlier": iso_or_none(None),
                "rows": dict(remains.counts),
                "addresses": remains.addresses,
                "proofs": remains.proofs,
                "leaving": remains.leaving,
                "compacted": bool(done),
            }
        )
    elif done is None:
        out.print("Nothing was changed. If this is who you mean, say it again with --yes.")
    else:
        out.print(f"{key} is erased.")
        if space.store.postgres:
            out.print("PostgreSQL writes over what was deleted in its own time; backups keep it until they expire.")
        elif not done:
            out.print("The database file is in use: traces stay in it until you erase when nothing runs.")
