"""The vocabulary of a journey file: every word once, with a sentence and an example.

Reader, schema, reference and ``explain`` all take their words from here. ``Kind`` says what stands behind a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lifeloop.journey.nearest import nearest

__all__ = [
    "ANY_STEP",
    "DELIVERY",
    "PHASES",
    "START",
    "STEP_MEANINGS",
    "TEST",
    "TOP",
    "TOP_MEANINGS",
    "VERBS",
    "Kind",
    "Verb",
    "Word",
    "nearest",
]

Kind = Literal[
    "any",
    "attribute",
    "block",
    "channel",
    "condition",
    "conditions",
    "connection",
    "count",
    "date",
    "event",
    "experiment",
    "hours",
    "journey",
    "length",
    "limit",
    "list",
    "moment",
    "message",
    "person",
    "phase",
    "segment",
    "sender",
    "shared",
    "slug",
    "start",
    "steps",
    "text",
    "topic",
    "wait",
    "who",
    "yes or no",
    "zone",
]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the language. ``choices``: the only texts that may stand behind it."""

    name: str
    kind: Kind
    doc: str
    example: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """What a step does. ``needs``: modifiers without which the step makes no sense."""

    name: str
    kind: Kind
    doc: str
    example: str
    modifiers: tuple[Word, ...] = ()
    needs: tuple[str, ...] = ()

    def modifier(self, name: str) -> Word | None:
        """Return the modifier of that name, None when this verb has none such."""
        return next((word for word in self.modifiers if word.name == name), None)


PHASES: Mapping[str, str] = {
    "welcome": "Did the first days feel good?",
    "satisfaction": "Was this the right choice?",
    "recovery": "Why are you not satisfied?",
    "loyalty": "Still happy, months later?",
    "advocacy": "Would you tell others?",
    "growth": "What else would help you?",
    "inspiration": "What could be next?",
    "reactivation": "Shall we try again?",
}
"""The phases of the loop with the question each one asks."""

_THEN = Word("then", "steps", "What happens when it holds, came, or was approved.", "then: [{stop: done}]")
_ELSE = Word("else", "steps", "What happens otherwise: it does not hold, time is up, or it was declined.", "else: []")
_MAX = Word("max", "wait", "The longest wait; after it the steps under else run.", "max: 7 days")
_WITH = Word("with", "block", "Data handed on, by name.", "with: {chapter: 2}")

ANY_STEP: tuple[Word, ...] = (
    Word("id", "slug", "The step's lasting name; people in flight stand on it.", "id: first-reminder"),
    Word("name", "text", "What people read instead of the step's own words.", "name: First reminder"),
    Word("note", "text", "A remark for colleagues; shown on the map.", "note: agreed with legal in May"),
    Word("when", "condition", "Do this step only if the condition holds.", "when: customer.phone is present"),
)
"""What may stand on any step."""

_LATE = Word("late", "block", "What to do when Lifeloop itself is late.", "late: {after: 6 hours, then: skip}")

_SEND = Verb(
    "send",
    "message",
    "Send a message from the templates folder.",
    "send: renewal/offer",
    (
        Word("by", "channel", "The way out; of several, the first that reaches the customer.", "by: sms"),
        _WITH,
        Word("topic", "topic", "The consent this message needs.", "topic: service"),
        Word("hours", "hours", "When it may leave.", "hours: every day 09:00-20:00"),
        Word("limit", "limit", "How many messages are too many.", "limit: 2 per week"),
        _LATE,
        Word("expires", "length", "Drop it when it could not leave for that long.", "expires: 2 days"),
        Word("from", "sender", "Who it comes from, out of the project's senders.", "from: anna"),
        Word("subject", "text", "Another subject than the template's own.", "subject: Last call"),
    ),
)
_WAIT = Verb(
    "wait",
    "wait",
    "Wait for a length of time, until a moment, or for an event.",
    "wait: 3 days",
    (
        Word("for", "event", "The event to wait for.", "for: survey.answered"),
        Word("where", "condition", "Which of these events counts.", "where: event.order_id is start.order_id"),
        _MAX,
        Word("since", "text", "now: an event from before this step does not count.", "since: now", ("now",)),
        _THEN,
        _ELSE,
        Word(
            "missed",
            "text",
            "What to do when the moment lies in the past.",
            "missed: skip",
            ("skip", "continue", "stop"),
        ),
    ),
)
_IF = Verb("if", "condition", "Go one way or the other.", "if: customer.plan is premium", (_THEN, _ELSE), ("then",))
_CHOOSE = Verb(
    "choose", "list", "Take the first way whose condition holds.", "choose: [{when: …, then: […]}]", (_ELSE,)
)
_SPLIT = Verb(
    "split",
    "experiment",
    "Share people out over paths, each person always the same way.",
    "split: welcome-tone",
    (Word("into", "list", "The paths with their shares; together 100%.", "into: [{path: personal, share: 50%}]"),),
    ("into",),
)
_REPEAT = Verb(
    "repeat",
    "count",
    "Do some steps a few times.",
    "repeat: 2 times",
    (
        Word("every", "length", "How long to wait before each round.", "every: 3 weeks"),
        Word("until", "condition", "Stop repeating as soon as this holds.", "until: reactivation/* was clicked"),
        Word("steps", "steps", "What to do in each round.", "steps: [{send: reactivation/story}]"),
    ),
    ("every", "steps"),
)
_SET = Verb(
    "set", "block", "Remember something, in the customer's record or in this journey.", "set: {customer.vip: true}"
)
_RECORD = Verb("record", "event", "Note an event; it can start other journeys.", "record: loyalty.checked_in", (_WITH,))
_CALL = Verb(
    "call",
    "connection",
    "Ask another system to do something.",
    "call: crm.create-task",
    (_WITH, Word("as", "slug", "Remember the answer under this name.", "as: ticket"), _MAX),
)
_ASK = Verb(
    "ask",
    "who",
    "Ask a colleague to approve.",
    "ask: retention-lead",
    (Word("question", "text", "What to ask.", 'question: "Offer 15%?"'), _MAX, _THEN, _ELSE),
    ("question", "max"),
)
_ENTER = Verb(
    "enter", "journey", "Start another journey for the same person; this one goes on.", "enter: recovery", (_WITH,)
)
_USE = Verb("use", "shared", "Put in shared steps from journeys/_steps.", "use: reminder-pair", (_WITH,))
_MILESTONE = Verb("milestone", "slug", "A named point in the funnel.", "milestone: promoter")
_STOP = Verb("stop", "text", "End this journey, with a reason for the results.", "stop: no answer")

VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        _SEND,
        _WAIT,
        _IF,
        _CHOOSE,
        _SPLIT,
        _REPEAT,
        _SET,
        _RECORD,
        _CALL,
        _ASK,
        _ENTER,
        _USE,
        _MILESTONE,
        _STOP,
    )
}
"""The fourteen verbs, in the order of the card."""

TOP: tuple[Word, ...] = (
    Word("journey", "slug", "The journey's lasting name; the file is named after it.", "journey: renewal"),
    Word("phase", "phase", "Its place in the loop.", "phase: inspiration", tuple(PHASES)),
    Word("name", "text", "What people call it.", "name: Fall in love again"),
    Word("about", "text", "What it is for.", "about: Inspiration first, then the offer."),
    Word("owner", "text", "Who answers for it.", "owner: retention@example.com"),
    Word("start", "start", "What makes someone enter.", "start: {event: order.delivered}"),
    Word("audience", "conditions", "Who may enter; asked once.", "audience: customer.email is present"),
    Word("again", "text", "Whether and when somebody may come back.", "again: after 6 months"),
    Word("stop", "conditions", "What ends it early; asked all the time.", "stop: [goal reached]"),
    Word("goal", "condition", "What success is; measured.", "goal: setup.finished happened within 14 days"),
    Word("delivery", "block", "When and how often messages may leave.", "delivery: {hours: weekdays 09:00-18:00}"),
    Word("values", "block", "Constants of this journey.", "values: {offer: 10%}"),
    Word(
        "defaults", "block", "What every step of a kind has unless it says otherwise.", "defaults: {send: {from: anna}}"
    ),
    Word("renamed", "block", "Old step ids and their new ones; people stay in place.", "renamed: {send-offer: offer}"),
    Word("steps", "steps", "What happens, in order.", "steps: [{send: welcome/hello}]"),
    Word("tests", "list", "What must come out, for a person and a clock.", "tests: [{name: …, given: ana}]"),
)
"""The sixteen words at the top of a journey file."""

START: tuple[Word, ...] = (
    Word("event", "event", "Something that happens.", "event: order.delivered"),
    Word("where", "condition", "Which of these count.", "where: event.total is at least 20"),
    Word("date", "date", "A moment around a date.", "date: 75 days before customer.contract_end"),
    Word("at", "moment", "The time of day.", "at: 10:00"),
    Word("joins", "segment", "Coming into a segment.", "joins: lapsed-customers"),
    Word("leaves", "segment", "Going out of a segment.", "leaves: lapsed-customers"),
    Word("changes", "attribute", "A change of a piece of data.", "changes: customer.status"),
    Word("to", "any", "The value it must change to.", "to: cancelled"),
    Word("every", "moment", "A fixed rhythm, for all of the audience.", "every: month on the 1st at 09:00"),
)
"""The words under ``start``."""

DELIVERY: tuple[Word, ...] = (
    Word("hours", "hours", "When messages may leave.", "hours: weekdays 09:00-18:00"),
    Word("gap", "length", "The shortest time between two messages to one person.", "gap: 20 hours"),
    Word("limit", "limit", "How many messages are too many.", "limit: 2 per week"),
    Word("topic", "topic", "The consent these messages need.", "topic: inspiration"),
    Word("timezone", "zone", "Whose clock counts; the customer's unless said.", "timezone: customer"),
    Word("holidays", "text", "Whether public holidays are working days.", "holidays: avoid", ("avoid", "ignore")),
    Word(
        "recovery",
        "text",
        "What becomes of promotion while a recovery journey puts something right: it waits unless said.",
        "recovery: skip",
        ("wait", "skip", "send"),
    ),
    Word("volume", "limit", "How many messages to all people together halt the journey.", "volume: 2000 per day"),
)
"""The words under ``delivery``."""

TEST: tuple[Word, ...] = (
    Word("name", "text", "What must be true, as a sentence.", "name: Silence means one reminder"),
    Word("given", "person", "A sample person, or {customer, set}.", "given: ana"),
    Word("clock", "date", "Day 0, in the customer's time zone.", "clock: 2026-03-02 08:00"),
    Word("paths", "block", "Which path each split takes.", "paths: {welcome-tone: checklist}"),
    Word("when", "list", "What happens, and when.", "when: [{at: day 4 11:12, event: survey.answered}]"),
    Word("expect", "list", "What must come out; nothing else may.", "expect: nothing"),
    Word("until", "text", "Look no further.", "until: day 60"),
)
"""The words of a test."""

STEP_MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(
        ("delay", "sleep", "pause", "hold", "timer", "schedule", "wait_for", "wait_until", "until"), "wait"
    ),
    **dict.fromkeys(
        ("email", "mail", "message", "sms", "push", "notify", "notification", "template", "action"), "send"
    ),
    **dict.fromkeys(("branch", "condition", "gate", "filter", "decision", "check"), "if"),
    **dict.fromkeys(("switch", "case", "cases", "select", "router", "match"), "choose"),
    **dict.fromkeys(("experiment", "random", "abtest", "ab_test", "ab", "variant", "cohort"), "split"),
    **dict.fromkeys(("loop", "foreach", "for_each", "while", "retry", "times"), "repeat"),
    **dict.fromkeys(("update", "attribute", "assign", "variables", "remember", "let"), "set"),
    **dict.fromkeys(("emit", "event", "track", "trigger", "fire", "publish", "log"), "record"),
    **dict.fromkeys(("webhook", "http", "request", "api", "post", "task", "run", "function"), "call"),
    **dict.fromkeys(("approve", "approval", "confirm", "manual", "human", "review"), "ask"),
    **dict.fromkeys(("journey", "start", "goto", "call_journey", "subflow", "handover"), "enter"),
    **dict.fromkeys(("include", "import", "snippet", "block", "macro", "shared"), "use"),
    **dict.fromkeys(("label", "mark", "checkpoint", "stage", "tag"), "milestone"),
    **dict.fromkeys(("exit", "end", "quit", "finish", "cancel", "abort", "terminate"), "stop"),
}
"""Words of other tools, and ours for the same step."""

TOP_MEANINGS: Mapping[str, str] = {
    **dict.fromkeys(("id", "slug", "workflow", "campaign", "flow", "automation", "key"), "journey"),
    **dict.fromkeys(("title", "label"), "name"),
    **dict.fromkeys(("description", "purpose", "comment"), "about"),
    **dict.fromkeys(("author", "team", "contact"), "owner"),
    **dict.fromkeys(("trigger", "triggers", "on", "entry", "entrance", "starts"), "start"),
    **dict.fromkeys(("segment", "filter", "filters", "who", "target", "if", "when"), "audience"),
    **dict.fromkeys(("reentry", "re-entry", "re_entry", "frequency", "once"), "again"),
    **dict.fromkeys(("exit", "exits", "end", "exit_when", "stops", "until"), "stop"),
    **dict.fromkeys(("conversion", "success", "goals", "objective"), "goal"),
    **dict.fromkeys(("sending", "quiet_hours", "limits", "policy", "settings"), "delivery"),
    **dict.fromkeys(("variables", "vars", "constants", "params", "env"), "values"),
    **dict.fromkeys(("moved", "renames", "aliases"), "renamed"),
    **dict.fromkeys(("actions", "sequence", "nodes", "tasks", "do", "flow_steps"), "steps"),
    **dict.fromkeys(("test", "specs", "checks", "examples"), "tests"),
}
"""Words of other tools, and ours for the same key at the top of a file."""
