"""``lifeloop export``: everything known of one person, for that person."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso
from lifeloop.cli.output import FORMAT
from lifeloop.cli.shapes import ANYTHING, INSTANT, TEXT, by_name, document, fields_of, many

if TYPE_CHECKING:
    from lifeloop.work.exporting import Export

SHAPE = document(
    "Everything known of one person, part by part, and what the fields mean. What a row holds depends on its part;"
    " fields without a value are left out.",
    customer=TEXT,
    made=INSTANT,
    fields=by_name(TEXT),
    parts=many(fields_of(name=TEXT, what=TEXT, rows=many(by_name(ANYTHING)))),
)
PRIVATE = 0o600


def export(who: str, /, *, out: Path | None = None, here: Here) -> int:
    """Write out everything known of one person, with what each part means.

    As JSON: data, contracts, events, journeys with every step, messages word for word, consent with its proof. Hand it
    to nobody but them.

    Parameters
    ----------
    who
        Their id or e-mail address.
    out
        Write it to this file, which only you may read, and show how much there is.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.exporting import export as export_person
    from lifeloop.work.finding import find_customer

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
        told = _document(export_person(space, found))
    if out is None:
        here.out.json(told)
        return Exit.FINE
    _write(here.cwd / out, told)
    if here.out.as_json:
        here.out.json(told)
    else:
        here.out.table(
            (">rows", "part", "what"), [(len(part["rows"]), part["name"], part["what"]) for part in told["parts"]]
        )
        here.out.print(f"Written to {here.shown(here.cwd / out)}. Hand it to nobody but them.")
    return Exit.FINE


def _write(path: Path, told: dict[str, Any]) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), PRIVATE)  # a file that was there keeps its own mode otherwise
            json.dump({"format": FORMAT, **told}, file, ensure_ascii=False, indent=2)
            file.write("\n")
    except OSError as problem:
        raise WrongUsage(f'"{path.name}" cannot be written: {(problem.strerror or "").lower()}') from problem


def _document(found: Export) -> dict[str, Any]:
    return {
        "customer": found.customer,
        "made": iso(found.made_at),
        "fields": dict(found.fields),
        "parts": [
            {"name": part.name, "what": part.what, "rows": [dict(row) for row in part.rows]} for part in found.parts
        ],
    }
