"""``lifeloop preview``: a message as one person would get it, with what a careful person would look at."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

from cyclopts import Parameter
from rich.text import Text

from lifeloop.cli.asked_message import AS_USUAL, Asked, Asking
from lifeloop.cli.completing import MessageName
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.mistakes import print_list
from lifeloop.cli.opened import TEMPLATES, open_project
from lifeloop.cli.output import Output
from lifeloop.cli.shapes import DIAGNOSTIC, FLAG, TEXT, by_name, document, fields_of, many, maybe, one_of
from lifeloop.engine.zones import utc
from lifeloop.journey.exchange import as_json
from lifeloop.message.checks import Check
from lifeloop.message.preview import Preview
from lifeloop.message.render import Renderer

SHAPE = document(
    "One message as one person would get it, once for each language asked for. `ok` is what the exit code says.",
    ok=FLAG,
    message=TEXT,
    person=maybe(TEXT),
    at=TEXT,
    previews=many(
        fields_of(
            locale=TEXT,
            file=TEXT,
            channel=TEXT,
            subject=TEXT,
            preheader=TEXT,
            sender=TEXT,
            text=TEXT,
            html=maybe(TEXT),
            links=many(TEXT),
            checks=many(
                fields_of(name=TEXT, state=one_of("ok", "warning", "error"), words=TEXT, found=many(DIAGNOSTIC))
            ),
            missing=by_name(TEXT),
            made_up=many(TEXT),
        )
    ),
)
STATES = {"ok": "green", "warning": "yellow", "error": "red"}
LABEL = 11


def preview(
    message: MessageName,
    /,
    *,
    asking: Asking = AS_USUAL,
    locales: bool = False,
    save: Path | None = None,
    open_: Annotated[bool, Parameter(name="--open")] = False,
    here: Here,
) -> int:
    """Show a message as one person would get it, and check it.

    Parameters
    ----------
    message
        The message, such as renewal/offer.
    locales
        In every language there is.
    save
        Write the mail as it looks to this file.
    open_
        Look at it in your browser.
    """
    opened = open_project(here)
    renderer = Renderer(opened.root / TEMPLATES, opened.catalogue)
    asked = Asked(opened, renderer, message, asking)
    shown = asked.previews() if locales else [asked.preview(None)]
    if save:
        _save(save, shown[0])
    if here.out.as_json:
        here.out.json(_document(asked, shown))
    else:
        for number, one in enumerate(shown):
            if number:
                here.out.print("")
            _print(here.out, one, named=locales)
    if open_:
        _open(here, shown[0], save)
    return Exit.FINE if all(_is_good(one) for one in shown) else Exit.FINDINGS


def _print(out: Output, one: Preview, *, named: bool) -> None:
    made = one.rendered
    if named:
        out.print(Text(f"{made.locale}   {one.file}", "bold"), wrap=False)
    if made.subject:
        _row(out, "Subject", made.subject, f"{len(made.subject)} characters")
    if made.preheader:
        _row(out, "Preview", made.preheader)
    if made.sender and made.html is not None:
        _row(out, "From", f"{made.sender.display} <{made.sender.address}>")
    _row(out, "Text", "")
    for line in made.text.strip().splitlines():
        out.print(Text(f"  {line}".rstrip()))
    _row(out, "Checks", Text(" · ").join(_check(check) for check in one.checks))
    found = [mistake for check in one.checks for mistake in check.found]
    if found:
        print_list(out, found, len(found))
    if one.missing:
        _row(out, "Missing", ", ".join(f"{locale} ({file} is used)" for locale, file in one.missing.items()))
    if one.made_up:
        _row(out, "Made up", ", ".join(one.made_up))


def _row(out: Output, label: str, words: str | Text, aside: str = "") -> None:
    row = Text.assemble((f"{label:<{LABEL}}", "dim"), words)
    if aside:
        row.append(f"   {aside}", "dim")
    out.print(row)


def _check(check: Check) -> Text:
    return Text(
        f"{check.name} {check.figure if check.state == 'ok' and check.figure else check.state}", STATES[check.state]
    )


def _is_good(one: Preview) -> bool:
    return all(check.state != "error" for check in one.checks)


def _save(file: Path, one: Preview) -> None:
    made = one.rendered
    try:
        file.write_text(made.text if made.html is None else made.html, encoding="utf-8")
    except OSError as problem:
        raise WrongUsage(f'"{file}" cannot be written: {problem.strerror}') from problem


def _open(here: Here, one: Preview, saved: Path | None) -> None:
    if not here.out.is_terminal:
        here.out.note("--open needs a window; --save FILE.html writes the mail instead")
        return
    if saved is None:
        with NamedTemporaryFile(prefix="lifeloop-", suffix=".html", delete=False) as file:
            saved = Path(file.name)
        _save(saved, one)
    webbrowser.open(saved.resolve().as_uri())


def _document(asked: Asked, shown: Sequence[Preview]) -> dict[str, Any]:
    return {
        "ok": all(_is_good(one) for one in shown),
        "message": asked.message,
        "person": asked.person.name if asked.person else None,
        "at": utc(asked.now),
        "previews": [_as_json(one) for one in shown],
    }


def _as_json(one: Preview) -> dict[str, Any]:
    made = one.rendered
    return {
        "locale": made.locale,
        "file": one.file,
        "channel": made.channel,
        "subject": made.subject,
        "preheader": made.preheader,
        "sender": f"{made.sender.display} <{made.sender.address}>" if made.sender else "",
        "text": made.text,
        "html": made.html,
        "links": list(one.links),
        "checks": [_check_document(check) for check in one.checks],
        "missing": dict(one.missing),
        "made_up": list(one.made_up),
    }


def _check_document(check: Check) -> dict[str, Any]:
    found = [as_json(one) for one in check.found]
    return {"name": check.name, "state": check.state, "words": check.words, "found": found}
