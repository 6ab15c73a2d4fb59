"""Steps that do or decide something. Each returns where the run goes next; none of them acts, all leave effects."""

from __future__ import annotations

from lifeloop.engine.chance import share_of
from lifeloop.engine.gate import Allow, Drop, Hold, channel_for, decide
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import (
    AskPerson,
    CallAction,
    EmitEvent,
    EnterJourney,
    SendMessage,
    Sent,
    SetData,
    Status,
)
from lifeloop.engine.waits import answered, give_up_at
from lifeloop.engine.walk import STAY, Here, Next, Walk
from lifeloop.journey.plan import Ask, Branch, Call, Enter, Json, Milestone, Path, Record, Send, Set, Split, Stop


def send(walk: Walk, node: Send) -> Next:
    """Say a message, once the gate lets it; until then the run stands here."""
    meant = walk.moment if walk.fresh else (walk.deadline or walk.now)
    facts = walk.known()
    channel = channel_for(node.by, facts)
    expires = node.policy.expires
    expires_at = None if expires is None else add_length(walk.since, expires, walk.zone, country=walk.plan.country)
    decision = decide(
        node.policy,
        facts=facts,
        channel=channel,
        now=walk.now,
        due_at=meant,
        zone=walk.zone,
        country=walk.plan.country,
        expires_at=expires_at,
    )
    match decision:
        case Hold():
            return _hold(walk, decision)
        case Drop():
            return _drop(walk, node, decision)
        case Allow():
            return _say(walk, node, channel, min(meant, walk.now), expires_at)


def _hold(walk: Walk, hold: Hold) -> Next:
    if walk.deadline != hold.until:
        data: dict[str, Json] = {"rule": hold.rule, "until": hold.until}
        if hold.taken_by is not None:
            data |= {"journey": hold.taken_by.journey, "message": hold.taken_by.message}
        walk.note("held", hold.rule, data)
    walk.deadline = walk.due_at = hold.until
    return STAY


def _drop(walk: Walk, node: Send, drop: Drop) -> Next:
    detail = f"{drop.rule}: {drop.detail}" if drop.detail else drop.rule
    walk.note("dropped", detail, {"rule": drop.rule})
    walk.moment = walk.now
    return walk.finish(Status.STOPPED, drop.rule) if drop.stops else node.next


def _say(walk: Walk, node: Send, channel: str, meant: int, expires_at: int | None) -> Next:
    data = walk.data_for(node.uses)
    walk.effects.append(
        SendMessage(
            node.id,
            walk.visit,
            node.message,
            channel,
            node.policy,
            meant,
            node.sender,
            node.subject,
            node.args,
            data,
            expires_at,
            walk.plan.journey,
        )
    )
    walk.note("sent", node.message)
    policy, journey = node.policy, walk.plan.journey
    walk.says(Sent(node.message, channel, policy.topic, walk.now, policy.counts, own=True, journey=journey))
    # Whatever is counted from here is counted from the real sending.
    walk.moment = walk.now
    return node.next


def branch(walk: Walk, node: Branch) -> Next:
    """Go the way of the first case that holds."""
    case = _first_case(walk, node)
    data: dict[str, Json] = {"case": case}
    for written, name in walk.prepared.reads[node.id]:
        data[written] = walk.value(name)
    walk.note("chose", node.verb, data)
    return node.otherwise if case is None else node.cases[case].target


def _first_case(walk: Walk, node: Branch) -> int | None:
    for index, reading in enumerate(walk.prepared.readings[node.id]):
        if walk.holds(reading):
            return index
    return None


def split(walk: Walk, node: Split) -> Next:
    """Go the way chance gave this customer for good, or the one that a test pins."""
    pinned = walk.pins.get(node.experiment)
    path = next((path for path in node.paths if path.name == pinned), None) or _by_share(walk, node)
    if path is None:
        return None
    walk.note("split", path.name, {"experiment": node.experiment, "path": path.name})
    return path.target


def _by_share(walk: Walk, node: Split) -> Path | None:
    place = share_of(node.experiment, walk.facts.customer_id)
    for path in node.paths:
        place -= path.share
        if place < 0:
            return path
    return node.paths[-1] if node.paths else None


def set_data(walk: Walk, node: Set) -> Next:
    """Change records and memory; later assignments see earlier ones."""
    changed: dict[str, Json] = {}
    for name, written in node.assignments:
        value = walk.copied(written)
        changed[str(name)] = value
        if name.root == "journey" or not name.path:
            walk.remembers(name.path[0] if name.path else name.root, value)
        else:
            walk.sets(name, value)
            walk.effects.append(SetData(name, value))
    walk.note("set", "", changed)
    return node.next


def record(walk: Walk, node: Record) -> Next:
    """Emit an event of our own."""
    data = {key: walk.copied(written) for key, written in node.args.items()}
    walk.effects.append(EmitEvent(walk.visit, node.event, data))
    walk.note("recorded", node.event)
    return node.next


def enter_journey(walk: Walk, node: Enter) -> Next:
    """Make the customer a candidate of another journey."""
    start = {key: walk.copied(written) for key, written in node.args.items()}
    walk.effects.append(EnterJourney(walk.visit, node.journey, start))
    walk.note("entered", node.journey)
    return node.next


def call(walk: Walk, node: Call) -> Next:
    """Ask another system; stay for its answer only where the author wants it."""
    if walk.fresh:
        walk.effects.append(
            CallAction(
                node.id,
                walk.visit,
                node.connection,
                node.action,
                min(walk.moment, walk.now),
                node.args,
                walk.data_for(node.uses),
                wants_answer=node.answer_as is not None,
            )
        )
        walk.note("called", f"{node.connection}.{node.action}")
    if node.answer_as is None:
        return node.next
    answer = answered(walk, node, give_up_at(walk, node.max))
    if isinstance(answer, Here):
        return answer
    if answer is not None:
        walk.remembers(node.answer_as, dict(answer.data))
    return node.next


def ask(walk: Walk, node: Ask) -> Next:
    """Ask a person. Only a yes that came in time is a yes."""
    expires_at = give_up_at(walk, node.max)
    if walk.fresh:
        walk.effects.append(
            AskPerson(
                node.id,
                walk.visit,
                node.who,
                node.question,
                min(walk.moment, walk.now),
                expires_at,
                walk.data_for(node.uses),
            )
        )
        walk.note("asked", node.who)
    answer = answered(walk, node, expires_at)
    if isinstance(answer, Here):
        return answer
    return node.then if answer is not None and answer.data.get("approved") is True else node.otherwise


def milestone(walk: Walk, node: Milestone) -> Next:
    """Pass a named point."""
    walk.note("milestone", node.name)
    return node.next


def stop(walk: Walk, node: Stop) -> Next:
    """End the run for a reason."""
    return walk.finish(Status.STOPPED, node.reason)
