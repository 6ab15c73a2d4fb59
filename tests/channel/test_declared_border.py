"""A provider file at work: what becomes of texts, expressions and empty values, and what a message can never do."""

from pathlib import Path

import pytest

from lifeloop.channel.callbacks.receivers import NotReady
from lifeloop.channel.callbacks.values import Refused
from lifeloop.channel.declared import MESSAGE
from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_reader import read_provider
from lifeloop.channel.expression import read_expression
from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.settings import Incomplete
from lifeloop.channel.trying import try_out
from lifeloop.channel.values import Envelope
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Sender
from lifeloop.journey.source import Place, Report, Scalar

HEAD = "provider: acme\ncarries: [sms, email]\nsettings: {base: https://api.example.com, token: optional, n: '3'}\n"
TEXT = Envelope(id="m1", channel="sms", to="+31612345678", text="Hello\n", journey="welcome", topic="news")


def border(request, rest="", **settings):
    report = Report()
    found = read_provider(f"{HEAD}request: {request}\n{rest}", "acme.yaml", report)
    assert found is not None, report.found
    said = {"base": "https://api.example.com", "token": "canary", "n": "3", **settings}
    return DeclaredBorder(found, said, "sunny")


def asked(request, envelope=TEXT, rest="", **settings):
    made = border(request, rest, **settings)
    return made.request([made.check(envelope)], 0)


def test_values_keep_their_kind_and_empty_ones_are_left_out():
    body = """{a: 1, b: 1.5, c: true, d: "1", e: null, f: "{{ message.locale }}", g: {h: "{{ message.locale }}"},
               i: ["{{ message.text }}", "{{ message.locale }}"], j: "= to_number(settings.n)", k: "= message.no"}"""

    made = asked(f"{{url: https://api.example.com/x, body: {body}}}")

    assert made.content == b'{"a":1,"b":1.5,"c":true,"d":"1","i":["Hello"],"j":3}'


def test_what_a_message_brings_into_an_address_stays_one_part_of_it():
    request = '{url: "{{ settings.base }}/to/{{ message.to }}/text", body: {x: y}}'

    made = asked(request, Envelope(id="m1", channel="sms", to="../../admin?x=1#y@evil.example.com", text="x"))

    assert made.url.host == "api.example.com"
    assert made.url.raw_path == b"/to/..%2F..%2Fadmin%3Fx%3D1%23y%40evil.example.com/text"


@pytest.mark.parametrize("rude", ["a\r\nX-Evil: 1", "a\x00", "naïve"])
def test_what_a_message_brings_into_a_header_cannot_begin_another(rude):
    made = border('{url: https://api.example.com, headers: {X-Subject: "{{ message.subject }}"}}')

    with pytest.raises(Unsendable, match="no header carries"):
        made.request([made.check(Envelope(id="m1", channel="sms", to="x", subject=rude, text="x"))], 0)


def test_a_form_says_true_and_lists_as_forms_do():
    made = asked('{url: https://api.example.com, send_as: form, body: {a: true, b: [1, 2], c: "{{ message.to }}"}}')

    assert made.content == b"a=true&b=%5B1%2C+2%5D&c=%2B31612345678"


@pytest.mark.parametrize(
    ("sign_in", "header"),
    [
        ('{bearer: "{{ settings.token }}"}', "Bearer canary"),
        ('{basic: {user: u, password: "{{ settings.token }}"}}', "Basic dTpjYW5hcnk="),
    ],
)
def test_signing_in(sign_in, header):
    assert asked(f"{{url: https://api.example.com, sign_in: {sign_in}}}").headers["authorization"] == header


def test_a_mail_is_checked_as_it_is_for_every_provider():
    made = border("{url: https://api.example.com, body: {h: = message.headers}}")

    with pytest.raises(Unsendable, match="not one that mail can reach"):
        made.check(Envelope(id="m1", to="nobody", sender=Sender("a", "A", "a@example.com"), subject="x", text="x"))


def test_a_text_that_needs_what_is_not_there_is_refused_and_says_so():
    made = border('{url: https://api.example.com, body: {a: "{{ message.sender.address }}"}}')

    with pytest.raises(Unsendable, match=r"message\.sender\.address is unknown"):
        made.request([made.check(TEXT)], 0)


def test_the_first_rule_that_fits_decides(tmp_path):
    rules = """answer:
  id: id
  rules:
    - {status: 404, means: refused, address: dead}
    - {status: 5xx, when: busy, means: try again, wait: 1 minute}
    - {when: "starts_with(text, 'no')", means: settings}
"""
    (tmp_path / "providers").mkdir()
    file = f'{HEAD}request: {{url: "{{{{ settings.base }}}}"}}\n{rules}'
    (tmp_path / "providers" / "acme.yaml").write_text(file)
    tried = try_out("acme", tmp_path, {}, TEXT)

    assert tried.answered(404).outcome is Outcome.REJECTED
    assert (tried.answered(500, {"busy": True}).outcome, tried.answered(500, {}).outcome) == (
        Outcome.NOT_ACCEPTED,
        Outcome.UNCERTAIN,
    )
    assert tried.answered(500, {"busy": True}).retry_after == 60
    for name in ("retry-after", "Retry-After"):
        assert tried.answered(500, {"busy": True}, {name: "5"}).retry_after == 5
    assert tried.answered(400, "nobody").outcome is Outcome.CONFIGURATION
    assert tried.answered(200, {"id": 7}).provider_id == "7"
    assert tried.answered(200, {"id": {"x": 1}}).provider_id is None


def test_a_message_has_exactly_the_names_that_files_may_read():
    mail = Envelope(id="m1", to="a@example.com", sender=Sender("a", "A", "a@example.com"), subject="x", text="x")
    made = border("{url: https://api.example.com}")

    assert made.check(TEXT).words.keys() == made.check(mail).words.keys() == MESSAGE


def test_reports_and_lookups_are_tried_without_a_server(tmp_path):
    rest = (
        'callbacks: {verify: {scheme: none}, provider_id: "query.p", kind: state, means: {ok: delivered}}\n'
        'lookup: {url: "https://x.example.com/{{ message.id }}", asked_by_id: true, kind: state, means: {ok: opened}}\n'
    )
    (tmp_path / "providers").mkdir()
    file = tmp_path / "providers" / "acme.yaml"
    file.write_text(f"{HEAD}request: {{url: https://x.example.com}}\n{rest}")
    tried = try_out("acme", tmp_path, {"callback_secret": "word"}, TEXT)

    (report,) = tried.reported({"state": "ok"}, url="https://mail.example.com/cb/sms/word?p=p1")
    assert (report.kind, report.provider_id) == ("delivered", "p1")
    with pytest.raises(Refused):
        tried.reported({"state": "ok"}, url="https://mail.example.com/cb/sms/other")
    assert [one.message for one in tried.looked_up(200, {"state": "ok"}).reports] == ["m1"]

    file.write_text(f"{HEAD}request: {{url: https://x.example.com}}\n")
    plain = try_out("acme", tmp_path, {}, TEXT)
    assert (plain.asks, plain.looked_up(200, {}).what) == ("", "unknown")
    with pytest.raises(ValueError, match="no callbacks"):
        plain.reported({})


def test_a_report_by_a_provider_of_mail_proves_itself_when_tried(tmp_path):
    (tmp_path / "providers").mkdir()
    verify = "callbacks: {verify: {scheme: header, header: X-Own}, kind: state, means: {ok: delivered}}\n"
    (tmp_path / "providers" / "acme.yaml").write_text(f"{HEAD}request: {{url: https://x.example.com}}\n{verify}")
    mail = Envelope(id="m1", to="a@example.com", sender=Sender("a", "A", "a@example.com"), subject="x", text="x")
    tried = try_out("acme", tmp_path, {"callback_secret": "word"}, mail)

    assert tried.reported({"state": "ok"}, {"X-Own": "word"})[0].kind == "delivered"
    with pytest.raises(Refused):
        tried.reported({"state": "ok"}, {"X-Own": "other"})
    with pytest.raises(NotReady):
        try_out("acme", tmp_path, {}, mail).reported({"state": "ok"}, {"X-Own": ""})


def test_trying_says_what_is_missing():
    with pytest.raises(ValueError, match="no provider file acme"):
        try_out("acme", Path("/nowhere"), {}, TEXT)
    with pytest.raises(Incomplete, match="say 'account'"):
        try_out("twilio", Path("/nowhere"), {}, TEXT)


def test_an_expression_that_meets_other_data_finds_nothing():
    text = "contains(code, 'x')"
    found = read_expression(Scalar(text, Place("x", 1, 1, 1, 1)), Report())

    assert found.find({"code": None}) is None
    assert found.find("text") is None
    assert not found.holds({"code": 5})
    assert found.holds({"code": "xyz"})
