"""A command line in this process, a small project of its own, and a check of JSON shapes."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lifeloop.cli.app import main
from lifeloop.cli.shapes import shapes

TOP = Path(__file__).parents[2]


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(capsys, monkeypatch):
    """Type a command; get its exit code and what it said. Colours and windows of the tester's own do not count."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI"):
        monkeypatch.delenv(name, raising=False)

    def typed(*words, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return typed


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the starter project to break; the test stands in it."""
    folder = tmp_path / "shop"
    folder.mkdir()
    shutil.copy(TOP / "lifeloop.yaml", folder)
    for part in ("journeys", "templates", "people"):
        shutil.copytree(TOP / part, folder / part)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The smallest project, for what does not need seven journeys."""
    folder = tmp_path / "small"
    (folder / "journeys").mkdir(parents=True)
    (folder / "templates" / "a").mkdir(parents=True)
    (folder / "lifeloop.yaml").write_text(SMALL)
    (folder / "templates" / "a" / "hello.md").write_text("---\nsubject: Hello\nfrom: us\n---\nHello!\n")
    (folder / "journeys" / "one.yaml").write_text(ONE)
    monkeypatch.chdir(folder)
    return folder


SMALL = """\
project: small
timezone: Europe/Lisbon
company: {name: Small, address: 1 Street}
customer: {first_name: text, plan: free | premium}
events: {order.placed: {}}
topics: {service: {basis: contract}}
senders: {us: Us <us@example.com>}
"""
ONE = """\
# yaml-language-server: $schema=../.lifeloop/schema.json
journey: one
phase: welcome
name: One
start:
  event: order.placed
delivery:
  topic: service
steps:
  - wait: 3 days
  - send: a/hello
"""


@pytest.fixture
def conforms():
    """Check a command's JSON document against its published shape."""

    def check(command, document):
        complaints = [error.message for error in Draft202012Validator(shapes()[command]).iter_errors(document)]
        assert complaints == []
        return document

    return check
