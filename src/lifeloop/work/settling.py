"""What stays for the whole of a long piece of work is kept away from the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

A_BATCH = 50_000
"""Things a batch makes and still holds before the collector looks through them: those of about five hundred people."""


@contextmanager
def settled() -> Iterator[None]:
    """Let the collector pass over what is there already: modules, the project, its plans and templates.

    They stay to the end anyway, and a wave makes so many small things that the collector would look through all of
    them again and again: a quarter of the time of a move. What a batch holds has no circles and goes with the batch:
    looking through it every few hundred things, as Python does by itself, is a tenth of the rest.
    """
    usual = gc.get_threshold()
    if usual[0] == A_BATCH:  # another wave in this process has seen to it
        yield
        return
    with passed_over():
        gc.set_threshold(A_BATCH, *usual[1:])
        try:
            yield
        finally:
            gc.set_threshold(*usual)


@contextmanager
def passed_over() -> Iterator[None]:
    """Let the collector pass over what is there already, and do with what comes as it always does.

    For servers: what requests bring is as large as whoever sends it likes, and is not to lie about.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
