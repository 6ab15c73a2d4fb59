"""``lifeloop consent``: what customers said yes and no to, with its proof, and asking them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App, Parameter

from lifeloop.cli.errors import Exit, Findings, Refused, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, when, zone_for
from lifeloop.cli.shapes import ANYTHING, FLAG, INSTANT, TEXT, by_name, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.store.opt_ins import OptInRow
    from lifeloop.store.preferences import Wish
    from lifeloop.store.values import ConsentRow, Customer
    from lifeloop.work.opting import Asked
    from lifeloop.work.workspace import Workspace

SAID = fields_of(
    at=INSTANT, topic=TEXT, channel=TEXT, granted=FLAG, source=TEXT, wording=TEXT, version=TEXT, evidence=ANYTHING
)
ASKED = fields_of(topic=TEXT, at=INSTANT, expires_at=INSTANT, confirmed_at=maybe(INSTANT))
SHAPE = document(
    "`consent show`: present permissions by topic, all that was ever said with its proof, and requests that wait for a"
    " yes by mail.",
    customer=TEXT,
    permissions=by_name(FLAG),
    pace=maybe(TEXT),
    paused_until=maybe(INSTANT),
    ledger=many(SAID),
    requests=many(ASKED),
)
SHIPPED = Path(__file__).parents[1] / "double_opt_in"
FILES = {
    "consent.yaml": "journeys/consent.yaml",
    "confirm.md": "templates/consent/confirm.md",
    "confirm.nl.md": "templates/consent/confirm.nl.md",
}

app = App(
    name="consent",
    help="Show and ask for customers' permission, with its proof.",
    group_parameters="Options",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), show_default=False),
)


@app.command
def show(who: str, /, *, here: Here) -> int:
    """Show what a customer said yes and no to: when, where, to which words.

    Parameters
    ----------
    who
        Their id or e-mail address.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.store import consents, opt_ins, preferences
    from lifeloop.work.finding import find_customer

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
            present = consents.of_customer(tx, found.id)
            ledger = consents.history(tx, found.id)
            asked = opt_ins.of_customer(tx, found.id)
            wish = preferences.of_customer(tx, found.id)
        if here.out.as_json:
            here.out.json(_document(found, present, ledger, asked, wish))
        else:
            _print(here, space, found, present, ledger, asked, wish)
    return Exit.FINE


@app.command
def request(who: str, topic: str, /, *, wording: str = "", version: str = "", source: str = "hand", here: Here) -> int:
    """Ask a customer by mail whether they want a topic. Nothing is granted until they press the button in it.

    Use it for somebody who asked you to be written to. The mail is sent by the journey "consent"; if your project has
    none yet, "lifeloop consent setup" adds it. At most three such mails reach one address in 24 hours.

    Parameters
    ----------
    who
        Their id or e-mail address.
    topic
        The topic, as lifeloop.yaml names it.
    wording
        What stood beside the box they ticked; it is kept as proof.
    version
        Which version of those words.
    source
        Where they asked, such as website.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.finding import find_customer
    from lifeloop.work.links import LinksUnset
    from lifeloop.work.opting import NotPossible
    from lifeloop.work.opting import request as ask

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
        try:
            asked = ask(space, found.key, topic, wording=wording, version=version, source=source)
        except NotPossible as problem:
            raise WrongUsage(str(problem)) from problem
        except LinksUnset as problem:
            raise WrongUsage("a mail with a button needs a page to lead to", hint=str(problem)) from problem
        _say(here, asked)
    return Exit.FINE


@app.command
def setup(*, here: Here) -> int:
    """Add the journey and the mail that ask back, in English and Dutch. Files that are there stay as they are."""
    made = []
    for name, target in FILES.items():
        file = here.root / target
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text((SHIPPED / name).read_text(encoding="utf-8"), encoding="utf-8")
            made.append(here.shown(file))
    for path in made:
        here.out.print(f"  wrote {path}", wrap=False)
    if not made:
        here.out.print("Everything is there already.")
    here.out.note("Make it live:  lifeloop deploy")
    return Exit.FINE


def _say(here: Here, asked: Asked) -> None:
    match asked.refused:
        case None:
            here.out.print(f"A mail with a button is on its way about {asked.topic}; it is good for seven days.")
        case "granted":
            here.out.print(f"They said yes to {asked.topic} already.")
        case "too often":
            raise Refused("three such mails reached this address in the last 24 hours", hint="ask again tomorrow")
        case "no address":
            raise Findings("this customer has no e-mail address")
        case "no journey":
            hint = "add the journey that asks back:  lifeloop consent setup  and then  lifeloop deploy"
            raise Findings("no journey sends the mail that asks back", hint=hint)


def _print(
    here: Here,
    space: Workspace,
    found: Customer,
    present: Mapping[str, bool],
    ledger: tuple[ConsentRow, ...],
    asked: tuple[OptInRow, ...],
    wish: Wish,
) -> None:
    out, now = here.out, space.clock.now()
    zone = zone_for(found.data.get("timezone"), space.catalogue.timezone)
    out.print(f"{found.key} now")
    for topic, yes in sorted(present.items()):
        out.print(f"  {'yes' if yes else 'no':<4} {topic}")
    if not present:
        out.print("  nothing was ever said")
    if wish.pace == "weekly":
        out.print("  at most one mail a week")
    if wish.paused_until is not None and wish.paused_until > now:
        out.print(f"  silent until {when(wish.paused_until, zone, now)}")
    out.print("", f"What was said ({zone})")
    for row in ledger:
        where = "" if row.channel == "*" else f" by {row.channel}"
        words = f'  "{row.wording}"' if row.wording else ""
        version = f" (version {row.version})" if row.version else ""
        out.print(
            f"  {when(row.at, zone, now)}  {'yes' if row.granted else 'no':<4} {row.topic}{where}"
            f"  {row.source or 'unknown source'}{words}{version}",
            wrap=False,
        )
    for one in asked:
        if one.confirmed_at is None:
            state = "waits for a yes" if one.expires_at >= now else "was never confirmed"
            out.print(f"  {when(one.at, zone, now)}  asked {one.topic}, {state}", wrap=False)


def _document(
    found: Customer,
    present: Mapping[str, bool],
    ledger: tuple[ConsentRow, ...],
    asked: tuple[OptInRow, ...],
    wish: Wish,
) -> dict[str, Any]:
    return {
        "customer": found.key,
        "permissions": dict(present),
        "pace": wish.pace,
        "paused_until": None if wish.paused_until is None else iso(wish.paused_until),
        "ledger": [
            {
                "at": iso(row.at),
                "topic": row.topic,
                "channel": row.channel,
                "granted": row.granted,
                "source": row.source,
                "wording": row.wording,
                "version": row.version,
                "evidence": _evidence(row.evidence),
            }
            for row in ledger
        ],
        "requests": [
            {
                "topic": one.topic,
                "at": iso(one.at),
                "expires_at": iso(one.expires_at),
                "confirmed_at": None if one.confirmed_at is None else iso(one.confirmed_at),
            }
            for one in asked
        ],
    }


def _evidence(text: str) -> Any:
    """Return evidence as data; what an older import wrote may be a plain text."""
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text
