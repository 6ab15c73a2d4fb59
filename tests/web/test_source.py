from dataclasses import replace

import pytest

from lifeloop.store.values import InboxLine, Rendered
from lifeloop.web.source import headers_of, source_of

LINE = InboxLine(
    "m1", 1_780_000_000, "ana", "ana@example.com", "", "Hi", "welcome", "send-hello", "hello", "email", "sent"
)
KEPT = Rendered("m1", "ana@example.com", "Anna, from Sunny <anna@example.com>", "Grüße", "<p>Hi", "Hi", {"X-Note": "n"})


def test_the_source_is_the_mail_as_a_server_would_get_it():
    source = source_of(LINE, KEPT)

    assert "Message-ID: <m1@example.com>" in source
    assert "X-Note: n" in source
    assert "text/html" in source


def test_headers_are_shown_decoded():
    headers = dict(headers_of(LINE, KEPT, source_of(LINE, KEPT)))

    assert headers["Subject"] == "Grüße"
    assert "Anna, from Sunny" in headers["From"]
    assert headers["X-Lifeloop-Journey"] == "welcome"


@pytest.mark.parametrize("broken", [{"sender": ""}, {"to": "nobody"}, {"subject": "a\nb"}])
def test_what_no_mail_can_carry_is_shown_with_the_reason(broken):
    kept = replace(KEPT, **broken)
    source = source_of(LINE, kept)

    assert source.startswith("This message cannot be written as a mail: ")
    assert "<p>Hi" in source
    assert dict(headers_of(LINE, kept, source))["X-Note"] == "n"


def test_a_call_shows_its_body():
    assert source_of(replace(LINE, channel="call"), replace(KEPT, text='{"a": 1}')) == '{"a": 1}'
