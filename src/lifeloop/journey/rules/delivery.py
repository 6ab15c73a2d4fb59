"""Sends whose delivery makes little sense: hours that never fit, promotion as a service, no topic at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time

from lifeloop.journey.catalogue import Delivery
from lifeloop.journey.compiler_names import blocks_of
from lifeloop.journey.compiler_policy import is_service, resolve_policy, topic_of
from lifeloop.journey.diagnostic import Diagnostic, Place, Related
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, OnDate, OnMonthDay, OnWeekday
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.spec import AnyStep, SendStep, WaitForStep, WaitStep
from lifeloop.journey.times import say_days, say_time

_PROMOTION = re.compile(
    r"\b(offer|offers|discount|sale|save \d|deal|deals|coupon|voucher|promo|promotion|% off|free gift|buy now)\b",
    re.IGNORECASE,
)


def no_topic(subject: Subject) -> Iterator[Diagnostic]:
    """J168: nothing says which consent a send needs, so nobody could be asked for it."""
    if subject.spec.delivery.topic or subject.known.catalogue.delivery.topic:
        return
    sends = [step for step in subject.steps() if isinstance(step, SendStep) and step.topic is None]
    if sends:
        topics = ", ".join(subject.known.topics)
        label = f"add  delivery: {{topic: …}}  to the journey, or  topic:  to the step ({topics})"
        message = "nothing says which consent this message needs"
        yield Diagnostic("J168", "error", message, sends[0].place, label)


def promotion_as_service(subject: Subject) -> Iterator[Diagnostic]:
    """J223: a service message ignores consent and limits, so it must not promote anything."""
    for step in subject.steps():
        if not isinstance(step, SendStep) or not _is_service(step, subject):
            continue
        info = subject.known.library.get(step.message)
        said = " ".join(
            (step.subject or "", info.subject if info else "", step.message.rsplit("/", 1)[-1].replace("-", " "))
        )
        found = _PROMOTION.search(said)
        if found:
            message = f'a service message that speaks of "{found[0].lower()}" may count as advertising'
            label = "service messages go to people without consent; use another topic if this promotes something"
            place = step.places.get("topic", step.places.get("send", step.place))
            yield Diagnostic("J223", "warning", message, place, label)


def hours_never_fit(subject: Subject) -> Iterator[Diagnostic]:
    """J203: a wait until a time of day is followed by a send that may never leave at that time."""
    yield from _along(subject.spec.steps, subject)


def _along(steps: tuple[AnyStep, ...], subject: Subject) -> Iterator[Diagnostic]:
    waited: tuple[time, tuple[int, ...], WaitStep] | None = None
    for step in steps:
        match step:
            case WaitStep():
                said = _time_of(step)
                waited = (*said, step) if said else None
            case SendStep() if waited:
                yield from _fits(step, waited, subject)
                waited = None
            case WaitForStep():
                waited = None
            case _:
                pass
        for block in blocks_of(step):
            yield from _along(block, subject)


def _fits(step: SendStep, waited: tuple[time, tuple[int, ...], WaitStep], subject: Subject) -> Iterator[Diagnostic]:
    at, days, wait = waited
    hours = resolve_policy(step, subject.spec.delivery, subject.known.catalogue, subject.spec.phase).hours
    if hours is None or any(_inside(at, day, hours) for day in days):
        return
    message = f'{say_time(at)} is never inside "{_say(hours)}"'
    if any(_inside(hours.opens, day, hours) for day in days):
        label = (
            f"always held until {say_time(hours.opens)} on the next day that fits. Wait until {say_time(hours.opens)}"
        )
    else:
        label = f"always held until another day. Wait for {say_days(hours.days)}"
    label += ", or give this send hours of its own"
    related = [Related(wait.places.get("wait", wait.place), "the wait above")]
    said = _hours_place(step, subject.spec.delivery, subject)
    if said:
        related.append(Related(said, "the hours"))
    place = step.places.get("send", step.place)
    yield Diagnostic("J203", "warning", message, place, label, related=tuple(related))


def _hours_place(step: SendStep, journey: Delivery, subject: Subject) -> Place | None:
    if step.hours:
        return step.places.get("hours")
    return subject.spec.places.get("delivery") if journey.hours else None


def _time_of(step: WaitStep) -> tuple[time, tuple[int, ...]] | None:
    every_day = tuple(range(1, 8))
    match step.until:
        case OnWeekday(days=days, at=at):
            return at, days
        case AtTime(at=at) | OnMonthDay(at=at):
            return at, every_day
        case OnDate(on=on, at=at):
            return at, (on.isoweekday(),)
        case FromAnchor(at=time() as at):
            return at, every_day
        case _:
            return None


def _inside(at: time, day: int, hours: Hours) -> bool:
    if hours.opens < hours.closes:
        return day in hours.days and hours.opens <= at < hours.closes
    yesterday = (day - 2) % 7 + 1
    return (day in hours.days and at >= hours.opens) or (yesterday in hours.days and at < hours.closes)


def _say(hours: Hours) -> str:
    return f"{say_days(hours.days)} {say_time(hours.opens)}-{say_time(hours.closes)}"


def _is_service(step: SendStep, subject: Subject) -> bool:
    policy = resolve_policy(step, subject.spec.delivery, subject.known.catalogue, subject.spec.phase)
    return is_service(topic_of(policy.topic, subject.known.catalogue))
