"""An import at the terminal: what the columns mean, a bar while it works, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.text import Text

from lifeloop.cli.errors import Exit, Findings, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.waking import wake_journeys
from lifeloop.journey.prose_time import counted
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.opening import OpenFile, count_lines
from lifeloop.work.importing.problems import MappingError, Rejected, UnknownNameError, UnreadableFileError
from lifeloop.work.importing.rehearsing import rehearse_rows
from lifeloop.work.importing.rejects import Rejects, rejects_path
from lifeloop.work.importing.remarks import Remarks
from lifeloop.work.importing.running import Imported, import_rows
from lifeloop.work.workspace import Workspace

SHOWN = 5
"""Rejected rows that are told at once; nobody reads more in a terminal."""


class Import:
    """One import at the terminal."""

    def __init__(self, here: Here, space: Workspace, path: Path, opened: OpenFile, *, dry: bool) -> None:
        self._here = here
        self._space = space
        self._path = path
        self._opened = opened
        self._dry = dry
        self._rejects = Rejects(rejects_path(path, here.cwd), opened.header, opened.delimiter)
        self._first: list[Rejected] = []
        self._entering: dict[str, int] = {}

    def run(self) -> int:
        """Import, or try it out, and tell."""
        began = perf_counter()
        self._say_meaning()
        try:
            done = self._take(began)
        finally:
            self._opened.close()
            written = self._rejects.close()
        seconds = perf_counter() - began
        if self._here.out.as_json:
            self._here.out.json(self._document(done, written, seconds))
        else:
            self._say_done(done, written, seconds)
        if not self._dry:
            wake_journeys(self._space, done.journeys, self._here.out)
        return Exit.FINDINGS if done.rejected else Exit.FINE

    def _take(self, began: float) -> Imported:
        out = self._here.out
        total = count_lines(self._path) if out.moves else None
        with out.progress(total, self._path.name) as bar:
            seen = 0

            def tell(done: Imported) -> None:
                nonlocal seen
                bar.advance(done.rows - seen)
                seen = done.rows
                bar.say(f"{self._path.name} · {done.rows / (perf_counter() - began):,.0f} rows/s")

            if self._dry:
                found = rehearse_rows(self._space, self._opened.rows(), reject=self._reject, tell=tell)
                self._entering = found.entering
                return found.done
            return import_rows(
                self._space, self._opened.rows(), reject=self._reject, tell=tell, source=self._opened.source
            )

    def _reject(self, one: Rejected) -> None:
        self._rejects.add(one)
        if len(self._first) < SHOWN:
            self._first.append(one)

    def _say_meaning(self) -> None:
        out, opened = self._here.out, self._opened
        say(out, "file", f"{self._path.name}: {opened.written}")
        if opened.columns:
            say(out, "columns", *(_arrow(target, source) for target, source in opened.columns.items()))
        if opened.left_out:
            say(out, "left out", ", ".join(opened.left_out))
        for note in opened.notes:
            say(out, "note", Text(note, "yellow"))

    def _say_done(self, done: Imported, written: Path | None, seconds: float) -> None:
        out = self._here.out
        word = "ok" if self._dry else "imported"
        parts = [f"{done.taken:,} {word}"]
        if written:
            parts.append(f"{done.rejected:,} rejected ({self._here.shown(written)})")
        say(out, "rows", " · ".join(parts), f"{seconds:.1f} s")
        if not self._dry:
            say(out, "new", _news(done))
        for remark in _remarks(done.remarks):
            say(out, "note", Text(remark, "yellow"))
        for one in self._first:
            say(out, f"row {one.row:,}", Text(_shown(one), "red"))
        if done.rejected > len(self._first):
            say(out, "", f"… and {done.rejected - len(self._first):,} more")
        if self._dry:
            entering = ", ".join(f"{name} {count:,}" for name, count in self._entering.items()) or "nobody"
            say(out, "", f"would enter today: {entering}")
            say(out, "", "nothing was changed; without --dry-run it is imported")

    def _document(self, done: Imported, written: Path | None, seconds: float) -> dict[str, Any]:
        opened = self._opened
        return {
            "file": str(self._path),
            "dry_run": self._dry,
            "rows": done.rows,
            "taken": done.taken,
            "rejected": done.rejected,
            "new_customers": done.new_customers,
            "events": done.events,
            "known": done.known,
            "unreachable": asdict(done.remarks.unreachable),
            "overruled": asdict(done.remarks.overruled),
            "columns": dict(opened.columns),
            "left_out": list(opened.left_out),
            "notes": list(opened.notes),
            "entering": self._entering,
            "rejects_file": str(written) if written else None,
            "rejects": [
                {"row": one.row, "column": one.column, "value": one.value, "reason": one.reason} for one in self._first
            ],
            "seconds": round(seconds, 3),
        }


def _arrow(target: str, source: str) -> Text:
    return Text.assemble(source, (" → ", "dim"), (target, "bold"))


def _news(done: Imported) -> str:
    parts = [counted_big(done.new_customers, "customer"), counted_big(done.events, "event")]
    return " · ".join([*parts, *([f"{counted_big(done.known, 'event')} known before"] if done.known else [])])


def _remarks(found: Remarks) -> Iterator[str]:
    odd, later = found.unreachable, found.overruled
    if odd.count:
        letters = "letters before the @ that mail does not carry: nothing can be sent there"
        yield f"{counted_big(odd.count, 'row')} with {letters} (first: row {odd.first:,})"
    if later.count:
        said = "something else of a customer than a row shortly before; the last one counts"
        verb = "says" if later.count == 1 else "say"
        yield f"{counted_big(later.count, 'row')} {verb} {said} (first: row {later.first:,})"


def counted_big(number: int, noun: str) -> str:
    """Return ``1 customer`` or ``2,357 customers``."""
    return counted(number, noun).replace(str(number), f"{number:,}", 1)


def _shown(one: Rejected) -> str:
    return f"{one.column}: {one.reason}" if one.column else one.reason


def mapping_of(given: Sequence[str], here: Here) -> tuple[Mapping[str, str], Path | None]:
    """Return what ``--map`` said: columns one by one, or a file."""
    columns: dict[str, str] = {}
    files = []
    for one in given:
        column, mark, target = one.rpartition("=")
        if mark and not (here.cwd / one).is_file():
            columns[column.strip()] = target.strip()
        else:
            files.append(here.cwd / one)
    if len(files) > 1 or (files and columns):
        raise WrongUsage("one mapping file, or columns one by one:  --map Kenmerk=plan")
    return columns, files[0] if files else None


def said_of(
    kind: str,
    *,
    event: str | None,
    at: str | None,
    id_: str | None,
    customer: str | None,
    columns: Mapping[str, str],
    consent: Sequence[str],
) -> Said:
    """Return what the command line says about a file."""
    consents: dict[str, str | None] = {}
    for one in consent:
        topic, _, column = one.partition("=")
        consents[topic.strip()] = column.strip() or None
    if kind in ("", "customers", "events"):
        chosen = "events" if kind == "events" or (not kind and (event or at)) else "customers"
        return Said(chosen, None, event, at, id_, customer, columns, consents)  # type: ignore[arg-type]  # one of two
    return Said("objects", kind, event, at, id_, customer, columns, consents)


@contextmanager
def explained() -> Iterator[None]:
    """Say what is wrong with a file as a whole in the way commands do."""
    try:
        yield
    except UnknownNameError as problem:
        raise WrongUsage(problem.sentence, hint=problem.hint) from problem
    except MappingError as problem:
        raise Findings("\n      ".join((problem.sentence, *problem.more)), hint=problem.hint) from problem
    except UnreadableFileError as problem:
        raise Findings(problem.sentence, hint=problem.hint) from problem
