"""Opening a file for import: which kind it is, what its columns mean, and its rows, read one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lifeloop.journey.catalogue import Catalogue
from lifeloop.work.importing.guessing import Said, check_name, guess
from lifeloop.work.importing.lines import Lines
from lifeloop.work.importing.mapping_file import MappingFile
from lifeloop.work.importing.meaning import Column, Habits, Meaning, Source
from lifeloop.work.importing.parquet import ParquetTable, is_parquet
from lifeloop.work.importing.problems import MappingError, Rejected
from lifeloop.work.importing.reading import Reader, Taken
from lifeloop.work.importing.records import Records, is_json
from lifeloop.work.importing.table import Sheet, Table

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file about to be imported. ``columns``: what each means, as a person reads it; empty for JSON Lines."""

    rows: Callable[[], Iterator[Taken | Rejected]]
    close: Callable[[], None]
    header: tuple[str, ...]
    written: str
    """How the file is written, in words: ``utf-8, ";" between cells``."""
    delimiter: str = ","
    source: str = "import"
    columns: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def open_import(path: Path, catalogue: Catalogue, said: Said, habits: Habits, mapping: Path | None = None) -> OpenFile:
    """Open a CSV, JSON Lines or Parquet file.

    Raises:
        UnreadableFileError: it is no text, or there is none.
        MappingError: it is not clear what its columns mean.
    """
    written = MappingFile(mapping, catalogue) if mapping else None
    if written:
        habits = _over(written.habits(), habits)
    table: Sheet
    if is_parquet(path):
        table = ParquetTable(path)
    elif is_json(path, _head(path, habits.encoding)):
        return _records(path, catalogue, said, habits, mapping)
    else:
        table = Table(path, delimiter=habits.delimiter, encoding=habits.encoding)
    try:
        meaning = written.meaning(table.columns) if written else guess(table, catalogue, said)
    except MappingError:
        table.close()
        raise
    return _table(table, meaning, habits, catalogue)


def _table(table: Sheet, meaning: Meaning, habits: Habits, catalogue: Catalogue) -> OpenFile:
    reader = Reader(table, meaning, habits, catalogue)
    return OpenFile(
        rows=reader.rows,
        close=table.close,
        header=table.columns,
        written=_written(table),
        delimiter=table.delimiter,
        source=habits.source,
        columns=_columns(meaning, reader),
        left_out=meaning.left_out,
        notes=(*meaning.notes, *_doubts(reader)),
    )


def count_lines(path: Path) -> int:
    """Return about how many rows a file has, without reading them: a Parquet file says so, in others lines count."""
    if is_parquet(path):
        table = ParquetTable(path)
        table.close()
        return table.count
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def _records(path: Path, catalogue: Catalogue, said: Said, habits: Habits, mapping: Path | None) -> OpenFile:
    if mapping:
        raise MappingError(
            "a mapping file is for CSV; JSON Lines name their data themselves",
            hint="to rename one:  --map theirs=ours",
        )
    if said.event:
        check_name("event", said.event, catalogue.events)
    for topic in said.consents:
        check_name("topic", topic, catalogue.topics)
    records = Records(path, catalogue, said, habits)
    return OpenFile(records.rows, records.close, ("line",), "JSON Lines", source=habits.source)


def _head(path: Path, encoding: str | None) -> str:
    lines = Lines(path, encoding)
    try:
        return next((line for line in lines.ahead(10) if isinstance(line, str) and line.strip()), "")
    finally:
        lines.close()


def _over(said: Habits, now: Habits) -> Habits:
    """What is said now goes over what the mapping file says."""
    given = {name: value for name in Habits.__slots__ if (value := getattr(now, name)) not in (None, "import")}
    return replace(said, **given)


def _columns(meaning: Meaning, reader: Reader) -> dict[str, str]:
    found = {}
    for target, source in _targets(meaning):
        order = reader.dates.get(str(source)) if isinstance(source, Column) else None
        found[target] = f"{source} ({order.order}: {order.example})" if order else str(source)
    return found


def _targets(meaning: Meaning) -> Iterator[tuple[str, Source]]:
    if meaning.people:
        people = meaning.people
        yield "id", people.id
        yield from people.data.items()
        yield from ((f"{kind}.{name}", one) for kind, fields in people.things.items() for name, one in fields.items())
        yield from ((f"permission for {topic}", source) for topic, source in people.consents.items())
    alone = meaning.people is None and len(meaning.events) == 1
    for event in meaning.events:
        of = "" if alone else f" of {event.name}"
        yield f"customer{of}", event.customer
        yield f"time{of}", event.at
        if event.id:
            yield f"id{of}", event.id
        yield from ((f"{name}{of}", source) for name, source in event.data.items())


def _doubts(reader: Reader) -> Iterator[str]:
    for column, dates in reader.dates.items():
        if not dates.certain:
            other = "month first" if dates.order == "day first" else "day first"
            yield (
                f'the dates in "{column}" can be read both ways ({dates.example}); they are read {dates.order}.'
                f' If that is wrong:  --dates "{other}"'
            )


def _written(table: Sheet) -> str:
    if isinstance(table, ParquetTable):
        return table.encoding
    return f"{_encoding(table.encoding)}, {_between(table.delimiter)} between cells"


def _encoding(name: str) -> str:
    return {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16"}.get(name, name)


def _between(delimiter: str) -> str:
    return {"\t": "tabs"}.get(delimiter, f'"{delimiter}"')
