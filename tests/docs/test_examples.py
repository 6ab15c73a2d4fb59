"""Every example that a reader sees does what it shows."""

import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs"))

from examples import Shop, matches, pages, tells_the_same  # noqa: E402  # the folder of the docs is no package

GENERATED = {"errors.md", "words.md", "commands.md", "json.md"}


@pytest.mark.parametrize("page", [page for page in pages() if page.name not in GENERATED], ids=lambda page: page.name)
def test_every_example_of_a_page_does_what_it_shows(page, tmp_path):
    assert Shop(tmp_path).problems(page) == []


def test_an_example_that_shows_something_else_is_noticed():
    assert matches("$ lifeloop x\na\n…\nz 1.2 s\n", "$ lifeloop x\na\nb\nc\nz 0.3 s\n")
    assert not matches("$ lifeloop x\na\nz\n", "$ lifeloop x\na\nb\nz\n")
    assert not matches("a … c", "a b d")


def test_figures_may_differ_but_not_what_they_are_about():
    assert tells_the_same("$ lifeloop x\nheld   12\n…\n", "$ lifeloop x\nheld   7\nnot sent   3\n")
    assert not tells_the_same("$ lifeloop x\nheld   12\n", "$ lifeloop x\nnot sent   3\n")
