"""``lifeloop preview``: a message as one person would get it, with what a careful person would look at."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from rich.text import Text

from lifeloop.cli.completing import JourneyName, MessageName, PersonName
from lifeloop.cli.errors import Exit, Findings, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.opened import TEMPLATES, Opened, open_project
from lifeloop.cli.output import Output
from lifeloop.cli.shapes import FLAG, TEXT, by_name, document, fields_of, many, maybe, one_of
from lifeloop.clock import Instant, SystemClock
from lifeloop.engine.zones import instant_of, utc, zone_named
from lifeloop.journey.condition import Value
from lifeloop.journey.literals import parse_datetime
from lifeloop.journey.nearest import nearest
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Send
from lifeloop.message.checks import Check
from lifeloop.message.errors import MessageError
from lifeloop.message.preview import Preview
from lifeloop.message.preview import preview as preview_message
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
            checks=many(fields_of(name=TEXT, state=one_of("ok", "warning", "error"), words=TEXT)),
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
    person: Annotated[PersonName | None, Parameter(name="--as")] = None,
    at: str | None = None,
    journey: JourneyName | None = None,
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
    person
        One of your sample people, such as ana. Without it: the one that the message names as its sample.
    at
        The moment it is sent, such as 2026-06-01 or "2026-06-01 09:30".
    journey
        The journey that sends it, when several do: what the step says comes along.
    locales
        In every language there is.
    save
        Write the mail as it looks to this file.
    open_
        Look at it in your browser.
    """
    opened = open_project(here)
    renderer = Renderer(opened.root / TEMPLATES, opened.catalogue)
    asked = _Asked(opened, renderer, _known(message, renderer), _instant(opened, at), journey)
    asked.person = _person(opened, renderer, message, person)
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


class _Asked:
    """What is looked at: which message, as whom, when, and what its step adds."""

    def __init__(self, opened: Opened, renderer: Renderer, message: str, now: Instant, journey: str | None) -> None:
        self.message = message
        self.now = now
        self.person: Person | None = None
        self._renderer = renderer
        self._step, self._values = _step(opened, message, journey)

    def preview(self, locale: str | None) -> Preview:
        """Return it in one language, or in the person's own."""
        step = self._step
        try:
            return preview_message(
                self._renderer,
                self.message,
                person=self.person,
                at=self.now,
                locale=locale,
                topic=step.policy.topic if step else None,
                context={"values": dict(self._values)} if self._values else None,
                args=step.args if step else None,
            )
        except MessageError as problem:
            raise Findings(f"{self.message} cannot be written: {problem}") from problem

    def previews(self) -> list[Preview]:
        """Return it in every language it is written in."""
        texts = self._renderer.messages[self.message].values()
        return [self.preview(locale) for locale in sorted({self._renderer.locale_of(text) for text in texts})]


def _known(message: str, renderer: Renderer) -> str:
    if message in renderer.messages:
        return message
    near = nearest(message, renderer.messages)
    question = f', did you mean "{near}"?' if near else ""
    folder = message.partition("/")[0]
    there = sorted(name for name in renderer.messages if name.startswith(f"{folder}/")) or sorted(renderer.messages)
    raise WrongUsage(f'there is no message "{message}"{question}', hint=f"there is: {', '.join(there)}")


def _person(opened: Opened, renderer: Renderer, message: str, name: str | None) -> Person | None:
    """Return who was asked for, else the sample that the text names, else the first there is."""
    if name is not None:
        return opened.person(name)
    people = opened.project.people
    return people.get(renderer.template(message).said("sample")) or next(iter(people.values()), None)


def _instant(opened: Opened, text: str | None) -> Instant:
    if text is None:
        return SystemClock().now()
    moment = parse_datetime(text)
    zone = zone_named(opened.catalogue.timezone) or ZoneInfo("UTC")
    if moment is None:
        raise WrongUsage(f'"{text}" is not a moment', hint='write it like 2026-06-01 or "2026-06-01 09:30"')
    wall = datetime.fromisoformat(moment)
    return instant_of(wall.date(), wall.time(), zone)


def _step(opened: Opened, message: str, journey: str | None) -> tuple[Send | None, Mapping[str, Value]]:
    """Return the step that sends a message, of the named journey or of the first that does, and that one's values."""
    chosen = [opened.journey(journey)] if journey else list(opened.project.journeys.values())
    for one in chosen:
        for node in one.plan.nodes if one.plan else ():
            if isinstance(node, Send) and node.message == message and one.plan:
                return node, one.plan.values
    if journey:
        raise WrongUsage(f'"{journey}" does not send "{message}"', hint="leave --journey out")
    return None, {}


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
    _row(out, "Links", _links(one))
    _row(out, "Checks", Text(" · ").join(_check(check) for check in one.checks))
    if one.missing:
        _row(out, "Missing", ", ".join(f"{locale} ({file} is used)" for locale, file in one.missing.items()))
    if one.made_up:
        _row(out, "Made up", ", ".join(one.made_up))


def _row(out: Output, label: str, words: str | Text, aside: str = "") -> None:
    row = Text.assemble((f"{label:<{LABEL}}", "dim"), words)
    if aside:
        row.append(f"   {aside}", "dim")
    out.print(row)


def _links(one: Preview) -> str:
    count = len(one.links)
    return f"{count - one.untracked} ok" + (f" · {one.untracked} without a tracking name" if one.untracked else "")


def _check(check: Check) -> Text:
    words = f"{check.name} {check.words or check.state}".strip()
    return Text(words if check.state == "ok" else f"{words} ({check.state})", STATES[check.state])


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


def _document(asked: _Asked, shown: Sequence[Preview]) -> dict[str, Any]:
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
        "checks": [{"name": check.name, "state": check.state, "words": check.words} for check in one.checks],
        "missing": dict(one.missing),
        "made_up": list(one.made_up),
    }
