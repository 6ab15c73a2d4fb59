"""Providers are asked what became of a message, with the request of their documentation, and believed no further."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from lifeloop.channel.callbacks.declared import looked_up
from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_reader import read_provider
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.lookup import Question
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import resolved
from lifeloop.clock import SetClock
from lifeloop.journey.source import Report as Problems

NOW = 1_772_445_600
ID = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
ASKED = Question(id=ID, to="ana@example.com", since=NOW)
SETTINGS = {
    "postmark": {"token": "key", "broadcast": "broadcast"},
    "sendgrid": {"token": "key"},
    "mailjet": {"key": "key", "secret": "key"},
    "mailgun": {"token": "key", "domain": "shop.example"},
    "sparkpost": {"token": "key"},
}
PATHS = {
    "postmark": ("/messages/outbound", {"metadata_lifeloop_id": ID, "count": "1", "messagestream": "outbound"}),
    "sendgrid": ("/v3/messages", {"query": f"(unique_args['lifeloop_id']=\"{ID}\")", "limit": "1"}),
    "mailjet": ("/v3/REST/message", {"CustomID": ID, "Limit": "1"}),
    "mailgun": ("/v3/shop.example/events", {"recipient": "ana@example.com", "begin": str(NOW - 60)}),
    "sparkpost": ("/events/message", {"recipients": "ana@example.com", "from": "2026-03-02T09:59:00Z"}),
}
THERE = {
    "postmark": {"TotalCount": 1, "Messages": [{"MessageID": "p1", "Status": "Sent"}]},
    "sendgrid": {"messages": [{"msg_id": "p1.filter0", "status": "delivered", "to_email": "ana@example.com"}]},
    "mailjet": {"Count": 1, "Data": [{"ID": 11, "Status": "sent"}], "Total": 1},
    "mailgun": {
        "items": [
            {"event": "accepted", "id": "e0", "user-variables": {"lifeloop_id": OTHER}},
            {
                "event": "accepted", "id": "e1", "user-variables": {"lifeloop_id": ID},
                "message": {"headers": {"message-id": "p1"}},
            },
        ]
    },
    "sparkpost": {
        "results": [
            {"type": "injection", "event_id": "e0", "rcpt_meta": {"lifeloop_id": OTHER}},
            {"type": "injection", "event_id": "e1", "transmission_id": "p1", "rcpt_meta": {"lifeloop_id": ID}},
        ]
    },
}  # fmt: skip
NAMES = {"postmark": "p1", "sendgrid": "p1", "mailjet": "11", "mailgun": "p1", "sparkpost": "p1"}
REFUSED = {
    "mailjet": {"Data": [{"ID": 11, "Status": "blocked"}]},
    "mailgun": {"items": [{"event": "rejected", "id": "e1", "user-variables": {"lifeloop_id": ID}}]},
    "sparkpost": {"results": [{"type": "policy_rejection", "event_id": "e1", "rcpt_meta": {"lifeloop_id": ID}}]},
}
OWN = """
provider: own
carries: [sms]
settings: {token: needed, base: needed}
request:
  url: "{{ settings.base }}/messages"
  sign_in: {bearer: "{{ settings.token }}"}
  body: {to: "{{ message.to }}", reference: "{{ message.id }}"}
lookup:
  url: "{{ settings.base }}/messages?reference={{ message.id }}&to={{ message.to }}"
  each: items
  message: reference
  provider_id: id
  kind: status
  means: {ok: accepted, gone: dead}
  absent_after: 10 minutes
"""
BY_ID = OWN.replace("  message: reference\n", "  asked_by_id: true\n")


def answered(serving, border, *answers, question=ASKED):
    async def run():
        async with serving(*answers) as server:
            way = ProviderChannel("way", border(server.url), None, Wire(guard=Guard.allowing(["127.0.0.0/8"])), CLOCK)
            found = await way.look_up([question])
            await way.close()
            return found[0], server.seen

    return asyncio.run(run())


CLOCK = SetClock(NOW + 600)


def built_in(name):
    def border(base):
        path = "/v3.1" if name == "mailjet" else ""
        return provider(name, resolved(name, takes(name), {**SETTINGS[name], "base": base + path}, {}))

    return border


def own(text=OWN):
    problems = Problems()
    found = read_provider(text, "own.yaml", problems)
    assert problems.found == []
    return lambda base: DeclaredBorder(found, {"token": "key", "base": base}, "shop")


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_message_that_is_there_is_found(name, serving):
    found, seen = answered(serving, built_in(name), (200, THERE[name]))

    assert found.what == "there"
    assert [(one.kind, one.message, one.provider_id) for one in found.reports] == [("accepted", ID, NAMES[name])]
    url = urlsplit(seen[0].path)
    path, query = PATHS[name]
    assert (seen[0].method, url.path) == ("GET", path)
    assert query.items() <= {key: values[0] for key, values in parse_qs(url.query).items()}.items()


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_message_that_is_not_there_is_absent_and_nobody_answering_is_not(name, serving):
    nothing = {key: [] for key in THERE[name]}
    assert answered(serving, built_in(name), (200, nothing))[0].what == "absent"
    for answer in ((401, {}), (403, {}), (404, {}), (429, {}), (500, {}), (200, "no json"), None):
        assert answered(serving, built_in(name), answer)[0].what == "unknown"


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_provider_did_not_try_is_told_as_such(name, serving):
    found, _ = answered(serving, built_in(name), (200, REFUSED[name]))
    assert [one.kind for one in found.reports] == ["rejected"]


def test_both_streams_of_postmark_are_looked_through(serving):
    nothing = {"TotalCount": 0, "Messages": []}
    found, seen = answered(serving, built_in("postmark"), (200, nothing), (200, THERE["postmark"]))
    assert found.what == "there"
    assert [parse_qs(urlsplit(one.path).query)["messagestream"] for one in seen] == [["outbound"], ["broadcast"]]
    assert answered(serving, built_in("postmark"), (500, {}), (200, nothing))[0].what == "unknown"


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - SETTINGS.keys()))
def test_a_provider_that_cannot_be_asked_does_not_say_so(name):
    settings = {"key": "key", "secret": "key", "region": "eu-west-1", "token": "key"}
    known = {key: settings[key] for key, value in takes(name).items() if value is None}
    assert not provider(name, resolved(name, takes(name), known, {})).abilities.lookup


@pytest.mark.parametrize(
    ("items", "what", "kinds"),
    [
        ([{"reference": ID, "id": 7, "status": "ok"}], "there", [("accepted", None)]),
        ([{"reference": ID, "id": 7, "status": "gone"}], "there", [("bounced", "hard")]),
        ([{"reference": ID, "status": "a new word"}], "there", [("accepted", None)]),
        ([{"reference": OTHER, "status": "ok"}], "absent", []),
        ([], "absent", []),
        ("nonsense", "unknown", []),
    ],
)
def test_a_provider_file_says_how_it_is_asked(items, what, kinds, serving):
    question = Question(id=ID, to="+31&612", since=NOW)
    found, seen = answered(serving, own(), (200, {"items": items}), question=question)

    assert (found.what, [(one.kind, one.bounce) for one in found.reports]) == (what, kinds)
    assert seen[0].path == f"/messages?reference={ID}&to=%2B31%26612"
    assert seen[0].headers["authorization"] == "Bearer key"
    assert seen[0].body == b""


@pytest.mark.parametrize(
    ("answer", "what", "kinds"),
    [
        ({"items": [{"id": 7, "status": "gone"}]}, "there", [("bounced", "7")]),
        ({"items": [{"id": 7, "status": "a new word"}]}, "there", [("accepted", None)]),
        ({"items": []}, "absent", []),
        ({"items": [{"error": "busy"}]}, "unknown", []),
        ({"error": "busy"}, "unknown", []),
        ({"items": None}, "unknown", []),
    ],
)
def test_what_was_asked_for_by_our_id_need_not_repeat_it(answer, what, kinds, serving):
    found, _ = answered(serving, own(BY_ID), (200, answer))

    assert (found.what, [(one.kind, one.provider_id) for one in found.reports]) == (what, kinds)
    assert {one.message for one in found.reports} <= {ID}


def test_reports_of_two_messages_that_were_asked_by_id_are_two():
    answer = {"items": [{"status": "gone", "id": 7}]}
    lookup = read_provider(BY_ID.replace("  provider_id: id\n", ""), "own.yaml", Problems()).lookup

    assert looked_up(lookup, answer, ID)[0].key != looked_up(lookup, answer, OTHER)[0].key


def test_without_the_promise_an_answer_of_another_form_leaves_it_open_too(serving):
    assert answered(serving, own(), (200, {"error": "busy"}))[0].what == "unknown"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reference={{ message.id }}&", "", "promises to ask by our id"),
        ("  each: items\n", "  each: items\n  message: reference\n", "contradict each other"),
        ("  provider_id: id\n  kind: status\n", "", "how a message that was found is known"),
        ("asked_by_id: true", "asked_by_id: maybe", '"maybe" is not possible'),
        ("asked_by_id: true", "asked_by_id: false", '"message"'),
    ],
)
def test_a_promise_that_is_not_kept_is_told(old, new, words):
    problems = Problems()
    read_provider(BY_ID.replace(old, new), "own.yaml", problems)
    assert any(words in one.message for one in problems.found)


def test_what_a_lookup_promises_is_declared():
    abilities = own()("http://x").abilities
    assert (abilities.lookup, abilities.absent_after) == (True, 600)
    assert not own(OWN.partition("lookup:")[0])("http://x").abilities.lookup


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reference={{ message.id }}&to={{ message.to }}", "all=yes", "does not say about which message"),
        ('to={{ message.to }}"\n  each', 'to={{ message.text }}"\n  each', 'reads "message.text"'),
        ("  message: reference\n", "", '"message"'),
        ("absent_after: 10 minutes", "absent_after: soon", "soon"),
    ],
)
def test_mistakes_in_a_lookup_are_told(old, new, words):
    problems = Problems()
    read_provider(OWN.replace(old, new), "own.yaml", problems)
    assert any(words in one.message for one in problems.found)
