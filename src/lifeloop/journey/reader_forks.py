"""Reads the steps that hold other steps: ``if``, ``choose``, ``split``, ``repeat``, ``ask``."""

from __future__ import annotations

import re
from decimal import Decimal

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.known import check_approver
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moment import Moment
from lifeloop.journey.moments import read_when
from lifeloop.journey.reading import Reading, Written, read_clause, read_clause_of, texts_in
from lifeloop.journey.shape import check_keys, filled_items, missing, one_block, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar
from lifeloop.journey.spec import (
    AnyStep,
    Arm,
    AskStep,
    ChooseStep,
    IfStep,
    PathWritten,
    RepeatStep,
    SplitStep,
)

WHOLE = 10_000
"""All shares together, in hundredths of a percent."""
MOST_ROUNDS = 50
_SHARE = re.compile(r"(\d{1,3}(?:[.,]\d{1,2})?)\s*%")
_ROUNDS = re.compile(r"(\d+)\s+times?|(once|twice)", re.IGNORECASE)
_SPOKEN = {"once": 1, "twice": 2}


def read_if(step: Written, reading: Reading) -> IfStep | None:
    """Read ``if: …`` with ``then`` and ``else``."""
    condition = read_clause(step.what, reading)
    then, otherwise = _steps(step.block, "then", reading), _steps(step.block, "else", reading)
    if then is None and otherwise is None:
        missing("then", 'this "if"', step.verb.key.place, reading.report, example="then: [{send: welcome/hello}]")
    if condition is None:
        return None
    return IfStep(**step.common, condition=condition, then=then or (), otherwise=otherwise)


def read_choose(step: Written, reading: Reading) -> ChooseStep | None:
    """Read ``choose: [{when, then}, …]``."""
    items = filled_items(step.what, "choose", reading.report)
    otherwise = _steps(step.block, "else", reading)
    arms = tuple(arm for item in items if (arm := _arm(item, reading)) is not None)
    return ChooseStep(**step.common, arms=arms, otherwise=otherwise) if arms else None


def read_split(step: Written, reading: Reading) -> SplitStep | None:
    """Read ``split: experiment`` with its paths; the shares must add up to 100 %."""
    experiment = one_text(step.what, "split", reading.report)
    node = step.block.value("into")
    if node is None:
        example = "into: [{path: a, share: 50%}, {path: b, share: 50%}]"
        missing("into", "this split", step.verb.key.place, reading.report, example=example)
        return None
    items = filled_items(node, "into", reading.report)
    paths = tuple(path for item in items if (path := _path(item, reading)) is not None)
    _check_paths(paths, reading.report)
    if len(paths) == len(items):
        _check_shares(paths, reading.report)
    return SplitStep(**step.common, experiment=experiment.text, into=paths) if experiment and paths else None


def read_repeat(step: Written, reading: Reading) -> RepeatStep | None:
    """Read ``repeat: 2 times`` with ``every``, ``until`` and ``steps``."""
    report = reading.report
    times = _times(step.what, report)
    every = step.text("every", report)
    length = read_length(every, report) if every else None
    until = read_clause_of(step.block, "until", reading)
    steps = _steps(step.block, "steps", reading)
    for key, example in (("every", "every: 3 weeks"), ("steps", "steps: [{send: reactivation/story}]")):
        if step.block.value(key) is None:
            missing(key, 'this "repeat"', step.verb.key.place, report, example=example)
    if times is None or length is None or steps is None:
        return None
    return RepeatStep(**step.common, times=times, every=length, until=until, steps=steps)


def read_ask(step: Written, reading: Reading) -> AskStep | None:
    """Read ``ask: retention-lead`` with ``question``, ``max``, ``then`` and ``else``."""
    report = reading.report
    who, question = one_text(step.what, "ask", report), step.text("question", report)
    longest = _longest(step, reading)
    then, otherwise = _steps(step.block, "then", reading), _steps(step.block, "else", reading)
    if step.block.value("question") is None:
        missing("question", 'this "ask"', step.verb.key.place, report, example="question: Offer 15%?")
    if who is None or question is None or longest is None:
        return None
    name = check_approver(who, reading.known, report)
    return AskStep(
        **step.common,
        who=name,
        question=question.text,
        max=longest,
        then=then or (),
        otherwise=otherwise,
        texts=texts_in(question, reading),
    )


def _steps(block: Map, key: str, reading: Reading) -> tuple[AnyStep, ...] | None:
    node = block.value(key)
    return reading.nested(node, key, reading) if node is not None else None


def _arm(node: Node, reading: Reading) -> Arm | None:
    block = one_block(node, "choose", reading.report)
    if block is None:
        return None
    check_keys(block, ("when", "then"), 'to a way of "choose"', reading.report)
    when, then = read_clause_of(block, "when", reading), _steps(block, "then", reading)
    for key, example in (("when", "when: customer.plan is premium"), ("then", "then: [{send: welcome/hello}]")):
        if block.value(key) is None:
            missing(key, 'this way of "choose"', block.place, reading.report, example=example)
    return Arm(when, then, block.place) if when is not None and then is not None else None


def _path(node: Node, reading: Reading) -> PathWritten | None:
    report = reading.report
    block = one_block(node, "into", report)
    if block is None:
        return None
    check_keys(block, ("path", "share", "steps"), 'to a path of "split"', report)
    name, share = block.value("path"), block.value("share")
    for key, example in (("path", "path: personal"), ("share", "share: 50%")):
        if block.value(key) is None:
            missing(key, "this path", block.place, report, example=example)
    title = one_text(name, "path", report) if name is not None else None
    part = _share(share, report) if share is not None else None
    steps = _steps(block, "steps", reading)
    if title is None or part is None or share is None:
        return None
    return PathWritten(title.text, part, steps or (), share.place)


def _share(node: Node, report: Report) -> int | None:
    text = one_text(node, "share", report)
    if text is None:
        return None
    found = _SHARE.fullmatch(text.text.strip())
    if found is None:
        number = re.fullmatch(r"\d{1,3}", text.text.strip())
        label = f"write {text.text.strip()}%" if number else "write a percentage, for example 45%"
        fixes = (Suggestion(f"{text.text.strip()}%", certain=True),) if number else ()
        report.add("J151", f'"{text.text}" is not a share', text.place, label=label, suggestions=fixes)
        return None
    return int(Decimal(found[1].replace(",", ".")) * 100)


def _check_paths(paths: tuple[PathWritten, ...], report: Report) -> None:
    seen: set[str] = set()
    for path in paths:
        if path.name in seen:
            report.add("J152", f'two paths are called "{path.name}"', path.place, label="give this one another name")
        seen.add(path.name)


def _check_shares(paths: tuple[PathWritten, ...], report: Report) -> None:
    total = sum(path.share for path in paths)
    if not paths or total == WHOLE:
        return
    off = total - WHOLE
    by = f"{_percent(abs(off))[:-1]} too {'many' if off > 0 else 'few'}"
    fair = ", ".join(map(_percent, proportional([path.share for path in paths]))) if total else ""
    label = f"{by}. Keeping the proportions: {fair}" if fair else by
    report.add("J151", f"these shares add up to {_percent(total)}", paths[-1].place, label=label)


def proportional(shares: list[int]) -> list[int]:
    """Return shares in the same proportions that add up to 100 %, in steps of 5 % when they were written so."""
    if all(share % 500 == 0 for share in shares):
        fair = _rounded(shares, 500)
        if all(fair):
            return fair
    return _rounded(shares, 100)


def _rounded(shares: list[int], unit: int) -> list[int]:
    """Round to whole units; the largest rests get what is left."""
    total, units = sum(shares), WHOLE // unit
    rounded = [share * units // total for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda i: (-(shares[i] * units % total), i))
    for index in by_rest[: units - sum(rounded)]:
        rounded[index] += 1
    return [part * unit for part in rounded]


def _percent(share: int) -> str:
    return f"{share / 100:g}%"


def _times(node: Node, report: Report) -> int | None:
    text = one_text(node, "repeat", report)
    if text is None:
        return None
    found = _ROUNDS.fullmatch(text.text.strip())
    if found is None:
        number = re.fullmatch(r"\d+", text.text.strip())
        written = f"{text.text.strip()} times"
        label = f"write {written}" if number else "a repeat is counted: write, for example, 3 times"
        fixes = (Suggestion(written, certain=True),) if number else ()
        report.add("J155", f'"{text.text}" does not say how often', text.place, label=label, suggestions=fixes)
        return None
    times = _SPOKEN.get((found[2] or "").lower()) or int(found[1])
    if not 1 <= times <= MOST_ROUNDS:
        label = f"between 1 and {MOST_ROUNDS} times"
        report.add("J155", f"{times} times is not possible", text.place, label=label)
        return None
    return times


def _longest(step: Written, reading: Reading) -> Length | Moment | None:
    text: Scalar | None = step.text("max", reading.report)
    if text is not None:
        return read_when(text, reading.report, reading.scope)
    if step.block.value("max") is None:
        message = "this waits for an answer without an end"
        reading.report.add("J112", message, step.verb.key.place, label="add a limit, for example:  max: 1 day")
    return None
