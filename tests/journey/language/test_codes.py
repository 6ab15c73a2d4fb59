from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

import lifeloop
from lifeloop.journey.catalogue import Action, Catalogue, Connection, MessageInfo, Sender
from lifeloop.journey.codes import Example, all_codes, explanation
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.conditions import read_condition
from lifeloop.journey.known import Known
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_every, read_hours, read_limit, read_moment
from lifeloop.journey.people import read_people
from lifeloop.journey.project import check_text
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Place, Report, Scalar

CODE = re.compile(r"\"(J\d{3})\"")


def codes_in_use() -> set[str]:
    root = Path(lifeloop.__file__).parent
    return {code for path in root.rglob("*.py") for code in CODE.findall(path.read_text())}


def test_every_code_is_explained_and_every_explanation_has_its_parts():
    for code in all_codes():
        known = explanation(code)
        assert known is not None
        assert re.fullmatch(r"J\d{3}", code)
        assert known.title
        assert known.text
        assert (known.wrong is None) == (known.right is None)
        assert not re.search(r"\b(str|None|dict|token|mapping|ValidationError)\b", known.title + known.text)


def test_codes_are_known_in_any_case_and_nothing_else_is():
    known = explanation("j111")
    assert known == explanation("J111")
    assert known is not None
    assert (known.code, known.title) == ("J111", "This is not a length of time")
    assert explanation("J999") is None
    assert explanation("../x") is None


def test_no_code_is_used_without_an_explanation():
    assert sorted(codes_in_use() - set(all_codes())) == []


def whole(text: str) -> str:
    """Return an example with the rest of a small journey around it."""
    said = {line.partition(":")[0] for line in text.splitlines()}
    rest = {
        "journey": "x",
        "phase": "welcome",
        "name": "X",
        "start": "{event: contract.started}",
        "delivery": "{topic: inspiration}",
        "steps": "[{send: welcome/hello}]",
    }
    return "\n".join([*(f"{key}: {value}" for key, value in rest.items() if key not in said), text])


def known_of(catalogue: Catalogue) -> Known:
    senders = {"anna": Sender("anna", "Anna", "anna@example.com")}
    action = Action("create-task", "POST", "/tasks")
    connections = {"crm": Connection("crm", "env.CRM_URL", actions={"create-task": action})}
    approvers = {"retention-lead": "lead@example.com"}
    names = ("welcome/hello", "renewal/offer", "renewal/reminder")
    return Known(
        replace(catalogue, senders=senders, connections=connections, approvers=approvers),
        {name: MessageInfo(name, digest="1") for name in names},
        frozenset({"x", "recovery"}),
        frozenset({"ana"}),
    )


def mistakes(example: Example, scope, catalogue, folder: Path) -> list[str] | None:
    """Return the codes that an example gives; None where it takes the whole compiler to tell."""
    report = Report()
    text = example.text.rstrip("\n")
    scalar = Scalar(text, Place("x", 1, 1, 1, 1 + len(text)))
    readers = {"length": read_length, "hours": read_hours, "limit": read_limit, "rhythm": read_every}
    match example.kind:
        case "yaml":
            read_yaml(example.text, "x", report)
        case "condition":
            read_condition(scalar, scope, report)
        case "moment":
            read_moment(scalar, report, scope)
        case "project":
            (folder / "lifeloop.yaml").write_text(example.text)
            read_catalogue(folder, report)
        case "person":
            (folder / "ana.yaml").write_text(example.text)
            read_people(folder, catalogue, report)
        case "steps" | "journey":
            text = example.text if example.kind == "journey" else "steps:\n" + textwrap.indent(example.text, "  ")
            return sorted({one.code for one in check_text(whole(text), "journeys/x.yaml", known_of(catalogue))[1]})
        case kind if kind in readers:
            readers[kind](scalar, report)
        case _:
            return None
    return sorted({one.code for one in report.found})


TRIED = [code for code in all_codes() if (known := explanation(code)) and known.wrong]


@pytest.mark.parametrize("code", TRIED)
def test_the_wrong_example_gives_the_code_and_the_right_one_nothing(code: str, scope, catalogue, tmp_path: Path):
    known = explanation(code)
    assert known is not None
    assert known.wrong is not None
    assert known.right is not None
    wrong = mistakes(known.wrong, scope, catalogue, tmp_path)
    right = mistakes(known.right, scope, catalogue, tmp_path)
    assert wrong in (None, [code])
    assert right in (None, [])
