"""``lifeloop doctor``: is everything in order, and what to do where it is not."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from cyclopts import App, Group, Parameter
from rich.text import Text

from lifeloop import __version__
from lifeloop.cli.errors import Exit, NoProject, Unreachable, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.shapes import FLAG, TEXT, document, fields_of, many, one_of

if TYPE_CHECKING:
    from lifeloop.journey.catalogue import Catalogue
    from lifeloop.work.checking import Finding
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What was checked, line by line. `ok` is false when something is wrong; what is worth a look leaves it true.",
    ok=FLAG,
    checks=many(fields_of(level=one_of("fine", "look", "wrong"), what=TEXT, fix=TEXT)),
)
MARKS = {"fine": ("✓", "green"), "look": ("!", "yellow"), "wrong": ("✗", "red")}
WORDS = {"fine": "fine ", "look": "look ", "wrong": "wrong"}
PREFECT = "PREFECT_API_URL"
PATIENCE = 5
SLOW = 2.0
"""Seconds after which an answer is worth a remark."""


app = App(
    name="doctor",
    group_parameters=Group("Options", sort_key=0),
    help_format="plaintext",
    default_parameter=Parameter(negative=(), show_default=False),
)


@app.default
def doctor(*, report: Path | None = None, here: Here) -> int:
    """Check installation, project and database, and say what to do.

    Parameters
    ----------
    report
        Also write what was found to this file, without any customer's data or secrets: for whoever helps you.
    """
    from lifeloop.work import checking

    found = list(checking.installation())
    code = Exit.FINE
    try:
        space = _open(here)
    except NoProject as problem:
        found.append(checking.Finding("look", problem.sentence, problem.hint))
    except Unreachable as problem:
        found.append(checking.Finding("wrong", problem.sentence, problem.hint))
        code = Exit.UNREACHABLE
    else:
        try:
            found += [*checking.project(space), *_reached(space, here), *checking.database(space)]
        finally:
            space.close()
    found += _prefect()
    if any(one.level == "wrong" for one in found) and code is Exit.FINE:
        code = Exit.FINDINGS
    _print(here, found)
    if report is not None:
        _write(here, here.cwd / report, found)
    return code


@app.command
def domain(
    name: str,
    /,
    *,
    selector: tuple[str, ...] = (),
    from_file: Path | None = None,
    here: Here,
) -> int:
    """Check what the name service says of a domain that you send from: SPF, DKIM, DMARC, and where answers go.

    It is asked over the network, by this machine's name server, and nothing else is.

    Parameters
    ----------
    name
        The domain, such as example.com.
    selector
        Which DKIM key to check, as in the DKIM-Signature line of a mail of yours (s=NAME). May be said again.
    from_file
        Read the answers from this file instead: {"example.com TXT": ["v=spf1 -all"], …}.
    """
    from lifeloop.channel.dns import Unasked, Written, system_resolver
    from lifeloop.work.domain import check_domain

    try:
        resolver = Written(_answers(here.cwd / from_file)) if from_file else system_resolver()
        found = [*check_domain(name, resolver, _catalogue(here), selector), *_arrival(here)]
    except Unasked as problem:
        raise Unreachable(
            f"nobody could be asked about {name}: {problem}", hint="with answers from elsewhere:  --from-file FILE.json"
        ) from problem
    _print(here, found)
    return Exit.FINDINGS if any(one.level == "wrong" for one in found) else Exit.FINE


def _answers(path: Path) -> dict[str, list[str]]:
    wrong = f'"{path.name}" does not hold answers of the name service'
    hint = 'write it like {"example.com TXT": ["v=spf1 -all"], "example.com MX": ["10 mail.example.com"]}'
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise WrongUsage(f'"{path.name}" cannot be read: {(problem.strerror or "").lower()}') from problem
    except ValueError as problem:
        raise WrongUsage(wrong, hint=hint) from problem
    if not isinstance(found, dict) or not all(
        isinstance(records, list) and all(isinstance(one, str) for one in records) for records in found.values()
    ):
        raise WrongUsage(wrong, hint=hint)
    return found


def _catalogue(here: Here) -> Catalogue | None:
    """Return what the project declares; a domain can be checked without one."""
    from lifeloop.cli.opened import open_project

    try:
        return open_project(here).catalogue
    except NoProject:
        return None


def _arrival(here: Here) -> list[Finding]:
    """Return what became of this project's mail lately; a domain can be checked without a project."""
    from lifeloop.work.arrival import lately

    try:
        space = _open(here)
    except (NoProject, Unreachable):
        return []
    try:
        return lately(space)
    finally:
        space.close()


def _open(here: Here) -> Workspace:
    from lifeloop.cli.database import open_rooms

    return open_rooms(here)


def _reached(space: Workspace, here: Here) -> list[Finding]:
    from lifeloop.work.reaching import reach

    with here.out.progress(None, "knocking at mail servers, connections and the mailbox"):
        return asyncio.run(reach(space))


def _prefect() -> Iterator[Finding]:
    """Ask the Prefect server whether it is there, if one is named; without loading Prefect, which takes seconds."""
    from lifeloop.work.checking import Finding

    address = os.environ.get(PREFECT)
    if not address:
        return
    if urlsplit(address).scheme not in ("http", "https"):
        yield Finding("wrong", f"{PREFECT} is not a web address", f"{PREFECT}=http://127.0.0.1:4200/api")
        return
    began = perf_counter()
    try:
        with urlopen(f"{address.rstrip('/')}/health", timeout=PATIENCE) as answer:  # noqa: S310  # http or https, see above
            well = answer.status == 200  # noqa: PLR2004  # HTTP's word for fine
    except (URLError, OSError, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        yield Finding("wrong", f"the Prefect server does not answer ({reason})", "prefect server start")
        return
    seconds = perf_counter() - began
    if not well:
        yield Finding("wrong", "the Prefect server says that it is not well")
    elif seconds > SLOW:
        yield Finding("look", f"the Prefect server takes {seconds:.1f} s to answer", "give it PostgreSQL, not SQLite")
    else:
        yield Finding("fine", f"the Prefect server answers in {seconds * 1000:.0f} ms")


def _print(here: Here, found: list[Finding]) -> None:
    out = here.out
    if out.as_json:
        out.json({"ok": all(one.level != "wrong" for one in found), "checks": [_document(one) for one in found]})
        return
    for one in found:
        mark, style = MARKS[one.level]
        label = WORDS[one.level] if out.plain else mark
        say(out, label, one.what, Text(one.fix, "cyan"), style=style, width=len(label) + 1)


def _write(here: Here, path: Path, found: list[Finding]) -> None:
    told: dict[str, Any] = {
        "lifeloop": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "checks": [_document(one) for one in found],
    }
    try:
        path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        here.out.error(f"the report could not be written: {(problem.strerror or '').lower()}")
    else:
        here.out.note(f"written to {here.shown(path)}; it holds no customer's data")


def _document(one: Finding) -> dict[str, str]:
    return {"level": one.level, "what": one.what, "fix": one.fix}
