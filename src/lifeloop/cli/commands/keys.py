"""``lifeloop keys``: who may write to the ingest API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, iso_or_none, when, zone_for
from lifeloop.cli.shapes import COUNT, INSTANT, TEXT, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.store.write_keys import WriteKeyRow
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "`keys list`: who may write. `hint` is how a key ends; the key itself is kept nowhere. `keys add` and"
    " `keys rotate` give the new key as `key` besides, this once, and `keys list` never.",
    key=maybe(TEXT),
    keys=many(
        fields_of(
            name=TEXT,
            hint=TEXT,
            scopes=many(TEXT),
            origins=many(TEXT),
            rate=maybe(COUNT),
            signed=maybe(TEXT),
            made=INSTANT,
            expires=maybe(INSTANT),
        )
    ),
)
Word = Literal["track", "identify", "answer", "admin"]
A_DAY = "24 hours"
_ENV = re.compile(r"env\.[A-Za-z_]\w*")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_ORIGIN = re.compile(r"https?://[^/\s]+")

app = App(
    name="keys",
    help="Let systems of yours send events, and take that back.",
    group_parameters="Options",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), show_default=False),
)


@app.command
def add(
    name: str,
    /,
    *,
    scope: Annotated[tuple[Word, ...], Parameter(name="--scope")] = ("track", "identify"),
    origin: Annotated[tuple[str, ...], Parameter(name="--origin")] = (),
    rate: Annotated[int | None, Parameter(validator=Number(gte=1, lte=1_000_000))] = None,
    signed: str | None = None,
    here: Here,
) -> int:
    """Make a key for one system of yours, and show it: this once.

    Parameters
    ----------
    name
        What the key is for, such as webshop. Ids of events are unique within it.
    scope
        What it may do: track (send events), identify (say who customers are and what they have), answer (answer
        questions of journeys), admin (all of it). Without it: track and identify.
    origin
        A web page that may use it from a browser, such as https://www.example.com.
    rate
        How many events it may send in a second.
    signed
        Every request must be signed, too, as Standard Webhooks are; the secret is in this variable, such as
        env.SHOP_SECRET.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import keys

    _check(name, origin, signed)
    with rooms(here) as space:
        try:
            key = keys.add(space, name, scopes=scope, origins=origin, rate=rate, signing=signed)
        except keys.KeyExists:
            hint = f"exchange it:  lifeloop keys rotate {name}"
            raise WrongUsage(f'there is a key "{name}" already', hint=hint) from None
        _show(here, space, name, key)
    return Exit.FINE


@app.command(name="list")
def list_(*, here: Here) -> int:
    """List keys: what they may do, how they end, and until when they hold."""
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.keys import listed

    with rooms(here) as space:
        found, now = listed(space), space.clock.now()
        zone = zone_for(None, space.catalogue.timezone)
    if here.out.as_json:
        here.out.json({"key": None, "keys": [_document(one) for one in found]})
        return Exit.FINE
    for one in found:
        here.out.print(
            f"{one.name:<16} …{one.hint}  {_words(one)}  made {when(one.made_at, zone, now)}{_end(one, now)}"
        )
    if not found:
        here.out.note("nobody may write yet:  lifeloop keys add webshop")
    return Exit.FINE


@app.command
def rotate(name: str, /, *, overlap: str = A_DAY, here: Here) -> int:
    """Make a new key of a name, and show it: this once. The one before it holds for a while, so that nothing is lost.

    Parameters
    ----------
    name
        The key's name.
    overlap
        How long the one before it still holds. Without it: 24 hours.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import keys

    with rooms(here) as space, _known(name):
        _show(here, space, name, keys.rotate(space, name, _until(space, overlap)))
    return Exit.FINE


@app.command
def revoke(name: str, /, *, here: Here) -> int:
    """Take a key back, with all that came before it under its name. It opens nothing from the next second on.

    Parameters
    ----------
    name
        The key's name.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import keys

    with rooms(here) as space, _known(name):
        keys.revoke(space, name)
    here.out.print(f"{name} opens nothing any more")
    return Exit.FINE


@contextmanager
def _known(name: str) -> Iterator[None]:
    from lifeloop.work.keys import NoSuchKey

    try:
        yield
    except NoSuchKey:
        hint = "see which there are:  lifeloop keys list"
        raise WrongUsage(f'there is no key "{name}" that still holds', hint=hint) from None


def _check(name: str, origins: Sequence[str], signed: str | None) -> None:
    if _NAME.fullmatch(name) is None:
        raise WrongUsage(
            f'"{name}" cannot be the name of a key', hint="small letters, digits, - and . such as  webshop"
        )
    if signed is not None and _ENV.fullmatch(signed) is None:
        raise WrongUsage("a secret is named by its variable", hint="write it so:  --signed env.SHOP_SECRET")
    wrong = next((one for one in origins if _ORIGIN.fullmatch(one) is None), None)
    if wrong is not None:
        raise WrongUsage(f'"{wrong}" is not where a page comes from', hint="such as  --origin https://www.example.com")


def _until(space: Workspace, text: str) -> int:
    from lifeloop.engine.timing import add_length
    from lifeloop.journey.lengths import parse_length

    length = parse_length(text)
    if length is None:
        raise WrongUsage(f'"{text}" is not a length of time', hint='such as  --overlap "2 days"')
    return add_length(space.clock.now(), length, zone_for(None, space.catalogue.timezone))


def _show(here: Here, space: Workspace, name: str, key: str) -> None:
    from lifeloop.work.keys import listed

    if here.out.as_json:
        here.out.json({"key": key, "keys": [_document(one) for one in listed(space) if one.name == name]})
        return
    here.out.print(key)
    here.out.note("Keep it now: it is not shown again, and nobody can read it out of the database.")


def _document(one: WriteKeyRow) -> dict[str, Any]:
    return {
        "name": one.name,
        "hint": one.hint,
        "scopes": list(one.scopes),
        "origins": list(one.origins),
        "rate": one.rate,
        "signed": one.signing,
        "made": iso(one.made_at),
        "expires": iso_or_none(one.expires_at),
    }


def _words(one: WriteKeyRow) -> str:
    signed = [f"signed by {one.signing}"] if one.signing else []
    pages = [f"from {', '.join(one.origins)}"] if one.origins else []
    rate = [f"{one.rate:,} a second"] if one.rate else []
    return " · ".join([", ".join(one.scopes), *signed, *pages, *rate])


def _end(one: WriteKeyRow, now: int) -> str:
    if one.expires_at is None:
        return ""
    return "  ended" if one.expires_at <= now else f"  ends in {-(-(one.expires_at - now) // 3600)} h"
