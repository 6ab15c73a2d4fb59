"""``lifeloop status``: where people and messages are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.text import Text

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit
from lifeloop.cli.halted import HALT, halt_document, say_halts
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import ahead, iso_or_none, when, zone_for
from lifeloop.cli.paced import WAY_OUT, say_ways, way_document
from lifeloop.cli.shapes import COUNT, FLAG, INSTANT, TEXT, by_name, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.store.halts import HaltRow
    from lifeloop.work import endpoints
    from lifeloop.work.arrival import Arrival
    from lifeloop.work.pacing import Standing as WayStanding
    from lifeloop.work.status import Standing, Standings
    from lifeloop.work.watching import Watched
    from lifeloop.work.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that there is to say, read at one moment. ``name``: the one journey that was asked about, or nothing."""

    name: str
    found: Sequence[Standings]
    steps: Sequence[Standing]
    labels: Mapping[str, str]
    customers: int
    halted: str | None
    halts: Sequence[HaltRow]
    watched: Sequence[Watched]
    arrival: Arrival
    ways: Sequence[WayStanding]
    connections: Sequence[endpoints.Standing]


CONNECTION = fields_of(
    connection=TEXT,
    failing_since=maybe(INSTANT),
    switched_off=maybe(INSTANT),
    reason=maybe(TEXT),
    retrying=COUNT,
    next_try=maybe(INSTANT),
    failed=COUNT,
)
SHAPE = document(
    "Where people and messages of every journey, or of one, are. `runs`: by status (waiting, completed, stopped,"
    " failed); `connections`: the systems that do not take calls;"
    " `ways_out`: those with a limit or in trouble, `until` when it goes on;"
    " `watched`: topics of which some people got more than their limit. `messages`: by status."
    " `waiting_at`: by step. `stopped`, `failed` and `held`: by reason. `halted`: why nothing"
    " may leave at all. `arrival`: what providers reported of messages in so many days. `halts`: what else is halted,"
    " by which breaker or by hand. `next_due`: when anything is looked at again.",
    halted=maybe(TEXT),
    halts=many(HALT),
    arrival=fields_of(days=COUNT, arrived=COUNT, hard=COUNT, soft=COUNT, blocked=COUNT, complained=COUNT),
    customers=COUNT,
    watched=many(fields_of(topic=TEXT, limit=TEXT, people=COUNT, highest=COUNT)),
    connections=many(CONNECTION),
    ways_out=many(WAY_OUT),
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
            held=by_name(COUNT),
            next_due=maybe(INSTANT),
        )
    ),
)
STUCK = ("held", "uncertain", "rejected", "assumed_sent")
"""Messages that a person may want to look at."""
MOST_REASONS = 5
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

    with rooms(here) as space:
        seen = _look(space, journey)
        if here.out.as_json:
            here.out.json(_told(seen))
        else:
            _say(here, space, seen)
    return Exit.FINE


def _look(space: Workspace, journey: str) -> _Seen:
    from lifeloop.store import customers, halts, journeys
    from lifeloop.work import endpoints, pacing
    from lifeloop.work.arrival import arrival
    from lifeloop.work.finding import check_journey
    from lifeloop.work.status import standings, waiting_where
    from lifeloop.work.watching import misused

    connections = endpoints.standings(space)
    with space.store.reading() as tx:
        name = check_journey(space, tx, journey) if journey else ""
        found = [one for one in standings(tx) if not name or one.name == name]
        return _Seen(
            name,
            found,
            steps=waiting_where(tx, name) if name else (),
            labels=_labels(space, found) if name else {},
            customers=customers.count(tx),
            halted=journeys.halted(tx),
            halts=halts.standing(tx),
            watched=misused(space, tx),
            arrival=arrival(tx, space.clock.now()),
            ways=pacing.standings(space, tx),
            connections=connections,
        )


def _told(seen: _Seen) -> Mapping[str, Any]:
    from lifeloop.work.arrival import DAYS

    return {
        "halted": seen.halted,
        "connections": [connection_document(one) for one in seen.connections],
        "customers": seen.customers,
        "ways_out": [way_document(one) for one in seen.ways],
        "arrival": {"days": DAYS, **asdict(seen.arrival)},
        "watched": [_watched(one) for one in seen.watched],
        "halts": [halt_document(one) for one in seen.halts],
        "journeys": [_document(one) for one in seen.found],
    }


def _say(here: Here, space: Workspace, seen: _Seen) -> None:
    from lifeloop.work.arrival import worries

    if seen.halted:
        here.out.print(Text(f"Nothing leaves: {seen.halted}", "bold red"), _way_on(seen.halted), "")
    say_halts(here, space, seen.halts)
    for worry in worries(seen.arrival):
        here.out.print(Text(worry.what, "red" if worry.level == "wrong" else "yellow"), worry.fix, "")
    if seen.name:
        _say_one(here, space, seen)
    else:
        _say_all(here, space, seen)


def _say_one(here: Here, space: Workspace, seen: _Seen) -> None:
    if seen.found:
        _one(here, space, seen.found[0], seen.steps, seen.labels)
    else:
        here.out.print(f"{seen.name} is not live yet; it goes live with:  lifeloop run")


def _say_all(here: Here, space: Workspace, seen: _Seen) -> None:
    _all(here, space, seen.found, seen.customers)
    _say_held(here, seen.found)
    for one in seen.watched:
        here.out.print(Text(f"Watched: {one.topic}", "yellow"), one.words)
    say_ways(here, space, seen.ways)
    show_connections(here, space, seen.connections)


def _say_held(here: Here, found: Sequence[Standings]) -> None:
    if any(one.held for one in found):
        here.out.print("", Text("Held until you let it go", "bold"))
        for one in found:
            _reasons(here, one.name, _first(one.held), "yellow")
        here.out.note("", "when that is put right:  lifeloop release JOURNEY")


def _first(reasons: Mapping[str, int]) -> dict[str, int]:
    """Return the reasons there is room for: some differ from person to person."""
    return dict(islice(reasons.items(), MOST_REASONS))


def _watched(one: Watched) -> dict[str, Any]:
    return {"topic": one.topic, "limit": one.said_limit, "people": one.people, "highest": one.highest}


def show_connections(here: Here, space: Workspace, troubled: Sequence[endpoints.Standing]) -> None:
    """Say which systems do not take their calls, if any."""
    from lifeloop.work.endpoints import in_words

    if not troubled:
        return
    now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    here.out.print("", Text("Calls that are not taken", "bold"))
    for one in troubled:
        since = [f"since {when(one.trouble.failing_since, zone, now)}"] if one.trouble else []
        again = [] if one.backlog.next_at is None else [f"next {when(one.backlog.next_at, zone, now)}"]
        say(here.out, one.name, *in_words(one), *since, *again)
    here.out.note("", "which calls:  lifeloop calls     try them again:  lifeloop retry CONNECTION")


def connection_document(one: endpoints.Standing) -> dict[str, Any]:
    """Return where one system stands, for other programs."""
    trouble, backlog = one.trouble, one.backlog
    return {
        "connection": one.name,
        "failing_since": iso_or_none(trouble.failing_since if trouble else None),
        "switched_off": iso_or_none(trouble.disabled_at if trouble else None),
        "reason": trouble.reason if trouble else None,
        "retrying": backlog.retrying,
        "next_try": iso_or_none(backlog.next_at),
        "failed": backlog.failed,
    }


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
    _reasons(here, "held", _first(one.held), "yellow")
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
    return "to go on here:  lifeloop release --here" if restored else "to let it go:  lifeloop release --all"


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
        "held": dict(one.held),
        "next_due": iso_or_none(one.counts.next_due),
    }
