"""The starter's mails, read as files: every message in both languages, one button, nothing left over."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("templates/[a-z]*/*.md"))
CODE = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
LINK = re.compile(r'link\("([^"]+)"')


def name_of(file):
    return f"{file.parent.name}/{file.name.removesuffix('.md').removesuffix('.nl')}"


def parts_of(file):
    _, head, body = file.read_text().split("---\n", 2)
    return yaml.safe_load(head), body


def both(name):
    return parts_of(ROOT / f"templates/{name}.md"), parts_of(ROOT / f"templates/{name}.nl.md")


def sent_in(node):
    """Collect the messages that steps send, also through shared steps."""
    if isinstance(node, dict):
        yield from (text for key, text in node.items() if key in {"send", "reminder"} and isinstance(text, str))
        yield from (name for key, part in node.items() if key != "tests" for name in sent_in(part))
    elif isinstance(node, list):
        yield from (name for part in node for name in sent_in(part))


def all_sent():
    files = ROOT.glob("journeys/*.yaml")
    return {name for file in files for name in sent_in(yaml.load(file.read_text(), yaml.BaseLoader))}  # noqa: S506  # no objects


def messages():
    return sorted({name_of(file) for file in FILES})


def test_what_is_written_is_what_is_sent():
    assert set(messages()) == all_sent()
    assert len(messages()) > 40


@pytest.mark.parametrize("name", messages())
def test_both_languages_say_it_with_the_same_data_and_links(name):
    (english, english_body), (dutch, dutch_body) = both(name)

    assert english.keys() == dutch.keys()
    assert [english[key] for key in ("from", "by")] == [dutch[key] for key in ("from", "by")]
    assert LINK.findall(english_body) == LINK.findall(dutch_body)
    assert set(CODE.findall(english_body)) == set(CODE.findall(dutch_body))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{name_of(file)}{file.suffixes[0]}")
def test_a_mail_has_one_button_at_most_and_begins_with_a_name(file):
    head, body = parts_of(file)
    arms = re.split(r"{% else %}", body) if "link(" in body else [body]

    assert all(arm.count("{.button}") <= 1 for arm in arms)
    assert body.lstrip().startswith(("Hi {{ customer.first_name }},", "Dag {{ customer.first_name }},"))
    assert head["by"] == "sms" or (head["subject"] and head["preheader"])


@pytest.mark.parametrize("file", [file for file in FILES if parts_of(file)[0]["by"] == "sms"], ids=name_of)
def test_a_text_message_fits_into_one(file):
    body = CODE.sub("Willemijn", parts_of(file)[1]).strip()

    assert len(body) <= 160
    assert body.isascii()
