"""Every curl on the page about ingesting gets the answer it shows, from a real server on the starter project."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeloop.web.beside import served_beside
from lifeloop.web.ingest import Ingest
from lifeloop.work import keys
from lifeloop.work.workspace import open_workspace

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs"))

from examples import STARTER, examples  # noqa: E402  # the folder of the docs is no package

PAGE = TOP / "docs" / "ingesting.md"
SHOWN = "http://127.0.0.1:8040/"


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command with what it answers: a command ends with the line on which its quotation marks do."""
    command, answer = "", []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, "\n".join(answer)
            command, answer = line[2:], []
        elif is_open(command):
            command += f"\n{line}"
        else:
            answer.append(line)
    yield command, "\n".join(answer)


def is_open(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return True
    return command.endswith("\\")


@pytest.fixture
def server(tmp_path):
    for name in STARTER:
        source = TOP / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    space = open_workspace(tmp_path, environ={})
    app, key = Ingest(space), keys.add(space, "webshop")
    with served_beside(app, port=0) as address:
        yield address, key
    app.close()
    space.close()


def test_every_curl_gets_the_answer_it_shows(server):
    address, key = server
    found = [pair for one in examples(PAGE) for pair in commands(one.text) if pair[0].startswith("curl")]
    for command, answer in found:
        words = ["bash", "-c", command.replace(SHOWN, address)]
        done = subprocess.run(words, env={**os.environ, "KEY": key}, capture_output=True, text=True, check=True)
        assert done.stdout == answer, command
    assert len(found) >= 11
