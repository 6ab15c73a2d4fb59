"""Why something came when it came, and why something did not: in words, with the line of the file that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifeloop.engine.values import Visited
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.lengths import say_length
from lifeloop.journey.plan import Ask, Call, Node, Plan, Policy, Send, Wait, WaitFor
from lifeloop.journey.prose_time import until_words
from lifeloop.journey.saying import say_condition, say_hours, say_limit
from lifeloop.rehearse.happened import Refused
from lifeloop.rehearse.outcomes import Outcome

DROPPED = {
    "suppressed": "this address may never be used",
    "late": "we were too late with it",
    "expired": "it would have come too late to be worth reading",
}
REFUSED = {
    "where": "the start's condition does not hold",
    "active": "they are on this journey already",
    "late": "all of it lies in the past",
    "gone": "what it is about does not exist",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """``line``: where the file says so."""

    line: int
    words: str

    def __str__(self) -> str:
        return f"line {self.line}  {self.words}"


def why_then(plan: Plan, places: Mapping[str, Place], outcome: Outcome) -> Reason | None:
    """Return which line made something come at that moment; None where it came at once."""
    cause = outcome.cause
    node = node_of(plan, cause.node) if cause else None
    if cause is None or node is None or node.id not in places:
        return None
    return Reason(places[node.id].line, _moment_words(node, cause))


def held_words(policy: Policy, rule: str, journey: str = "", message: str = "") -> str:
    """Return what holds a message, and whose message has its place where there is one."""
    match rule:
        case "priority":
            return f"{message} of {journey} goes first"
        case "recovery":
            return f"promotion waits until {journey} has put things right"
    words = _rule_words(policy, rule)
    return f"{words}, {message} of {journey}" if journey else words


def _rule_words(policy: Policy, rule: str) -> str:
    match rule:
        case "hours" if policy.hours:
            return f"outside {say_hours(policy.hours)}"
        case "gap" if policy.gap:
            return f"less than {say_length(policy.gap)} after the message before"
        case "limit" if policy.limit:
            return f"not more than {say_limit(policy.limit)}"
        case "pace":
            return "they asked for one a week at the most"
        case "pause":
            return "they asked for silence for a while"
        case _:
            return "a public holiday"


def held_visit(policy: Policy, visited: Visited) -> str:
    """Return what held a message, as its run's history has it."""
    said = (str(visited.data.get(name) or "") for name in ("journey", "message"))
    return held_words(policy, str(visited.data.get("rule", visited.detail)), *said)


def dropped_words(node: Node | None, rule: str, detail: str) -> str:
    """Return why a message is not sent."""
    if rule == "consent":
        topic = node.policy.topic if isinstance(node, Send) else ""
        return f'they have not said yes to "{topic}"'
    if rule == "recovery":
        return f"no promotion while {detail.rpartition(': ')[2]} puts things right"
    if rule == "address":
        return detail.partition(": ")[2] or "no address"
    return DROPPED.get(rule, detail or rule)


def refused_words(plan: Plan, refused: Refused) -> str:
    """Return why somebody does not enter."""
    match refused.refusal.rule:
        case "audience":
            unmet = " and ".join(say_condition(part) for part in refused.unmet)
            return f"not in the audience, it is not so that {unmet}"
        case "again":
            return f"they were here before (again: {refused.refusal.detail or plan.again.rule})"
        case rule:
            return REFUSED[rule]


def node_of(plan: Plan, node: str | None) -> Node | None:
    """Return a step of a plan by its name."""
    return next((one for one in plan.nodes if one.id == node), None)


def _moment_words(node: Node, cause: Visited) -> str:
    match node, cause.what:
        case Send(policy=policy), "held":
            return f"held: {held_visit(policy, cause)}"
        case Wait(until=until), _:
            return f"wait: {until_words(until)}"
        case WaitFor(event=event), "event":
            return f"{event} came"
        case WaitFor(max=most) | Ask(max=most) | Call(max=most), "time is up":
            return f"max: {until_words(most)}"
        case Ask(who=who), _:
            return f"{who} answered"
        case _:
            return cause.what
