"""Reads the steps that act and go on: ``send``, ``set``, ``record``, ``call``, ``enter``, ``milestone``, ``stop``."""

from __future__ import annotations

from typing import Literal

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.condition import DataName
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.known import (
    check_action,
    check_event,
    check_journey,
    check_known,
    check_message,
    check_sender,
    check_topic,
)
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_hours, read_limit
from lifeloop.journey.names import check_name
from lifeloop.journey.plan import Late
from lifeloop.journey.reading import Reading, Written, read_given, read_texts, texts_in
from lifeloop.journey.shape import SLUG, check_keys, one_block, one_of, one_text, texts
from lifeloop.journey.source import Entry, Map, Node, Report, Scalar
from lifeloop.journey.spec import (
    LONGEST_CALL,
    CallStep,
    EnterStep,
    Given,
    MilestoneStep,
    RecordStep,
    SendStep,
    SetStep,
    StopStep,
)
from lifeloop.journey.written import given_value

_LATE: tuple[Literal["skip", "send", "stop"], ...] = ("skip", "send", "stop")


def read_send(step: Written, reading: Reading) -> SendStep | None:
    """Read ``send: renewal/offer`` with its modifiers."""
    message = one_text(step.what, "send", reading.report)
    if message is None:
        return None
    report = reading.report
    hours, limit, late = step.text("hours", report), step.text("limit", report), step.block.value("late")
    expires, sender, subject = step.text("expires", report), step.text("from", report), step.text("subject", report)
    topic = step.text("topic", report)
    return SendStep(
        **step.common,
        message=check_message(message, reading.known, report),
        by=_by(step.block.value("by"), reading),
        args=read_texts(step.block.value("with"), reading),
        topic=check_topic(topic, reading.known, report) if topic else None,
        hours=read_hours(hours, report) if hours else None,
        limit=read_limit(limit, report) if limit else None,
        late=_late(late, report) if late is not None else None,
        expires=read_length(expires, report) if expires else None,
        sender=check_sender(sender, reading.known, report) if sender else None,
        subject=subject.text if subject else None,
        texts=(*texts_in(step.block.value("with"), reading), *texts_in(subject, reading)),
    )


def read_set(step: Written, reading: Reading) -> SetStep | None:
    """Read ``set: {customer.promoter: true, offer: values.best_offer}``."""
    block = one_block(step.what, "set", reading.report)
    if block is None:
        return None
    if not block.entries:
        reading.report.add(
            "J104", '"set" is empty', step.what.place, label="write, for example, customer.promoter: true"
        )
    written = (_assignment(entry, reading) for entry in block.entries)
    assignments = tuple(one for one in written if one is not None)
    return SetStep(**step.common, assignments=assignments) if assignments else None


def read_record(step: Written, reading: Reading) -> RecordStep | None:
    """Read ``record: loyalty.checked_in``."""
    event = one_text(step.what, "record", reading.report)
    if event is None:
        return None
    args = read_given(step.block.value("with"), reading)
    return RecordStep(**step.common, event=check_event(event, reading.known, reading.report), args=args)


def read_call(step: Written, reading: Reading) -> CallStep | None:
    """Read ``call: crm.create-task``."""
    action = one_text(step.what, "call", reading.report)
    if action is None:
        return None
    connection, name = check_action(action, reading.known, reading.report)
    args = read_texts(step.block.value("with"), reading)
    answer = step.text("as", reading.report)
    longest = step.text("max", reading.report)
    length = read_length(longest, reading.report) if longest else None
    return CallStep(
        **step.common,
        connection=connection,
        action=name,
        args=args,
        answer_as=_word(answer, reading),
        max=length or LONGEST_CALL,
        texts=texts_in(step.block.value("with"), reading),
    )


def read_enter(step: Written, reading: Reading) -> EnterStep | None:
    """Read ``enter: recovery``."""
    journey = one_text(step.what, "enter", reading.report)
    if journey is None:
        return None
    args = read_given(step.block.value("with"), reading)
    return EnterStep(**step.common, journey=check_journey(journey, reading.known, reading.report), args=args)


def read_milestone(step: Written, reading: Reading) -> MilestoneStep | None:
    """Read ``milestone: promoter``."""
    text = one_text(step.what, "milestone", reading.report)
    return MilestoneStep(**step.common, milestone=text.text) if text else None


def read_stop(step: Written, reading: Reading) -> StopStep | None:
    """Read ``stop: no answer``."""
    text = one_text(step.what, "stop", reading.report)
    return StopStep(**step.common, reason=text.text) if text else None


def _by(node: Node | None, reading: Reading) -> tuple[str, ...]:
    if node is None:
        return ()
    return tuple(
        check_known(text, "way out", reading.known.channels, reading.report, code="J167", where="")
        for text in texts(node, "by", reading.report)
    )


def _late(node: Node, report: Report) -> Late | None:
    if isinstance(node, Scalar):
        length = read_length(node, report)
        return Late(after=length) if length else None
    block = one_block(node, "late", report)
    if block is None:
        return None
    check_keys(block, ("after", "then"), 'to "late"', report)
    after, then = block.value("after"), block.value("then")
    text = one_text(after, "after", report) if after is not None else None
    length = read_length(text, report) if text else None
    word = one_of(then, "then", _LATE, report) if then is not None else None
    return Late(length or Late().after, word or "skip")


def _word(answer: Scalar | None, reading: Reading) -> str | None:
    if answer is None:
        return None
    if SLUG.fullmatch(answer.text.replace("-", "_")) is None:
        label = "use small letters, digits and underscores, for example  ticket"
        reading.report.add("J109", f'"{answer.text}" cannot be a name', answer.place, label=label)
    return answer.text


def _assignment(entry: Entry, reading: Reading) -> tuple[DataName, Given] | None:
    name = _target(entry.key, reading)
    if name is None:
        return None
    attribute: Attribute | None = reading.scope.attribute(name) if name.root != "journey" else None
    if isinstance(entry.value, Map):
        label = "write one value; a dot leads into the record:  customer.promoter: true"
        reading.report.add("J104", f'"{entry.key.text}" needs one value', entry.value.place, label=label)
        return None
    return name, given_value(entry.value, attribute, reading.scope, reading.report)


def _target(key: Scalar, reading: Reading) -> DataName | None:
    """Return what is set: the record, this run's own thing, or (a bare word) something to remember."""
    if "." not in key.text:
        if SLUG.fullmatch(key.text) is None:
            label = "use small letters, digits and underscores"
            reading.report.add("J109", f'"{key.text}" cannot be a name', key.place, label=label)
            return None
        return DataName("journey", (key.text,))
    root, _, rest = key.text.partition(".")
    if root in {"event", "start", "values"}:
        label = f"a bare word is remembered in this journey:  {rest}: …"
        fix = (Suggestion(rest),)
        reading.report.add("J127", f"{root}. cannot be changed", key.place, label=label, suggestions=fix)
        return None
    return check_name(key, reading.report, reading.scope)
