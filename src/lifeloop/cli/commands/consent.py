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
    from lifeloop.engine.values import Sale
    from lifeloop.store.opt_ins import OptInRow
    from lifeloop.store.preferences import Wish
    from lifeloop.store.values import ConsentRow, Customer
    from lifeloop.work.opting import Asked
    from lifeloop.work.workspace import Workspace

SAID = fields_of(
    at=INSTANT, topic=TEXT, channel=TEXT, granted=FLAG, source=TEXT, wording=TEXT, version=TEXT, evidence=ANYTHING
)
ASKED = fields_of(topic=TEXT, at=INSTANT, expires_at=INSTANT, confirmed_at=maybe(INSTANT))
SOLD = fields_of(reference=TEXT, product=TEXT, at=INSTANT, opt_out_offered=FLAG, company=TEXT)
SHAPE = document(
    "`consent show`: present permissions by topic, all that was ever said with its proof, requests that wait for a"
    " yes by mail, and sales that let us write about similar things.",
    customer=TEXT,
    permissions=by_name(FLAG),
    pace=maybe(TEXT),
    paused_until=maybe(INSTANT),
    ledger=many(SAID),
    requests=many(ASKED),
    sales=many(SOLD),
)
SHAPES = {
    "request": document(
        "Whether a mail with a button is on its way: `asked` is false if they said yes already.", topic=TEXT, asked=FLAG
    ),
    "setup": document("The files that were written; none that were there.", wrote=many(TEXT)),
}
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
    from lifeloop.store import consents, opt_ins, preferences, sales
    from lifeloop.work.finding import find_customer

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
            present = consents.of_customer(tx, found.id)
            ledger = consents.history(tx, found.id)
            asked = opt_ins.of_customer(tx, found.id)
            wish = preferences.of_customer(tx, found.id)
            bought = sales.of_customers(tx, [found.id]).get(found.id, ())
        if here.out.as_json:
            here.out.json(_document(found, present, ledger, asked, wish) | {"sales": [_sale(one) for one in bought]})
        else:
            _print(here, space, found, present, ledger, asked, wish)
            _print_sales(here, space, found, bought)
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
def sale(
    who: str,
    product: str,
    reference: str,
    /,
    *,
    at: str = "",
    opt_out_offered: bool = False,
    source: str = "hand",
    here: Here,
) -> int:
    """Note a sale in which you got a customer's address, so that you may write about similar things without a yes.

    It counts for topics that name the product under "similar_to", where the law of the customer's country allows it,
    and only if they could say no at the sale itself. Whatever they say later goes first.

    Parameters
    ----------
    who
        Their id or e-mail address.
    product
        What they bought, by the name that topics use, such as electricity.
    reference
        The order or contract, so that it can be looked up.
    at
        When: 2026-03-01, or with a time. Today unless said.
    opt_out_offered
        They could say no to being written to right there, at no cost.
    source
        Who says so, such as shop.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.finding import find_customer
    from lifeloop.work.selling import NotThen, note_sale

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = find_customer(tx, who)
        try:
            sold = note_sale(
                space, found, product=product, reference=reference, at=at, offered=opt_out_offered, source=source
            )
        except NotThen as problem:
            raise WrongUsage(str(problem), hint="write  --at 2026-03-01") from problem
        if not sold:
            here.out.print(f"{reference} was noted before; it stays as it is.")
        elif not opt_out_offered:
            here.out.print("Noted. It allows nothing: they could not say no right there (--opt-out-offered).")
        else:
            here.out.print(f"Noted: {found.key} bought {product} ({reference}).")
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
    if here.out.as_json:
        here.out.json({"wrote": made})
        return Exit.FINE
    for path in made:
        here.out.print(f"  wrote {path}", wrap=False)
    if not made:
        here.out.print("Everything is there already.")
    here.out.note("Make it live:  lifeloop deploy")
    return Exit.FINE


def _say(here: Here, asked: Asked) -> None:
    if here.out.as_json and asked.refused in (None, "granted"):
        here.out.json({"topic": asked.topic, "asked": asked.refused is None})
        return
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


def _print_sales(here: Here, space: Workspace, found: Customer, bought: tuple[Sale, ...]) -> None:
    zone = zone_for(found.data.get("timezone"), space.catalogue.timezone)
    for one in bought:
        offered = "could say no there" if one.offered else "could not say no there: it allows nothing"
        moment = when(one.at, zone, space.clock.now())
        here.out.print(f"  {moment}  sale {one.product}  {one.reference}, {one.entity}, {offered}", wrap=False)


def _sale(one: Sale) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "product": one.product,
        "at": iso(one.at),
        "opt_out_offered": one.offered,
        "company": one.entity,
    }


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
