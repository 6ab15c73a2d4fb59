"""The small project that the tests of this room share, with messages as values instead of templates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Catalogue, Library, MessageInfo
from lifeloop.journey.known import Known
from lifeloop.journey.people import read_people
from lifeloop.journey.project import Project, load_project
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report

FIVE = Path(__file__).parent.parent / "journeys"


def sent_by(folder: Path) -> Library:
    """Return a message for every ``send:`` in the journeys of a folder."""
    texts = "".join(path.read_text() for path in sorted(folder.glob("*.yaml")))
    names = sorted(set(re.findall(r"send: ([a-z-]+/[a-z-]+)", texts)))
    return {name: MessageInfo(name, digest=f"digest of {name}") for name in names}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    report = Report()
    found = read_catalogue(FIVE, report)
    assert report.found == []
    return found


@pytest.fixture(scope="session")
def library() -> Library:
    phone = MessageInfo("renewal/call-you", uses=("customer.phone", "customer.first_name"))
    return {**sent_by(FIVE / "journeys"), phone.name: phone}


@pytest.fixture(scope="session")
def known(catalogue: Catalogue, library: Library) -> Known:
    people = read_people(FIVE / "people", catalogue, Report())
    journeys = frozenset(path.stem for path in (FIVE / "journeys").glob("*.yaml"))
    return Known(catalogue, library, journeys, frozenset(people))


@pytest.fixture(scope="session")
def five(library: Library) -> Project:
    return load_project(FIVE, library)
