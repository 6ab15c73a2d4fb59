"""The page of providers says of each exactly what it takes, what one request holds, and what it promises."""

import re
from pathlib import Path

import pytest

from lifeloop.channel.declared_files import declared
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.journey.ways import MAIL_PROVIDERS, OTHER_PROVIDERS

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| `([\w-]+)` \|(.*)\|(.*)\|(.*)\|(.*)\|(.*)\|$", PAGE, re.MULTILINE)}
SHORT = {row[0]: row[1:] for row in re.findall(r"^\| `([\w-]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)}
NAMES = (*MAIL_PROVIDERS, *OTHER_PROVIDERS)


def words(cell):
    return set(re.findall(r"`([\w]+)`", cell))


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_are_those_of_the_page(name):
    needs, may = ROWS[name][:2] if name in ROWS else SHORT[name][1:]
    known = takes(name) if name in CLASSES else declared(name, Path("/nowhere")).takes

    assert words(needs) == {key for key, otherwise in known.items() if otherwise is None}
    assert words(may) == {key for key, otherwise in known.items() if otherwise is not None}


@pytest.mark.parametrize("name", [name for name in MAIL_PROVIDERS if name in CLASSES])
def test_what_one_request_holds_is_what_the_page_says(name):
    if name == "ses":
        pytest.importorskip("botocore")
    said = {key: otherwise if otherwise is not None else "x" for key, otherwise in takes(name).items()}
    made = provider(name, said)
    holds, recognises, asked = ROWS[name][2:]

    assert holds.strip().startswith(str(made.per_request))
    assert (made.abilities.key_window is None) == (recognises.strip() == "no")
    assert made.abilities.lookup == (asked.strip() != "no")


@pytest.mark.parametrize("name", OTHER_PROVIDERS)
def test_what_it_carries_is_what_the_page_says(name):
    assert tuple(word.strip() for word in SHORT[name][0].split(",")) == declared(name, Path("/nowhere")).carries
