"""Every mail of the starter, in every language and by every way out, as a second reader understands it.

The reader is a parser in Rust that shares nothing with the library that wrote the mail. Headers are looked at as bytes
as well: what receivers read, they read before anything is decoded.
"""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import fast_mail_parser
import pytest

from lifeloop.channel import mime
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.values import Envelope
from lifeloop.journey.catalogue import Sender
from lifeloop.message.preview import preview
from lifeloop.message.render import Renderer
from lifeloop.work.project import open_project

ROOT = Path(__file__).parents[2]
NOW = 1_780_000_000
TOKEN = "Tk-_" * 30
LEAVE = f"https://mail.sunny.example.com/u/{TOKEN}"
MAILED = "unsub+abcdef@mail.sunny.example.com"
FROM = Sender("zoe", "Zoë, van Sunny", "hello@sunny.example.com", "support@sunny.example.com")
SUBJECT = "Een lange, zonnige regel met é en ☀ — " * 5
LONG = SUBJECT[:160]


def envelopes():
    """Make one of each message in English and Dutch, and one with everything that mail finds hard."""
    renderer = Renderer(ROOT / "templates", open_project(ROOT).catalogue)
    found = {}
    for name in sorted(renderer.messages):
        for locale in ("en", "nl"):
            text = preview(renderer, name, person=None, at=NOW, locale=locale).rendered
            if text.html is not None:
                found[f"{name}-{locale}"] = Envelope(
                    id=f"m{len(found):04}",
                    to="jo@example.net",
                    sender=text.sender,
                    subject=text.subject,
                    html=text.html,
                    text=text.text,
                    journey="welcome",
                    step="hello",
                    topic="news",
                    locale=text.locale,
                    unsubscribe=LEAVE,
                    unsubscribe_mail=MAILED,
                )
    hard = next(iter(found.values()))
    found["hard"] = replace(hard, id="mhard", sender=FROM, subject=LONG)
    return found


MAILS = envelopes()


def raw_headers(raw):
    """Return headers as they stand: nothing is decoded, only folds are taken out."""
    top = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return dict(line.split(": ", 1) for line in re.sub(r"\r\n[ \t]", " ", top).split("\r\n"))


def test_they_are_all_there():
    assert len(MAILS) > 2 * 40


@pytest.mark.parametrize("name", MAILS)
def test_a_second_reader_finds_what_was_written(name):
    envelope = MAILS[name]
    raw = mime.write(envelope, NOW, project="sunny").raw
    seen, lines = fast_mail_parser.parse_email(raw), raw_headers(raw)

    assert seen.warnings == []
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert (seen.from_.display_name or "", seen.from_.address) == (envelope.sender.display, envelope.sender.address)
    assert [one.address for one in seen.to] == [envelope.to]
    assert seen.subject == " ".join(envelope.subject.split())
    assert [text.replace("\r\n", "\n").strip() for text in seen.text_plain] == [envelope.text.strip()]
    assert [text.replace("\r\n", "\n").strip() for text in seen.text_html] == [envelope.html.strip()]
    assert f"\r\nList-Unsubscribe: <{LEAVE}>,".encode() in raw  # on the line of its name, whole and not encoded
    assert lines["List-Unsubscribe"] == f"<{LEAVE}>, <mailto:{MAILED}>"
    assert lines["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert lines["Message-ID"] == f"<{envelope.id}@{envelope.sender.address.rpartition('@')[2]}>"
    assert "=?" not in "".join(value for key, value in lines.items() if key not in {"From", "Subject"})
    assert all(len(values) == 1 for key, values in seen.headers.items() if key != "Received")


SETTINGS = {"token": "k", "key": "k", "secret": "s", "region": "eu-west-1", "domain": "sunny.example.com"}


def payload(name, envelope):
    """Return what a provider is handed for one mail."""
    wants = {key: SETTINGS.get(key, otherwise) for key, otherwise in takes(name).items()}
    border = provider(name, {key: value for key, value in wants.items() if value is not None})
    return border.request([checked(envelope, "sunny")], NOW)


def whole(envelope):
    return " ".join(envelope.subject.split())


def unsubscribes(found):
    """Yield the headers of leaving, wherever a provider wants them."""
    match found:
        case {"Name": str(name), "Value": str(value)} | {"name": str(name), "value": str(value)}:
            yield name, value
        case dict():
            for key, value in found.items():
                if isinstance(value, str):
                    yield key, value
                yield from unsubscribes(value)
        case list():
            for value in found:
                yield from unsubscribes(value)


JSON = sorted(set(CLASSES) - {"mailgun", "ses"})


@pytest.mark.parametrize("name", JSON)
def test_a_provider_is_handed_the_same_mail_in_json(name):
    for envelope in MAILS.values():
        request = payload(name, envelope)
        body = json.loads(request.content)
        plain, said = json.dumps(body, ensure_ascii=False), dict(unsubscribes(body))
        assert said["List-Unsubscribe"] == f"<{LEAVE}>, <mailto:{MAILED}>"
        assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert said["X-Lifeloop-Id"] == envelope.id
        for words in (whole(envelope), envelope.text, envelope.html, envelope.to):
            assert json.dumps(words, ensure_ascii=False) in plain


def test_amazon_is_handed_bytes_that_the_second_reader_understands():
    pytest.importorskip("botocore", reason="it comes with lifeloop[ses]")
    for envelope in MAILS.values():
        body = json.loads(payload("ses", envelope).content)
        raw = base64.b64decode(body["Content"]["Raw"]["Data"], validate=True)
        assert raw == mime.write(envelope, NOW, project="sunny").raw


def test_mailgun_is_handed_a_file_of_the_same_bytes():
    for envelope in MAILS.values():
        assert mime.write(envelope, NOW, project="sunny").raw in payload("mailgun", envelope).content
