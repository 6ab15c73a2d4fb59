"""Moments, hours, rhythms and limits, read from what an author writes after ``until``, ``hours`` and ``every``."""

from __future__ import annotations

import re
from datetime import date, time

from lifeloop.journey.catalogue import Limit
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import parse_length, read_length
from lifeloop.journey.moment import (
    AtTime,
    FromAnchor,
    Hours,
    InHours,
    Moment,
    OnDate,
    OnMonthDay,
    OnWeekday,
)
from lifeloop.journey.names import check_date_name
from lifeloop.journey.near_date import near_date
from lifeloop.journey.scope import Scope
from lifeloop.journey.source import Report, Scalar, is_long, part
from lifeloop.journey.times import find_days, near_days, parse_time, read_time

_EXAMPLES = "for example 10:00, Tuesday 10:00, a weekday at 10:00, or 45 days before customer.contract_end at 10:00"
_MONTH_DAY = re.compile(
    r"(?:on )?(?:the )?(\d{1,2})(?:st|nd|rd|th)?(?: day)?(?: of (?:the|each|every) month)?", re.IGNORECASE
)
_DATE = re.compile(r"(?:on )?(\d{4}-\d\d-\d\d)(?:[T ](.+)| at (.+))?")
_ANCHOR = re.compile(r"(?:(on)|(.+?) (before|after)) (\S+)", re.IGNORECASE)
_WINDOW = re.compile(
    r"(?:(.*?)(?:,| from| between)? )?(\S+?)\s*(?:-|\u2013|\bto\b|\band\b)\s*(\d\S*(?: ?[ap]m)?)", re.IGNORECASE
)
_LIMIT = re.compile(
    r"(\d+|once|twice)(?: times?| messages?| mails?| emails?)?(?: (?:per|a|an|every|each|in) | ?/ ?)(.+)", re.IGNORECASE
)
_LAST_DAY = 31


def read_when(scalar: Scalar, report: Report, scope: Scope) -> Length | Moment | None:
    """Return what ``wait:`` and ``max:`` hold: a length, or ``until`` and a moment."""
    if is_long(scalar, "J116", "a wait", report):
        return None
    if re.match(r"\s*until\b", scalar.text, re.IGNORECASE):
        return read_moment(scalar, report, scope)
    if parse_length(scalar.text) is None and _is_moment(scalar, scope):
        fixed = f"until {scalar.text.strip()}"
        message = f'"{scalar.text}" is a moment, not a length of time'
        report.add(
            "J116", message, scalar.place, label=f"write {fixed}", suggestions=(Suggestion(fixed, certain=True),)
        )
        return None
    return read_length(scalar, report)


def read_moment(scalar: Scalar, report: Report, scope: Scope) -> Moment | None:
    """Return the moment written there, with or without ``until`` in front."""
    if is_long(scalar, "J116", "a moment", report):
        return None
    text = re.sub(r"^\s*until\b\s*", "", scalar.text, flags=re.IGNORECASE)
    rest = part(scalar, len(scalar.text) - len(text))
    if " before " in f" {rest.text} " or " after " in f" {rest.text} ":
        return read_anchor(rest, report, scope)
    moment = _plain_moment(rest.text)
    if moment is None:
        _explain(rest, report)
    return moment


def read_anchor(scalar: Scalar, report: Report, scope: Scope, at: time | None = None) -> FromAnchor | None:
    """Return ``75 days before customer.contract_end``, ``on contract.ends``; ``at``: the time of day said elsewhere."""
    body, own = _split_time(scalar, report)
    if body is None:
        return None
    found = _ANCHOR.fullmatch(body.text)
    offset: Length | None = Length()
    if found is None:
        name = body
        if " " in body.text or "." not in body.text:
            label = "write, for example, 75 days before customer.contract_end"
            report.add("J116", f'"{body.text}" is not a moment around a date', body.place, label=label)
            return None
    else:
        name = part(body, found.start(4))
        if found[2]:
            offset = read_length(part(body, 0, found.end(2)), report)
    anchor = check_date_name(name, report, scope)
    if offset is None or anchor is None:
        return None
    before = bool(found and found[3] and found[3].lower() == "before")
    return FromAnchor(offset, before, anchor, own or at)


def read_anchors(scalar: Scalar, report: Report, scope: Scope, at: time | None = None) -> tuple[FromAnchor, ...] | None:
    """Return the alternatives of a start date: ``A, or B``; the first whose date is known counts."""
    if is_long(scalar, "J116", "a date", report):
        return None
    moments, position, sound = [], 0, True
    for found in [*re.finditer(r"\s*,?\s+or\s+|\s*,\s*(?=\S)", scalar.text), None]:
        piece = part(scalar, position, found.start() if found else None)
        moment = read_anchor(piece, report, scope, at)
        sound = sound and moment is not None
        if moment is not None:
            moments.append(moment)
        position = found.end() if found else position
    return tuple(moments) if sound and moments else None


def read_hours(scalar: Scalar, report: Report) -> Hours | None:
    """Return ``weekdays 09:00-18:00``; without days every day is meant."""
    if is_long(scalar, "J117", "hours", report):
        return None
    hours = parse_hours(scalar.text)
    if hours is not None and hours.opens == hours.closes and hours.opens != time(0):
        label = "the window opens and closes at the same moment"
        report.add("J117", f'"{scalar.text}" is never open', scalar.place, label=label)
        return None
    if hours is None:
        meant = _near_hours(scalar.text)
        label = "write, for example, weekdays 09:00-18:00 or every day 08:00-20:00"
        label = f'did you mean "{meant}"?' if meant else label
        fixes = (Suggestion(meant),) if meant else ()
        message = f'"{scalar.text}" does not say when messages may leave'
        report.add("J117", message, scalar.place, label=label, suggestions=fixes)
    return hours


def parse_hours(text: str) -> Hours | None:
    """Return the weekly window that a text says, None when it says none."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        return None
    days = find_days(found[1] or "every day")
    opens, closes = parse_time(found[2]), parse_time(found[3], end=True)
    return Hours(days, opens, closes) if days and opens is not None and closes is not None else None


def _near_hours(text: str) -> str | None:
    found = _WINDOW.fullmatch(text.strip())
    days = near_days(found[1]) if found and found[1] else None
    meant = f"{days} {found[2]}-{found[3]}" if found and days else ""
    return meant if parse_hours(meant) is not None else None


def read_every(scalar: Scalar, report: Report) -> OnWeekday | OnMonthDay | None:
    """Return a rhythm: ``month on the 1st at 09:00``, ``Monday at 10:00``, ``day at 08:00``."""
    if is_long(scalar, "J118", "a rhythm", report):
        return None
    text = re.sub(r"^every\s+", "", scalar.text.strip(), flags=re.IGNORECASE)
    text = re.sub(r"^week\s+(?=on\b)", "", text, flags=re.IGNORECASE)
    in_month = re.fullmatch(r"month\s+(.+)", text, re.IGNORECASE)
    moment = _on_month_day(in_month[1]) if in_month else _on_weekday(text)
    if moment is None:
        label = "write, for example, month on the 1st at 09:00, Monday at 10:00, or day at 08:00"
        report.add("J118", f'"{scalar.text}" is not a rhythm', scalar.place, label=label)
    return moment


def read_limit(scalar: Scalar, report: Report) -> Limit | None:
    """Return ``2 per week``, ``1 per 10 days``."""
    if is_long(scalar, "J118", "a limit", report):
        return None
    found = _LIMIT.fullmatch(scalar.text.strip())
    if found is None:
        label = "write, for example, 2 per week or 1 per 10 days"
        report.add("J118", f'"{scalar.text}" is not a limit', scalar.place, label=label)
        return None
    count = {"once": 1, "twice": 2}.get(found[1].lower()) or int(found[1])
    start = len(scalar.text) - len(scalar.text.lstrip()) + found.start(2)
    per = parse_length(f"1 {found[2]}") or read_length(part(scalar, start), report)
    if count == 0:
        report.add("J118", "a limit of 0 would let nothing through", scalar.place, label="write at least 1")
        return None
    return Limit(count, per) if per else None


def _split_time(scalar: Scalar, report: Report) -> tuple[Scalar | None, time | None]:
    """Part ``… at 10:00`` from what stands in front of it."""
    found = re.search(r"\s+at\s+(\S.*)$", scalar.text, re.IGNORECASE)
    if found is None:
        return part(scalar, 0), None
    at = read_time(part(scalar, found.start(1)), report)
    return (part(scalar, 0, found.start()), at) if at is not None else (None, None)


def _is_moment(scalar: Scalar, scope: Scope) -> bool:
    silent = Report()
    return read_moment(scalar, silent, scope) is not None


def _plain_moment(text: str) -> Moment | None:
    at = parse_time(re.sub(r"^at\s+", "", text, flags=re.IGNORECASE))
    if at is not None:
        return AtTime(at)
    if (hours := parse_hours(text)) is not None:
        return InHours(hours)
    return _on_date(text) or _on_weekday(text) or _on_month_day(text)


def _on_weekday(text: str) -> OnWeekday | None:
    found = re.fullmatch(r"(?:on )?(.+?)(?:,? at)? (\S+(?: [ap]m)?)", text.strip(), re.IGNORECASE)
    days = find_days(found[1]) if found else None
    at = parse_time(found[2]) if found else None
    return OnWeekday(days, at) if days and at is not None else None


def _on_month_day(text: str) -> OnMonthDay | None:
    found = re.fullmatch(r"(.+?),? at (\S+(?: [ap]m)?)", text.strip(), re.IGNORECASE)
    day = _MONTH_DAY.fullmatch(found[1].strip()) if found else None
    at = parse_time(found[2]) if found else None
    if day is None or at is None or not 1 <= int(day[1]) <= _LAST_DAY:
        return None
    return OnMonthDay(int(day[1]), at)


def _on_date(text: str) -> OnDate | None:
    found = _DATE.fullmatch(text.strip())
    at = parse_time(found[2] or found[3] or "00:00") if found else None
    try:
        return OnDate(date.fromisoformat(found[1]), at) if found and at is not None else None
    except ValueError:
        return None


def _explain(scalar: Scalar, report: Report) -> None:
    text = scalar.text
    days = find_days(text)
    if days:
        report.add("J116", f'"{text}" needs a time of day', scalar.place, label=f"write {text} at 10:00")
    elif parse_length(text) is not None:
        message = f'"{text}" is a length of time, not a moment'
        report.add("J116", message, scalar.place, label=f"write  {text}  without until")
    elif "." in text and " " not in text:
        report.add("J116", "say how long before or after", scalar.place, label=f"write 0 days after {text}")
    elif (meant := _near_moment(text)) is not None:
        fix = (Suggestion(meant),)
        report.add("J116", f'"{text}" is not a moment', scalar.place, label=f'did you mean "{meant}"?', suggestions=fix)
    elif (day := near_date(text)) is not None:
        fixes = tuple(Suggestion(each) for each in day.dates)
        report.add("J116", f'"{text}" is not a moment', scalar.place, label=day.label, suggestions=fixes)
    else:
        report.add("J116", f'"{text}" is not a moment', scalar.place, label=_EXAMPLES)


def _near_moment(text: str) -> str | None:
    found = re.fullmatch(r"(.+?)( at)? (\S+)", text.strip(), re.IGNORECASE)
    days = near_days(found[1]) if found and parse_time(found[3]) is not None else None
    return f"{days}{found[2] or ''} {found[3]}" if found and days else None
