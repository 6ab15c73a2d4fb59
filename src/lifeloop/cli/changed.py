"""Which files of a project git sees as changed: for ``--changed``."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lifeloop.cli.errors import WrongUsage

_QUESTIONS = (
    ("git", "diff", "--name-only", "--relative", "HEAD", "--", "."),
    ("git", "ls-files", "--others", "--exclude-standard", "--", "."),
)


def changed_files(root: Path) -> frozenset[str]:
    """Return the files under a folder that differ from the last commit, as paths from there.

    Raises:
        WrongUsage: git does not know this folder.
    """
    return frozenset(file for question in _QUESTIONS for file in _lines(question, root))


def _lines(question: tuple[str, ...], root: Path) -> list[str]:
    try:
        said = subprocess.run(question, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        raise WrongUsage(
            "--changed asks git what changed, and git does not know this folder", hint="say the journeys' names instead"
        ) from problem
    return said.stdout.splitlines()
