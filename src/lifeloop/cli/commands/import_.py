"""``lifeloop import``: customers, their things and what happened to them, out of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from lifeloop.cli.database import open_rooms
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, FLAG, NUMBER, TEXT, by_name, document, fields_of, many, maybe

REMARK = fields_of(count=COUNT, first=maybe(COUNT))
SHAPE = document(
    "What an import did, or with `--dry-run` would do. `columns`: what each piece of data was read from. `known`:"
    " events that had been imported before. `entering`: with `--dry-run`, how many would enter which journey at once."
    " `unreachable`: rows whose e-mail address has letters that mail does not carry; `overruled`: rows that say"
    " something else of a customer than one shortly before, in the same thousand; how many, and the first."
    " `rejects`: the first rows that were not taken; all of them are in `rejects_file`.",
    file=TEXT,
    dry_run=FLAG,
    rows=COUNT,
    taken=COUNT,
    rejected=COUNT,
    new_customers=COUNT,
    events=COUNT,
    known=COUNT,
    unreachable=REMARK,
    overruled=REMARK,
    columns=by_name(TEXT),
    left_out=many(TEXT),
    notes=many(TEXT),
    entering=by_name(COUNT),
    rejects_file=maybe(TEXT),
    rejects=many(fields_of(row=COUNT, column=TEXT, value=TEXT, reason=TEXT)),
    seconds=NUMBER,
)


def import_file(
    file: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(alias="-n")] = False,
    mapping: Annotated[tuple[str, ...], Parameter(name="--map")] = (),
    kind: Annotated[str, Parameter(name="--as")] = "",
    event: str | None = None,
    at: str | None = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    customer: str | None = None,
    consent: Annotated[tuple[str, ...], Parameter(name="--consent")] = (),
    source: str = "import",
    dates: Literal["day first", "month first"] | None = None,
    decimal: Literal["comma", "point"] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    here: Here,
) -> int:
    """Import customers or events from a CSV, JSON Lines or Parquet file.

    What the columns mean is guessed from their names and shown; --dry-run shows it and changes nothing. Rows that
    cannot be taken are put beside the file with the reasons; all others are imported. The same file again adds nothing.

    Parameters
    ----------
    file
        The file, such as people.csv or events.jsonl.
    dry_run
        Change nothing; say what would be imported, and who would enter which journey at once.
    mapping
        What a column means, such as --map Kenmerk=plan (or Kenmerk=- to leave it out); or a mapping file, map.yaml.
    kind
        What a row is: customers, events, or a thing of customers such as contract. Without it: customers, or events
        if --event is given.
    event
        Which event the rows tell of, such as order.delivered.
    at
        The column that tells when it happened.
    id_
        The column that tells rows apart: the customer's own id, or the event's.
    customer
        The column that tells whom it is about.
    consent
        The column that tells of permission, such as --consent inspiration=Newsletter; without a column, everybody in
        the file gave it. Never guessed. Who said no before stays with it.
    source
        Where the events come from; their ids are unique within a source.
    dates
        How 03/04/2026 is meant. Without it: decided from the whole column.
    decimal
        What stands before the cents. Without it: decided from the whole column.
    delimiter
        What stands between cells. Without it: found out.
    encoding
        How the file is encoded, such as windows-1252. Without it: found out.
    """
    from lifeloop.cli.importing import Import, explained, mapping_of, said_of
    from lifeloop.work.importing.meaning import Habits
    from lifeloop.work.importing.opening import open_import

    named, written = mapping_of(mapping, here)
    said = said_of(kind, event=event, at=at, id_=id_, customer=customer, columns=named, consent=consent)
    habits = Habits(delimiter, encoding, dates, decimal, source)
    path = here.cwd / file
    space = open_rooms(here)
    try:
        with explained():
            opened = open_import(path, space.catalogue, said, habits, written)
            return Import(here, space, path, opened, dry=dry_run).run()
    finally:
        space.close()
