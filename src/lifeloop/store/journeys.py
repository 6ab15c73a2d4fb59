"""Published plans, which is live, who rests, and the kill switch."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import JourneyRow, PlanRow


def publish(tx: Tx, plans: Mapping[str, PlanRow], now: Instant) -> None:
    """Make these plans live, all or none; a digest that is known is not written again."""
    if tx.postgres:
        tx.run("LOCK TABLE journey IN SHARE ROW EXCLUSIVE MODE")  # two who publish wait for each other
    rows = [{"name": plan.journey, "digest": plan.digest, "body": plan.body} for plan in plans.values()]
    batch = tx.table({"name": "text", "digest": "text", "body": "text"})
    tx.run(
        f"INSERT INTO journey (name, published_at) SELECT r.name, :now FROM {batch}"
        " WHERE NOT EXISTS (SELECT 1 FROM journey j WHERE j.name = r.name)",
        rows=rows,
        now=now,
    )
    tx.run(
        "INSERT INTO plan (journey_id, digest, body, made_at) SELECT j.id, r.digest, r.body, :now"
        f" FROM {batch} JOIN journey j ON j.name = r.name"
        " WHERE NOT EXISTS (SELECT 1 FROM plan p WHERE p.digest = r.digest)",
        rows=rows,
        now=now,
    )
    tx.run(
        f"UPDATE journey SET plan_id = p.id, published_at = :now FROM {batch} JOIN plan p ON p.digest = r.digest"
        " WHERE journey.name = r.name AND (journey.plan_id IS NULL OR journey.plan_id <> p.id)",
        rows=rows,
        now=now,
    )


def hold(tx: Tx) -> None:
    """Let nobody publish until this transaction ends, so that no fact is passed on by journeys that were.

    To be called first, before any customer's lock: who publishes takes those locks after this one.
    """
    if tx.postgres:
        tx.run("LOCK TABLE journey IN ROW EXCLUSIVE MODE")


def retire(tx: Tx, journeys: Collection[str]) -> None:
    """No longer live: nobody enters, those on the way go on with their plan."""
    tx.run(f"UPDATE journey SET plan_id = NULL WHERE {tx.among('name', 'names', 'text')}", names=list(journeys))


def pause(tx: Tx, journeys: Collection[str], reason: str, now: Instant) -> None:
    """Let journeys rest: nobody moves, nothing leaves from this commit on, timers stay."""
    tx.run(
        f"UPDATE journey SET paused_at = :now, reason = :reason WHERE {tx.among('name', 'names', 'text')}"
        " AND paused_at IS NULL",
        names=list(journeys),
        reason=reason,
        now=now,
    )


def resume(tx: Tx, journeys: Collection[str]) -> None:
    """Go on."""
    tx.run(
        f"UPDATE journey SET paused_at = NULL, reason = NULL WHERE {tx.among('name', 'names', 'text')}",
        names=list(journeys),
    )


def rows(tx: Tx) -> tuple[JourneyRow, ...]:
    """All journeys by name."""
    found = tx.ask(
        "SELECT j.name, p.digest, j.paused_at, j.reason, j.published_at FROM journey j"
        " LEFT JOIN plan p ON p.id = j.plan_id ORDER BY j.name"
    )
    return tuple(JourneyRow(row.name, row.digest, row.paused_at, row.reason, row.published_at) for row in found)


def live_plans(tx: Tx) -> dict[str, PlanRow]:
    """The live plan of each journey that has one."""
    found = tx.ask("SELECT j.name, p.digest, p.body FROM journey j JOIN plan p ON p.id = j.plan_id ORDER BY j.name")
    return {row.name: PlanRow(row.name, row.digest, row.body) for row in found}


def live_digests(tx: Tx) -> dict[str, str]:
    """The digest of each live plan, without its text: to see whether anything was published since."""
    found = tx.ask("SELECT j.name, p.digest FROM journey j JOIN plan p ON p.id = j.plan_id ORDER BY j.name")
    return {row.name: row.digest for row in found}


def in_use(tx: Tx) -> frozenset[str]:
    """The digests of plans that are live or that somebody is still on the way with."""
    found = tx.ask(
        "SELECT p.digest FROM plan p WHERE EXISTS (SELECT 1 FROM journey j WHERE j.plan_id = p.id)"
        " OR EXISTS (SELECT 1 FROM enrollment e WHERE e.plan_id = p.id AND e.status = 'waiting')"
    )
    return frozenset(row.digest for row in found)


def plans(tx: Tx, digests: Collection[str]) -> dict[str, PlanRow]:
    """Plans by digest."""
    found = tx.ask(
        "SELECT j.name, p.digest, p.body FROM plan p JOIN journey j ON j.id = p.journey_id"
        f" WHERE {tx.among('p.digest', 'digests', 'text')}",
        digests=list(digests),
    )
    return {row.digest: PlanRow(row.name, row.digest, row.body) for row in found}


def plan_ids(tx: Tx, digests: Collection[str]) -> dict[str, int]:
    """The small numbers of plans by digest."""
    found = tx.ask(f"SELECT id, digest FROM plan WHERE {tx.among('digest', 'digests', 'text')}", digests=list(digests))
    return {row.digest: row.id for row in found}


def latest_plan(tx: Tx, journey: str) -> str | None:
    """The digest of the plan of a journey that was made last, live or not."""
    found = tx.ask(
        "SELECT p.digest FROM plan p JOIN journey j ON j.id = p.journey_id WHERE j.name = :journey"
        " ORDER BY p.id DESC LIMIT 1",
        journey=journey,
    )
    return found[0].digest if found else None


def awake(tx: Tx, journeys: Collection[str] | None) -> list[int]:
    """The small numbers of those of these journeys (None: all) that do not rest, in the order asked for."""
    found = tx.ask("SELECT id, name FROM journey WHERE paused_at IS NULL ORDER BY name")
    ids = {row.name: row.id for row in found}
    return [ids[name] for name in (ids if journeys is None else journeys) if name in ids]


def halt(tx: Tx, reason: str, now: Instant) -> None:
    """The kill switch: from this commit on nothing is handed over."""
    tx.run("UPDATE switch SET reason = :reason, at = :now WHERE name = 'kill'", reason=reason, now=now)


def release(tx: Tx) -> None:
    """Undo ``halt``."""
    tx.run("UPDATE switch SET reason = NULL, at = NULL WHERE name = 'kill'")


def halted(tx: Tx) -> str | None:
    """Why nothing may leave; None when it may."""
    found = tx.ask("SELECT reason FROM switch WHERE reason IS NOT NULL ORDER BY name")
    return found[0].reason if found else None
