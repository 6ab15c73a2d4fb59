"""``lifeloop customer``: all that is known about one person, and what will come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import ahead, iso, when, zone_for
from lifeloop.cli.shapes import ANYTHING, FLAG, INSTANT, TEXT, by_name, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.rehearse.story import Line
    from lifeloop.store.values import Customer, StoredObject
    from lifeloop.work.story import Story
    from lifeloop.work.workspace import Workspace

LINE = fields_of(at=INSTANT, kind=TEXT, words=TEXT, journey=maybe(TEXT), aside=TEXT, data=ANYTHING)
SHAPE = document(
    "One customer: their data, their things, their permissions by topic, what happened in order (`past`) and what waits"
    " until when (`ahead`). `shortened`: there is more past than was asked for.",
    customer=TEXT,
    timezone=TEXT,
    data=ANYTHING,
    things=many(fields_of(kind=TEXT, key=TEXT, fields=ANYTHING)),
    permissions=by_name(FLAG),
    past=many(LINE),
    ahead=many(LINE),
    shortened=FLAG,
)
SHOWN_FIRST = ("email", "phone", "first_name", "last_name", "locale", "timezone")


def customer(
    who: str,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = 40,
    here: Here,
) -> int:
    """Show one customer: data, permissions, and their whole story across journeys.

    The past, and what lies ahead. Times are on the customer's own clock. Personal data is shown: you are on the
    operator's machine.

    Parameters
    ----------
    who
        Their id or e-mail address.
    limit
        How many lines of the past to show; the newest.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.store import consents, objects
    from lifeloop.work.finding import find_customer
    from lifeloop.work.story import tell

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
            things = objects.of_customers(tx, [found.id])
            permissions = consents.of_customer(tx, found.id)
            story = tell(space, tx, found, limit)
        if here.out.as_json:
            here.out.json(_document(space, found, things, permissions, story))
        else:
            _print(here, space, found, things, permissions, story)
    return Exit.FINE


def _print(
    here: Here,
    space: Workspace,
    found: Customer,
    things: tuple[StoredObject, ...],
    permissions: dict[str, bool],
    story: Story,
) -> None:
    from lifeloop.cli.timeline import Timeline

    out, zone, now = here.out, zone_for(found.data.get("timezone"), space.catalogue.timezone), space.clock.now()
    out.print(Text.assemble((_name(found), "bold"), f"   {found.key}"))
    data = {name: found.data[name] for name in SHOWN_FIRST if name in found.data}
    data |= {name: value for name, value in sorted(found.data.items()) if name not in data and name != "id"}
    if data:
        say(out, "data", *(_pair(name, value) for name, value in data.items()))
    for thing in things:
        fields = (_pair(name, value) for name, value in thing.fields.items() if value != thing.key)
        say(out, thing.kind, Text(thing.key, "bold"), *fields)
    said = (Text(f"{'✓' if yes else '✗'} {topic}", "green" if yes else "red") for topic, yes in permissions.items())
    said_plainly = (Text(f"{'yes' if yes else 'no'} to {topic}") for topic, yes in permissions.items())
    say(out, "consent", *(said_plainly if out.plain else said) if permissions else ("nothing was ever said",))
    out.print("")
    if story.shortened:
        out.print(Text("  … earlier lines:  --limit 1000", "dim"))
    if story.past:
        Timeline(out, zone, several=True).draw(story.past)
    else:
        out.print("  Nothing has happened yet.")
    _print_ahead(here, story, zone, now)


def _print_ahead(here: Here, story: Story, zone: ZoneInfo, now: int) -> None:
    out = here.out
    out.print("", Text(f"Ahead ({zone})", "bold"))
    if not story.ahead:
        out.print("  Nothing waits.")
    for line in story.ahead:
        mark = "" if out.plain else "○ "
        day = "now" if line.at <= now else when(line.at, zone, now)
        text = Text.assemble((f" {day:<22}", "dim"), f"{mark}{line.kind:<10}", (f"{line.journey or '':<14}", "dim"))
        text.append(line.words)
        text.append(f"   {line.aside}" if line.aside else "", "dim")
        text.append(f"   {ahead(line.at, now)}" if line.at > now else "", "dim")
        out.print(text, wrap=False)


def _name(found: Customer) -> str:
    names = [str(found.data[part]) for part in ("first_name", "last_name", "name") if found.data.get(part)]
    return " ".join(names) or str(found.data.get("email") or found.key)


def _pair(name: str, value: Any) -> Text:
    from lifeloop.rehearse.story import shown

    return Text.assemble((f"{name} ", "dim"), shown(value))


def _document(
    space: Workspace,
    found: Customer,
    things: tuple[StoredObject, ...],
    permissions: dict[str, bool],
    story: Story,
) -> dict[str, Any]:
    return {
        "customer": found.key,
        "timezone": str(zone_for(found.data.get("timezone"), space.catalogue.timezone)),
        "data": {name: value for name, value in found.data.items() if name != "id"},
        "things": [{"kind": one.kind, "key": one.key, "fields": dict(one.fields)} for one in things],
        "permissions": permissions,
        "past": [_line(line) for line in story.past],
        "ahead": [_line(line) for line in story.ahead],
        "shortened": story.shortened,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "at": iso(line.at),
        "kind": line.kind,
        "words": line.words,
        "journey": line.journey,
        "aside": line.aside,
        "data": dict(line.data),
    }
