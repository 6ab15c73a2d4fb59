"""Pages hang together: what the code writes is what is committed, links lead somewhere, README stays short."""

import re
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs"))

from generate import DOCS, generated  # noqa: E402

from lifeloop.cli.registry import COMMANDS  # noqa: E402
from lifeloop.journey.project_file import KEYS  # noqa: E402
from lifeloop.journey.words import DELIVERY, START, VERBS  # noqa: E402
from lifeloop.journey.words import TOP as TOP_WORDS  # noqa: E402

from examples import pages  # noqa: E402  # the folder of the docs is no package

LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SMALL = 200_000


def test_what_the_code_writes_is_what_is_committed():
    stale = [path.name for path, text in generated() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert stale == [], "say:  make docs"


def test_readme_is_read_in_one_sitting():
    assert len((TOP / "README.md").read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in (one or other for one, other in LINK.findall(text)):
        if link.startswith(("https://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to {link}"


def anchors(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_found_from_the_first_one():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [page.name for page in DOCS.glob("*.md") if page.name != "index.md" and f"({page.name}" not in index]
    assert missing == []


def test_pictures_are_small_and_shown():
    text = "".join(page.read_text(encoding="utf-8") for page in pages())
    for picture in (DOCS / "img").iterdir():
        assert picture.stat().st_size < SMALL, picture.name
        assert picture.name in text, f"no page shows {picture.name}"


def test_nothing_names_a_place_on_somebodys_machine():
    for page in pages():
        assert not re.search(r"(?<![\w.])/(?:work|home|root|tmp)/", page.read_text(encoding="utf-8")), page.name


def test_every_environment_variable_of_ours_is_explained():
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    read = re.compile(r'"(LIFELOOP_[A-Z_]+)"')
    names = {name for file in (TOP / "src").rglob("*.py") for name in read.findall(file.read_text(encoding="utf-8"))}
    assert {name for name in names if name not in text} == set()


def test_only_commands_that_exist_are_named():
    named = re.compile(r"(?:`|\$ |: {2})lifeloop ([a-z][a-z-]*)")
    texts = [
        *pages(),
        *(TOP / "src").rglob("*.py"),
        *(TOP / "src" / "lifeloop" / "journey" / "explanations").glob("*.md"),
    ]
    known = {name for command in COMMANDS for name in (command.name, *command.alias)}
    said = {(word, file.name) for file in texts for word in named.findall(file.read_text(encoding="utf-8"))}
    assert {one for one in said if one[0] not in known} == set()


def test_every_word_of_a_project_and_of_a_journey_is_explained():
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    words = {*KEYS, *(word.name for word in (*TOP_WORDS, *START, *DELIVERY)), *VERBS}
    assert {word for word in words if not re.search(rf"\b{word}\b", text)} == set()
