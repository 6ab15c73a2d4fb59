"""What is answered once a commit settled it: to one call, to a batch, and to all who waited for the same commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from lifeloop.web.ingest_wire import Answer, Problem, answered
from lifeloop.work.arriving import Taken, Word
from lifeloop.work.committing import Done

CONFLICT = "this id is known already and stood for something else; the first one stays"
TAKEN = "that former id belongs to another customer by now"
ONE = answered(202, {"accepted": 1, "known": 0, "rejected": []})
KNOWN = answered(202, {"accepted": 1, "known": 1, "rejected": []})


def told_of_many(shares: Sequence[Sequence[Word]], rejected: Mapping[int, tuple[str, str]]) -> Answer:
    """Answer a batch: ``shares`` is what became of each call, ``rejected`` why some were not even written."""
    found = dict(rejected)
    for index, share in enumerate(shares):
        code = refusal(share)
        if code is not None:
            found[index] = (code, TAKEN if code == "taken" else CONFLICT)
    listed = [{"index": index, "code": code, "detail": detail} for index, (code, detail) in sorted(found.items())]
    known = sum(is_known(share) for share in shares)
    return answered(202, {"accepted": len(shares) - len(listed), "known": known, "rejected": listed})


def settle(done: Sequence[Done[asyncio.Future[Taken]]]) -> None:
    """Answer all that one commit settled, from the writer's thread: one call per loop, not one per request."""
    loops = {one.ticket.get_loop() for one in done}
    for loop in loops:
        share = [one for one in done if one.ticket.get_loop() is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, share)


def _resolve(done: Sequence[Done[asyncio.Future[Taken]]]) -> None:
    for one in done:
        if one.ticket.done():
            continue  # whoever asked went away
        if one.taken is not None:
            one.ticket.set_result(one.taken)
        elif one.problem is not None:
            one.ticket.set_exception(one.problem)


def told(taken: Taken) -> Answer:
    """Answer one call; raises ``Problem`` where it was refused."""
    code = refusal(taken.words)
    if code is not None:
        raise Problem(409, code, TAKEN if code == "taken" else CONFLICT)
    return KNOWN if is_known(taken.words) else ONE


def refusal(words: Sequence[Word]) -> Word | None:
    """Return why a call was refused. Of an identify that also merges, the merging alone may be left undone."""
    return words[-1] if words and words[-1] in ("conflict", "taken") else None


def is_known(words: Sequence[Word]) -> bool:
    """Tell whether a call came before."""
    return bool(words) and words[-1] == "known"
