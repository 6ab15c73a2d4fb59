"""What is asked for is what is locked: exact versions with hashes, and no address of any index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
LOCK = (TOP / "requirements.lock").read_text()
ASKED = tomllib.loads((TOP / "pyproject.toml").read_text())


def locked():
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", LOCK, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in names}


@pytest.mark.parametrize("text", [*ASKED["project"]["dependencies"], *ASKED["dependency-groups"]["dev"]])
def test_everything_asked_for_is_locked_at_a_version_that_fits(text):
    wanted = Requirement(text)
    assert wanted.specifier.contains(locked()[canonicalize_name(wanted.name)], prereleases=True)


def test_every_locked_version_has_hashes():
    for block in re.split(r"\n(?=[A-Za-z])", LOCK.strip()):
        assert "--hash=sha256:" in block, block


def test_the_lock_names_no_index():
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK
