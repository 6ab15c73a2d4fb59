import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lifeloop.cli.errors import Exit

TOP = Path(__file__).parents[2]


def test_a_new_project_is_in_order_and_tidy(run, tmp_path, monkeypatch, conforms):
    monkeypatch.chdir(tmp_path)
    said = conforms("init", run("init", "Sunny Days", "--json").json)
    assert said["project"] == "sunny-days"
    folder = tmp_path / "Sunny Days"
    assert "project: sunny-days\n" in (folder / "lifeloop.yaml").read_text()
    monkeypatch.chdir(folder)
    assert run("validate").code == Exit.FINE
    assert run("fmt", "--check").code == Exit.FINE


def test_it_brings_what_editors_hooks_and_ci_need(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = run("init", "shop")
    assert said.code == Exit.FINE
    assert "cd shop" in said.out
    for file in (".gitignore", ".pre-commit-config.yaml", ".github/workflows/journeys.yml", ".vscode/settings.json"):
        assert (tmp_path / "shop" / file).is_file()


def test_nothing_is_ever_overwritten(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "lifeloop.yaml").write_text("mine")
    said = run("init", "shop")
    assert said.code == Exit.REFUSED
    assert "lifeloop.yaml would be overwritten" in said.err
    assert list((tmp_path / "shop").iterdir()) == [tmp_path / "shop" / "lifeloop.yaml"]


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory):
    """The wheel as it would be installed."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=TOP, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def test_the_wheel_brings_the_starter_project(unpacked, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    where = [sys.executable, "-c", "import lifeloop; print(lifeloop.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout
    assert Path(found.strip()).is_relative_to(unpacked)

    run = [sys.executable, "-m", "lifeloop"]
    subprocess.run([*run, "init", "shop"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    subprocess.run([*run, "validate"], cwd=tmp_path / "shop", env=environment, check=True, capture_output=True)
    for part in ("journeys", "templates", "people"):
        here, there = names(TOP / part), names(tmp_path / "shop" / part)
        assert there == here


def names(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name[0] != "."}
