"""Test results as JUnit XML, which every build server reads."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # written, never read

from lifeloop.cli.verdicts import Failure, failures_of
from lifeloop.rehearse.suite import Tested


def junit(tested: Sequence[Tested], seconds: float) -> str:
    """Return the results as one document; a journey with mistakes is an error of its suite."""
    top = Element("testsuites", name="lifeloop", time=f"{seconds:.3f}")
    for one in tested:
        top.append(_suite(one))
    indent(top)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(top, encoding="unicode") + "\n"


def _suite(one: Tested) -> Element:
    failures = {failure.name: failure for failure in failures_of(one)}
    broken = one.journey.plan is None
    counts = {"tests": len(one.results) + broken, "failures": len(failures), "errors": int(broken)}
    suite = Element("testsuite", {name: str(count) for name, count in counts.items()}, name=one.journey.name)
    if broken:
        case = SubElement(suite, "testcase", classname=one.journey.name, name="the journey can be read")
        SubElement(case, "error", message=f"{one.journey.file} has mistakes: lifeloop validate {one.journey.file}")
    for result in one.results:
        case = SubElement(suite, "testcase", classname=one.journey.name, name=result.test.name, file=one.journey.file)
        case.set("line", str(result.test.place.line))
        if failure := failures.get(result.test.name):
            _fail(case, failure)
    return suite


def _fail(case: Element, failure: Failure) -> None:
    words = f"expected {failure.expected}, got {failure.got}"
    found = SubElement(case, "failure", message=" ".join(words.split()))
    found.text = f"{failure.where}\nexpected  {failure.expected}\ngot       {failure.got}\nwhy       {failure.why}\n"
