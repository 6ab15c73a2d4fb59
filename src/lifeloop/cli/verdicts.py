"""How tests went, on a terminal: a tick each, what failed and why, and how much of the journeys was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from lifeloop.cli.output import Output
from lifeloop.journey.prose_time import counted
from lifeloop.journey.spec import Expectation
from lifeloop.rehearse.outcomes import Outcome
from lifeloop.rehearse.suite import Tested
from lifeloop.rehearse.testing import TestResult

TICK, CROSS = "✓", "✗"
THEN = " \u203a "
"""Between a journey and its branch, a branch and the one inside it."""
NOTHING_MORE = "nothing more"
MOST_MISSED = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong in one test, in words."""

    journey: str
    name: str
    where: str
    expected: str
    got: str
    why: str

    def lines(self) -> Iterator[Text]:
        """Yield it as it is printed."""
        name = f"{self.journey}{THEN}{self.name}"
        yield Text.assemble(("FAILED", "bold red"), "  ", (name, "bold"), "   ", (self.where, "dim"))
        yield Text.assemble(("  expected   ", "dim"), self.expected)
        yield Text.assemble(("  got        ", "dim"), self.got)
        if self.why:
            yield Text.assemble(("  why        ", "dim"), self.why)


def failures_of(one: Tested) -> list[Failure]:
    """Return what went wrong in a journey's tests."""
    return [_failure(one, result) for result in one.failures]


def print_ticks(out: Output, tested: Sequence[Tested]) -> None:
    """Print a line for each journey, with a mark for each test."""
    width = max((len(one.journey.name) for one in tested), default=0)
    for one in tested:
        if out.plain:
            out.print(_counted(one), wrap=False)
        else:
            out.print(Text.assemble(one.journey.name.ljust(width), "   ", _marks(one)), wrap=False)


def print_failures(out: Output, tested: Sequence[Tested]) -> None:
    """Print what failed, and how to accept it where it is meant so."""
    for one in tested:
        found = failures_of(one)
        for failure in found:
            out.print("")
            for line in failure.lines():
                out.print(line, wrap=False)
        if found:
            out.print(Text(f"  To accept:  lifeloop test {one.journey.name} --update", "dim"), wrap=False)
        if one.journey.plan is None:
            out.print("")
            hint = f"it has mistakes: lifeloop validate {one.journey.file}"
            out.print(Text.assemble(("BROKEN", "bold red"), "  ", (one.journey.name, "bold"), f"   {hint}"), wrap=False)


def print_sum(out: Output, tested: Sequence[Tested], seconds: float) -> None:
    """Print the last line: how many passed, and how many branches were tried."""
    total = sum(len(one.results) for one in tested)
    failed = sum(len(one.failures) for one in tested)
    broken = sum(one.journey.plan is None for one in tested)
    words = [Text(f"{total - failed} passed", "green" if total > failed else "")]
    words += [Text(f"{failed} failed", "bold red")] if failed else []
    words += [Text(f"{counted(broken, 'journey')} with mistakes", "bold red")] if broken else []
    line = Text(", ").join(words).append(f" in {seconds:.1f} s")
    out.print("")
    out.print(line.append_text(_covered(tested)))


def print_missed(out: Output, tested: Sequence[Tested]) -> None:
    """Print every branch that no test takes, with its line."""
    for one in tested:
        if one.missed:
            out.print("")
            out.print(Text.assemble((one.journey.name, "bold"), "  ", (one.journey.file, "dim")), wrap=False)
        for arm in one.missed:
            out.print(Text.assemble((f"{arm.line:>5}  ", "dim"), THEN.join(arm.words)), wrap=False)


def document(tested: Sequence[Tested], seconds: float) -> Mapping[str, Any]:
    """Return everything for a program."""
    return {
        "ok": is_good(tested),
        "passed": sum(result.passed for one in tested for result in one.results),
        "failed": sum(len(one.failures) for one in tested),
        "seconds": round(seconds, 3),
        "branches": sum(len(one.arms) for one in tested),
        "covered": sum(len(one.arms) - len(one.missed) for one in tested),
        "journeys": [_as_json(one) for one in tested],
    }


def is_good(tested: Sequence[Tested]) -> bool:
    """Tell whether everything could be tested and passed."""
    return all(not one.failures and one.journey.plan is not None for one in tested)


def _failure(one: Tested, result: TestResult) -> Failure:
    mismatch, why = result.mismatch, one.why(result)
    expected = mismatch.expected if mismatch else None
    got = mismatch.got if mismatch else None
    return Failure(
        journey=one.journey.name,
        name=result.test.name,
        where=f"{one.journey.file}:{(expected.place if expected else result.test.place).line}",
        expected=_expected(expected) if expected else NOTHING_MORE,
        got=_got(got, expected) if got else NOTHING_MORE,
        why=str(why) if why else "",
    )


def _expected(wanted: Expectation) -> str:
    at = f"day {wanted.at.day}{f' {wanted.at.at:%H:%M}' if wanted.at.at else ''}" if wanted.at else "any time"
    name = _data(wanted.data) if wanted.what == "set" else wanted.name
    extra = f"   with {_data(wanted.data)}" if wanted.data and wanted.what != "set" else ""
    return f"{at:<14}{wanted.what} {name}{extra}"


def _got(got: Outcome, expected: Expectation | None) -> str:
    at = f"day {got.day} {got.at:%H:%M}"
    extra = f"   with {_data(got.data)}" if expected and expected.data and got.data else ""
    return f"{at:<14}{got.what} {got.name}{extra}"


def _data(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {'unknown' if value is None else value}" for name, value in data.items())


def _marks(one: Tested) -> Text:
    if one.journey.plan is None:
        return Text("has mistakes", "red")
    if not one.results:
        return Text("no tests", "yellow")
    marks = ((TICK, "green") if result.passed else (CROSS, "bold red") for result in one.results)
    return Text(" ").join(Text(mark, style) for mark, style in marks)


def _counted(one: Tested) -> str:
    if one.journey.plan is None:
        return f"{one.journey.name}: has mistakes"
    failed = len(one.failures)
    return f"{one.journey.name}: {len(one.results) - failed} passed" + (f", {failed} failed" if failed else "")


def _covered(tested: Sequence[Tested]) -> Text:
    arms = sum(len(one.arms) for one in tested)
    missed = [arm for one in tested for arm in (((one.journey.name, *arm.words)) for arm in one.missed)]
    if not arms:
        return Text("")
    line = Text(f" · branches covered {arms - len(missed)} of {arms} ({100 * (arms - len(missed)) // arms}%)", "dim")
    if missed:
        named = ", ".join(THEN.join(words) for words in missed[:MOST_MISSED])
        more = f" and {len(missed) - MOST_MISSED} more: --coverage" if len(missed) > MOST_MISSED else ""
        line.append(f"\nnot covered: {named}{more}", "dim")
    return line


def _as_json(one: Tested) -> Mapping[str, Any]:
    found = {failure.name: failure for failure in failures_of(one)}
    return {
        "journey": one.journey.name,
        "file": one.journey.file,
        "broken": one.journey.plan is None,
        "tests": [_test(result, found.get(result.test.name)) for result in one.results],
        "missed": [{"line": arm.line, "branch": [one.journey.name, *arm.words]} for arm in one.missed],
    }


def _test(result: TestResult, failure: Failure | None) -> Mapping[str, Any]:
    return {
        "name": result.test.name,
        "line": result.test.place.line,
        "passed": result.passed,
        "expected": " ".join(failure.expected.split()) if failure else None,
        "got": " ".join(failure.got.split()) if failure else None,
        "why": failure.why or None if failure else None,
        "happened": [str(outcome) for outcome in result.outcomes],
    }
