"""The page about replays: what it shows is what comes out."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import yaml

from lifeloop.cli.app import main

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "replay.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(language: str, word: str = "") -> list[str]:
    return [text for kind, words, text in FENCE.findall(PAGE) if kind == language and word in words]


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a block with the lines it shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        typed, *shown = part.rstrip("\n").split("\n")
        yield typed, shown


def fits(shown: list[str], said: str) -> bool:
    """Tell whether what is shown is what was said; ``…`` stands for anything, on a line of its own for any lines."""
    pattern = ""
    for line in shown:
        if line == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + r"[ ]*\n"
    return re.fullmatch(pattern, said) is not None


def test_the_commands_of_the_page_say_what_it_shows(shop, purchases, monkeypatch, capsys):
    purchases(shop / "purchases.csv")
    monkeypatch.chdir(shop)
    monkeypatch.delenv("LIFELOOP_DATABASE", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    ran = 0
    for block in fences("console", "made-up"):
        for typed, shown in commands(block):
            program, *words = shlex.split(typed)
            if program == "export":
                monkeypatch.setenv(*words[0].split("=", 1))
                continue
            assert program == "lifeloop"
            capsys.readouterr()
            assert main(words) == 0
            said = capsys.readouterr().out
            assert fits(shown, said), f"{typed} says:\n{said}"
            ran += 1
    assert ran == 4


def test_the_mapping_and_the_file_on_the_page_are_those_of_the_example(shop, purchases):
    (shown,) = fences("yaml", "mapping")
    assert yaml.safe_load(shown) == yaml.safe_load((shop / "mapping.yaml").read_text(encoding="utf-8"))
    (rows,) = fences("csv")
    assert purchases(shop / "purchases.csv").read_text(encoding="utf-8").startswith(rows)
