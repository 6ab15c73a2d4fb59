"""``lifeloop status``: where people and messages are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.text import Text

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import ahead, iso_or_none, when, zone_for
from lifeloop.cli.shapes import COUNT, FLAG, INSTANT, TEXT, by_name, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.work.status import Standing, Standings
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "Where people and messages of every journey, or of one, are. `runs`: by status (waiting, completed, stopped,"
    " failed); `messages`: by status. `waiting_at`: by step. `stopped` and `failed`: by reason. `halted`: why nothing"
    " may leave at all. `next_due`: when anything is looked at again.",
    halted=maybe(TEXT),
    customers=COUNT,
    journeys=many(
        fields_of(
            journey=TEXT,
            live=FLAG,
            paused=maybe(TEXT),
            runs=by_name(COUNT),
            may_enter=COUNT,
            goal_reached=COUNT,
            messages=by_name(COUNT),
            calls_and_questions=by_name(COUNT),
            waiting_at=by_name(COUNT),
            stopped=by_name(COUNT),
            failed=by_name(COUNT),
            next_due=maybe(INSTANT),
        )
    ),
)
STUCK = ("held", "uncertain", "rejected", "assumed_sent")
"""Messages that a person may want to look at."""
LOST = ("suppressed", "capped", "expired", "cancelled")


def status(journey: JourneyName = "", /, *, here: Here) -> int:
    """Say where people and messages are.

    How many are on the way, waiting, through, stopped, and why.

    Parameters
    ----------
    journey
        One journey, with its steps and reasons. Without it: all of them, a line each.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.store import customers, journeys
    from lifeloop.work.finding import check_journey
    from lifeloop.work.status import standings, waiting_where

    with rooms(here) as space:
        with space.store.reading() as tx:
            name = check_journey(space, tx, journey) if journey else ""
            found = [one for one in standings(tx) if not name or one.name == name]
            halted, known = journeys.halted(tx), customers.count(tx)
            steps = waiting_where(tx, name) if name else ()
            labels = _labels(space, found) if name else {}
        if here.out.as_json:
            here.out.json({"halted": halted, "customers": known, "journeys": [_document(one) for one in found]})
            return Exit.FINE
        if halted:
            here.out.print(Text(f"Nothing leaves: {halted}", "bold red"), _way_on(halted), "")
        if name and found:
            _one(here, space, found[0], steps, labels)
        elif name:
            here.out.print(f"{name} is not live yet; it goes live with:  lifeloop run")
        else:
            _all(here, space, found, known)
    return Exit.FINE


def _all(here: Here, space: Workspace, found: Sequence[Standings], known: int) -> None:
    if not found:
        here.out.print("No journey is live yet. They go live with:  lifeloop run", _known(known))
        return
    now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    rows = [
        (
            one.name,
            one.counts.runs.get("waiting", 0),
            one.counts.runs.get("completed", 0),
            one.counts.runs.get("stopped", 0),
            one.counts.messages.get("sent", 0),
            _next(one, zone, now),
            _rest(one),
        )
        for one in found
    ]
    columns = ("journey", ">inside", ">through", ">stopped", ">sent", "goes on", "")
    noted = any(row[-1] for row in rows)
    here.out.table(columns if noted else columns[:-1], rows if noted else [row[:-1] for row in rows])
    if not any(one.counts.runs for one in found):
        here.out.print(
            "", "Nobody has entered yet." + ("" if known else " Import customers:  lifeloop import people.csv")
        )
    else:
        here.out.note("", "one of them in full:  lifeloop status JOURNEY     who waits where:  lifeloop who JOURNEY")


def _rest(one: Standings) -> str:
    notes = [f"{one.counts.runs['failed']:,} failed"] if one.counts.runs.get("failed") else []
    stuck = {word: one.counts.messages.get(word, 0) + one.counts.others.get(word, 0) for word in STUCK}
    notes += [f"{count:,} {_word(word)}" for word, count in stuck.items() if count]
    if one.paused is not None:
        notes.append("paused")
    if not one.live:
        notes.append("no longer live")
    return ", ".join(notes)


def _next(one: Standings, zone: ZoneInfo, now: int) -> str:
    due = one.counts.next_due
    if due is None:
        return ""
    return "now" if due <= now else when(due, zone, now)


def _one(here: Here, space: Workspace, one: Standings, steps: Sequence[Standing], labels: Mapping[str, str]) -> None:
    out, counts = here.out, one.counts
    now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    state = f"paused: {one.paused}" if one.paused is not None else "live" if one.live else "no longer live"
    out.print(Text.assemble((one.name, "bold"), f"   {state}"))
    runs = counts.runs
    entered = sum(runs.values())
    say(
        out,
        "people",
        f"{entered:,} entered",
        *([f"{counts.candidates:,} may enter later"] if counts.candidates else []),
    )
    if not entered:
        say(out, "", "nobody has entered yet")
    if counts.converted:
        say(out, "goal", f"{counts.converted:,} reached it ({counts.converted / entered:.0%})")
    for step in steps:
        due = "" if step.next_due is None else f"the first {_until(step.next_due, when(step.next_due, zone, now), now)}"
        say(out, "wait" if step is steps[0] else "", f"{step.count:,}  {labels.get(step.node, step.node)}", due)
    if runs.get("completed"):
        say(out, "through", f"{runs['completed']:,}")
    _reasons(here, "stopped", one.ended("stopped"), "")
    _reasons(here, "failed", one.ended("failed"), "red")
    if counts.messages:
        said = [f"{count:,} {_word(word)}" for word, count in _ordered(counts.messages)]
        say(out, "messages", *said)
    if counts.others:
        say(out, "others", *(f"{count:,} {_word(word)}" for word, count in _ordered(counts.others)))
    if counts.next_due is not None:
        say(out, "goes on", when(counts.next_due, zone, now), ahead(counts.next_due, now))


def _reasons(here: Here, label: str, reasons: Mapping[str, int], style: str) -> None:
    for place, (reason, count) in enumerate(reasons.items()):
        say(here.out, label if place == 0 else "", Text(f"{count:,}  {reason or 'no reason given'}", style))


def _until(due: int, day: str, now: int) -> str:
    return "now" if due <= now else f"goes on {day}"


def _ordered(messages: Mapping[str, int]) -> list[tuple[str, int]]:
    order = ("sent", "ready", "attempting", *STUCK, *LOST)
    return sorted(messages.items(), key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))


def _word(status_: str) -> str:
    return {"ready": "waiting to leave", "attempting": "leaving", "assumed_sent": "probably sent"}.get(status_, status_)


def _labels(space: Workspace, found: Sequence[Standings]) -> dict[str, str]:
    from lifeloop.store import journeys
    from lifeloop.work.status import waiting_words

    names = {one.name for one in found}
    with space.store.reading() as tx:
        plans = space.plans.by_digest(tx, journeys.in_use(tx)).values()
    return {
        node.id: f"{waiting_words(node)}  ({node.id})" for plan in plans if plan.journey in names for node in plan.nodes
    }


def _way_on(halted: str) -> str:
    restored = "this database" in halted
    return "to go on here:  lifeloop resume --here" if restored else "to go on:  lifeloop resume --all"


def _known(known: int) -> str:
    return (
        f"{known:,} customers are known." if known else "Nobody is known yet. Import them:  lifeloop import people.csv"
    )


def _document(one: Standings) -> dict[str, Any]:
    return {
        "journey": one.name,
        "live": one.live,
        "paused": one.paused,
        "runs": dict(one.counts.runs),
        "may_enter": one.counts.candidates,
        "goal_reached": one.counts.converted,
        "messages": dict(one.counts.messages),
        "calls_and_questions": dict(one.counts.others),
        "waiting_at": dict(one.counts.waiting_at),
        "stopped": one.ended("stopped"),
        "failed": one.ended("failed"),
        "next_due": iso_or_none(one.counts.next_due),
    }
