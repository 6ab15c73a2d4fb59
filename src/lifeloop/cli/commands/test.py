"""``lifeloop test``: the journeys' own tests, in seconds instead of months."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Annotated

from cyclopts import Parameter

from lifeloop.cli.changed import changed_files
from lifeloop.cli.completing import JourneyName
from lifeloop.cli.diffs import show_diff
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.junit import junit
from lifeloop.cli.opened import TEMPLATES, Opened, open_project
from lifeloop.cli.shapes import COUNT, FLAG, NUMBER, TEXT, document, fields_of, many, maybe
from lifeloop.cli.verdicts import document as verdict
from lifeloop.cli.verdicts import is_good, print_failures, print_missed, print_sum, print_ticks
from lifeloop.journey.plan import Send
from lifeloop.journey.project import Journey
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse.accepting import accepted
from lifeloop.rehearse.suite import AND_WHAT_IT_ENTERS, Tested, run_tests, with_entered

SHAPE = document(
    "How the tests went. `branches` counts the ways on from all forks, `covered` those that a test took.",
    ok=FLAG,
    passed=COUNT,
    failed=COUNT,
    seconds=NUMBER,
    branches=COUNT,
    covered=COUNT,
    journeys=many(
        fields_of(
            journey=TEXT,
            file=TEXT,
            broken=FLAG,
            tests=many(
                fields_of(
                    name=TEXT,
                    line=COUNT,
                    passed=FLAG,
                    expected=maybe(TEXT),
                    got=maybe(TEXT),
                    why=maybe(TEXT),
                    happened=many(TEXT),
                )
            ),
            missed=many(fields_of(line=COUNT, branch=many(TEXT))),
        )
    ),
)
SEEN_BY_ALL = ("lifeloop.yaml", "people/", "journeys/_steps/")
"""Files that can change how any journey goes."""


def try_journeys(
    *journeys: JourneyName,
    text: Annotated[str, Parameter(name=("--matching", "-k"))] = "",
    update: bool = False,
    watch: bool = False,
    coverage: bool = False,
    junit_file: Annotated[Path | None, Parameter(name="--junit")] = None,
    changed: bool = False,
    here: Here,
) -> int:
    """Run the journeys' own tests: months in less than a second.

    Parameters
    ----------
    journeys
        Only these. With a plus behind it, renewal+, also the journeys it enters. Without any: all.
    text
        Only tests whose name has this in it.
    update
        Where a test failed and the journey is right: write what happened into the test, and show the change.
    watch
        Run again whenever a file is saved.
    coverage
        List every branch that no test takes.
    junit_file
        Write the results to this file, as JUnit XML.
    changed
        Only journeys that differ from the last commit, or whose messages do.
    """
    asked = Asked(here, tuple(journeys), text, changed=changed)
    code = asked.run(update=update, coverage=coverage, junit_file=junit_file)
    if watch:
        for _ in _saved(here):
            code = asked.run(update=update, coverage=coverage, junit_file=junit_file)
    return code


class Asked:
    """One call of the command; with ``--watch`` it runs many times."""

    def __init__(self, here: Here, journeys: tuple[str, ...], text: str, *, changed: bool) -> None:
        self._here = here
        self._journeys = journeys
        self._text = text
        self._changed = changed

    def run(self, *, update: bool, coverage: bool, junit_file: Path | None) -> int:
        """Read the project anew, run, and tell."""
        began = perf_counter()
        tested = self._tested()
        if update and any(one.failures for one in tested):
            self._accept(tested)
            tested = self._tested()
        seconds = perf_counter() - began
        if junit_file:
            _write(junit_file, junit(tested, seconds))
        if self._here.out.as_json:
            self._here.out.json(verdict(tested, seconds))
        else:
            self._print(tested, seconds, coverage=coverage)
        return Exit.FINE if is_good(tested) else Exit.FINDINGS

    def _tested(self) -> Sequence[Tested]:
        opened = open_project(self._here)
        names = list(self._chosen(opened))
        tested = list(run_tests(opened.project, names, self._text))
        return [one for one in tested if one.results or not self._text]

    def _chosen(self, opened: Opened) -> Iterable[str]:
        journeys = opened.project.journeys
        names: dict[str, None] = {}
        for name in self._journeys:
            plain = opened.journey(name.removesuffix(AND_WHAT_IT_ENTERS)).name
            names.update(dict.fromkeys(with_entered(journeys, plain) if name.endswith("+") else [plain]))
        names = names or dict.fromkeys(journeys)
        if self._changed:
            files = changed_files(opened.root)
            return [name for name in names if _is_touched(journeys[name], files)]
        return names

    def _accept(self, tested: Sequence[Tested]) -> None:
        for one in tested:
            if one.failures:
                path = self._here.root / one.journey.file
                before = path.read_text(encoding="utf-8")
                after = accepted(before, one.failures)
                if not self._here.out.as_json:
                    show_diff(self._here.out, one.journey.file, before, after)
                path.write_text(after, encoding="utf-8")

    def _print(self, tested: Sequence[Tested], seconds: float, *, coverage: bool) -> None:
        out = self._here.out
        if not tested:
            out.print("There is nothing to test." if not self._text else f'No test has "{self._text}" in its name.')
            return
        print_ticks(out, tested)
        print_failures(out, tested)
        if coverage:
            print_missed(out, tested)
        print_sum(out, tested, seconds)


def _is_touched(journey: Journey, files: frozenset[str]) -> bool:
    if journey.file in files or any(file.startswith(SEEN_BY_ALL) for file in files):
        return True
    sends = {node.message for node in journey.plan.nodes if isinstance(node, Send)} if journey.plan else set()
    return any(file.startswith(tuple(f"{TEMPLATES}/{name}." for name in sends)) for file in files if sends)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise WrongUsage(f'"{file}" cannot be written: {problem.strerror}') from problem


def _saved(here: Here) -> Iterator[None]:
    """Yield each time something was saved in the project, until interrupted."""
    from watchfiles import watch

    here.out.note("watching: save a file to run again, Ctrl-C to end")
    # The interrupt is caught here: watchfiles would speak of it in words of its own.
    with suppress(KeyboardInterrupt):
        for changes in watch(here.root):
            here.out.note(f"{counted(len(changes), 'file')} changed")
            yield
