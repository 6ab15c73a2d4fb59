"""How fast a way out may be used: ``rate: 10 per second``, ``quota: 5000 per day``, a warm-up, a fallback."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.pacing import Pacing, WarmUp
from lifeloop.journey.shape import check_keys, missing, one_block, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar

SPEED = ("rate", "concurrency", "quota")
"""What may be said of every way out, and of a connection."""
PACING = (*SPEED, "warm_up", "fallback")
_WARM_UP = {"starts": "starts: 2026-03-02", "first_day": "first_day: 50", "until": "until: 10000"}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_NUMBER = re.compile(r"\d{1,3}(?:[,_ ]\d{3})+|\d{1,9}")
_PER = re.compile(r"(.+?)\s*(?:per|a|an|/)\s*([a-z]+)", re.IGNORECASE)
_GROWTH = re.compile(r"(\d{1,4})\s*%")
_DOUBLE = 100


def read_pacing(block: Map, report: Report) -> Pacing:
    """Return what a block says of the pace; settings of other kinds are not looked at."""
    fallback = _scalar(block, "fallback", report)
    return Pacing(
        rate=_rate(block, report),
        concurrency=_count(block, "concurrency", "4", report),
        quota=_quota(block, report),
        warm_up=_warm_up(block.value("warm_up"), report),
        fallback=fallback.text if fallback else None,
    )


def check_fallbacks(
    channels: Node | None, pacings: Mapping[str, Pacing], known: Collection[str], report: Report
) -> None:
    """Report fallbacks that are not there, and those that lead back to where they began."""
    for entry in channels.entries if isinstance(channels, Map) else ():
        said = entry.value.value("fallback") if isinstance(entry.value, Map) else None
        if isinstance(said, Scalar) and said.text not in known:
            near = nearest(said.text, known)
            label = f'did you mean "{near}"?' if near else f"declare it beside this one:  {said.text}: {{…}}"
            fixes = (Suggestion(near),) if near else ()
            report.add("J509", f'there is no way out "{said.text}"', said.place, label=label, suggestions=fixes)
        elif isinstance(said, Scalar) and entry.key.text in (chain := chain_of(said.text, pacings)):
            circle = " → ".join((entry.key.text, *chain[: chain.index(entry.key.text) + 1]))
            label = "leave one of these fallbacks out"
            report.add("J509", f"this fallback leads back to where it began: {circle}", said.place, label=label)


def chain_of(way: str, pacings: Mapping[str, Pacing]) -> tuple[str, ...]:
    """Return a way out and those that are taken in its place, in order; each once, even if they lead in a circle."""
    found = [way]
    while (known := pacings.get(found[-1])) and known.fallback and known.fallback not in found:
        found.append(known.fallback)
    return tuple(found)


def _rate(block: Map, report: Report) -> float | None:
    text = _scalar(block, "rate", report)
    if text is None:
        return None
    found = _PER.fullmatch(text.text.strip())
    unit = found[2].lower().removesuffix("s") if found else ""
    count = _number(found[1]) if found else None
    if count and unit in _SECONDS:
        return count / _SECONDS[unit]
    label = "a day's number is a quota:  quota: 5000 per day" if unit == "day" else "write, for example, 10 per second"
    report.add("J508", f'"{text.text}" is not a rate', text.place, label=label)
    return None


def _quota(block: Map, report: Report) -> int | None:
    text = _scalar(block, "quota", report)
    if text is None:
        return None
    found = _PER.fullmatch(text.text.strip())
    count = _number(found[1]) if found else _number(text.text)
    if count and (found is None or found[2].lower() == "day"):
        return count
    report.add("J508", f'"{text.text}" is not a quota', text.place, label="write, for example, 5000 per day")
    return None


def _warm_up(node: Node | None, report: Report) -> WarmUp | None:
    block = one_block(node, "warm_up", report) if node is not None else None
    if block is None:
        return None
    check_keys(block, (*_WARM_UP, "growth"), "to warm_up", report)
    for key, example in _WARM_UP.items():
        if block.entry(key) is None:
            missing(key, "this warm-up", block.place, report, example=example)
    starts, growth = _day(block, report), _growth(block, report)
    first, until = (_count(block, key, number, report) for key, number in (("first_day", "50"), ("until", "10000")))
    if starts is None or growth is None or first is None or until is None:
        return None
    return WarmUp(starts, first, growth, until)


def _day(block: Map, report: Report) -> date | None:
    text = _scalar(block, "starts", report)
    try:
        return date.fromisoformat(text.text) if text else None
    except ValueError:
        pass
    if text is not None:
        report.add("J508", f'"{text.text}" is not a day', text.place, label="write it as 2026-03-02")
    return None


def _growth(block: Map, report: Report) -> int | None:
    """Return per cent a day; nothing said: it doubles."""
    text = _scalar(block, "growth", report)
    if text is None:
        return _DOUBLE
    found = _GROWTH.fullmatch(text.text.strip())
    growth = _DOUBLE if text.text == "double" else int(found[1]) if found else 0
    if growth:
        return growth
    report.add("J508", f'"{text.text}" is not a growth', text.place, label="write  30%  a day, or  double")
    return None


def _count(block: Map, key: str, example: str, report: Report) -> int | None:
    text = _scalar(block, key, report)
    count = _number(text.text) if text else None
    if text is not None and not count:
        label = f"write a whole number above 0, for example {example}"
        report.add("J508", f'"{text.text}" is not a number for "{key}"', text.place, label=label)
    return count or None


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(re.sub(r"\D", "", plain)) if _NUMBER.fullmatch(plain) else None


def _scalar(block: Map, key: str, report: Report) -> Scalar | None:
    node = block.value(key)
    return one_text(node, key, report) if node is not None else None
