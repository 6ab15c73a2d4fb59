"""What people write back is read: STOP and its sisters in their languages, and everything else as a reply."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import jmespath
import pytest

from lifeloop.channel.callbacks import declared
from lifeloop.channel.callbacks.values import Post
from lifeloop.channel.callbacks.written import number, word_of
from lifeloop.channel.declared_files import declared as provider
from lifeloop.channel.expression import Expression

NOWHERE = Path("/nowhere")
TWILIO = {
    "ToCountry": "NL", "SmsMessageSid": "SM1", "NumMedia": "0", "SmsSid": "SM1", "SmsStatus": "received",
    "Body": "STOP", "To": "+3197010200000", "NumSegments": "1", "MessageSid": "SM1", "AccountSid": "AC1",
    "From": "+31612345678", "ApiVersion": "2010-04-01",
}  # fmt: skip
BIRD = {
    "service": "channels",
    "event": "sms.inbound",
    "payload": {
        "id": "b-1",
        "direction": "incoming",
        "status": "delivered",
        "sender": {"contact": {"id": "c", "identifierKey": "phonenumber", "identifierValue": "+31612345678"}},
        "body": {"type": "text", "text": {"text": "Stop."}},
        "createdAt": "2026-03-02T10:00:00Z",
    },
}
CM = {
    "messageContext": "",
    "from": {"number": "0031612345678", "name": "Ana"},
    "to": {"number": "0031970"},
    "message": {"text": "uitschrijven", "media": {}, "custom": {}},
    "reference": "cm-1",
    "timeUtc": "2026-03-02T10:00:00Z",
    "channel": "SMS",
}


def whatsapp(**value):
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"value": value}]}]}


def message(text, **more):
    return {
        "from": "31612345678",
        "id": "wamid.1",
        "timestamp": "1772445600",
        "type": "text",
        "text": {"body": text},
    } | more


def read(name, body):
    form = name == "twilio"
    raw = urlencode(body).encode() if form else json.dumps(body).encode()
    return declared.read(provider(name, NOWHERE).callbacks, Post(body=raw))


@pytest.mark.parametrize(
    ("name", "body", "kind", "answers"),
    [
        ("twilio", TWILIO, "opted_out", None),
        ("twilio", TWILIO | {"Body": "Yes please, call me"}, "replied", None),
        ("twilio", TWILIO | {"Body": "Lopeta", "OptOutType": "STOP"}, "opted_out", None),
        ("twilio", TWILIO | {"Body": "Thanks", "OriginalRepliedMessageSid": "SM0"}, "replied", "SM0"),
        ("bird", BIRD, "opted_out", None),
        ("cm", CM, "opted_out", "cm-1"),
        ("whatsapp-cloud", whatsapp(messages=[message("start")]), "opted_in", None),
        ("whatsapp-cloud", whatsapp(messages=[message("Gern", context={"id": "wamid.0"})]), "replied", "wamid.0"),
        (
            "whatsapp-cloud",
            whatsapp(messages=[{**message(""), "type": "button", "text": None, "button": {"text": "Afmelden"}}]),
            "opted_out",
            None,
        ),
        (
            "whatsapp-cloud",
            whatsapp(user_preferences=[{"wa_id": "31612345678", "category": "marketing_messages", "value": "stop"}]),
            "opted_out",
            None,
        ),
    ],
)
def test_every_shipped_provider_hands_over_what_people_wrote(name, body, kind, answers):
    (found,) = read(name, body)

    assert (found.kind, found.recipient, found.provider_id) == (kind, "+31612345678", answers)
    assert found.raw == ""  # what people write is read, and not kept
    assert read(name, body)[0].key == found.key


def test_a_stop_after_a_thank_you_to_the_same_message_is_another_one():
    thanks, stop = read("cm", CM | {"message": {"text": "thanks"}})[0], read("cm", CM)[0]
    assert (thanks.kind, stop.kind, thanks.key != stop.key) == ("replied", "opted_out", True)


def test_what_people_write_is_not_kept_where_a_file_calls_it_a_kind_either():
    callbacks = provider("cm", NOWHERE).callbacks
    kind = Expression("kind", jmespath.compile("kind"))
    told = replace(callbacks, each=None, inbound=(), means={"text": "replied"}, kind=kind)
    post = Post(body=json.dumps({"reference": "cm-1", "kind": "text", "said": "my knee hurts"}).encode())
    assert [(one.kind, one.raw) for one in declared.read(told, post)] == [("replied", "")]


def test_what_became_of_a_text_is_still_told_beside_it():
    status = {"MessageSid": "SM2", "MessageStatus": "delivered", "From": "+3197010200000", "To": "+31612345678"}
    assert [one.kind for one in read("twilio", status)] == ["delivered"]
    both = whatsapp(
        messages=[message("hello")], statuses=[{"id": "wamid.9", "status": "read", "timestamp": "1772445600"}]
    )
    assert [one.kind for one in read("whatsapp-cloud", both)] == ["opened", "replied"]


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Stop all", "ARRÊT", "afmelden!", "Abmelden", "baja", "OPT-OUT"])
def test_a_stop_is_a_stop_in_every_language(text):
    assert word_of(text) == "stop"


@pytest.mark.parametrize(
    "text", ["", "stop by tomorrow", "yes", "1", "stop 1", "don't stop", "all", "out", "st op", "s" * 5000]
)
def test_anything_more_is_a_reply(text):
    assert word_of(text) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("+31 6 1234-5678", "+31612345678"),
        ("0031612345678", "+31612345678"),
        ("31612345678", "+31612345678"),
        ("whatsapp:+31612345678", "+31612345678"),
        ("Lifeloop", None),
        ("", None),
    ],
)
def test_numbers_are_written_as_those_of_customers(text, kept):
    assert number(text) == kept
