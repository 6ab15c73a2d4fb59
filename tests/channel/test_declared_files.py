"""Provider files of a project: what a mistake in one says, and settings that do not fit."""

from pathlib import Path

import pytest

from lifeloop.channel.declared_files import check_providers, declared
from lifeloop.channel.declared_reader import read_provider
from lifeloop.engine.retry import Outcome
from lifeloop.journey.codes import all_codes, explanation
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report
from lifeloop.work.project import open_project

ACME = """\
provider: acme
carries: [sms]
settings: {token: needed, from: optional, base: https://api.example.com}
request:
  url: "{{ settings.base }}/texts"
  sign_in: {bearer: "{{ settings.token }}"}
  body: {to: "{{ message.to }}", text: "{{ message.text }}", key: "{{ message.id }}"}
answer:
  id: data.id
  rules:
    - {status: [4xx, 503], when: code == `7`, means: refused, address: dead, wait: 2 minutes, says: nobody there}
abilities: {at_once: 4, rate: 2.5, key_window: 24 hours}
"""


def mistakes(text, file="providers/acme.yaml"):
    report = Report()
    found = read_provider(text, file, report)
    assert (found is None) == bool(report.found)
    return [(one.code, one.place.line, one.place.column) for one in report.found]


def test_a_provider_file_is_read_whole():
    found = read_provider(ACME, "acme.yaml", Report())

    (rule,) = found.rules
    assert (found.name, found.carries) == ("acme", ("sms",))
    assert found.takes == {"token": None, "from": "", "base": "https://api.example.com"}
    assert (found.abilities.batch, found.abilities.rate, found.abilities.key_window) == (4, 2.5, 86_400)
    assert (rule.means, rule.address, rule.wait, rule.says) == (Outcome.REJECTED, "dead", 120, "nobody there")
    assert rule.statuses == {*range(400, 500), 503}
    assert rule.when.holds({"code": 7})
    assert not rule.when.holds({"code": 8})


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("carries: [sms]\n", "", ("J106", 1, 1)),
        ("carries: [sms]", "carry: [sms]", ("J105", 2, 1)),
        ("provider: acme", "provider: acmee", ("J506", 1, 1)),
        ("id: data.id", "id: data.", ("J505", 9, 7)),
        ("means: refused", "means: nope", ("J109", 11, 54)),
        ("[4xx, 503]", "[4xx, 5]", ("J109", 11, 22)),
        ("2 minutes", "2", ("J111", 11, 84)),
        ("rate: 2.5", "rate: fast", ("J109", 12, 31)),
        ("{{ message.text }}", "{{ message.text", ("J404", 7, 41)),
        ("settings.token", "settings.tokn", ("J506", 4, 1)),
        ("message.to }}", "customer.phone }}", ("J506", 4, 1)),
        ("message.to }}", "message.phone }}", ("J506", 4, 1)),
        (', key: "{{ message.id }}"', "", ("J506", 4, 1)),
        ('"{{ settings.base }}/texts"', '"https://{{ message.topic }}/texts"', ("J507", 5, 8)),
        ('"{{ settings.base }}/texts"', "ftp://api.example.com", ("J507", 5, 8)),
        ('"{{ settings.base }}/texts"', '"{{ settings.base }}.example.com/"', ("J507", 5, 8)),
        ('{bearer: "{{ settings.token }}"}', "{basic: {user: x}}", ("J106", 6, 20)),
        ("at_once: 4", "at_once: 4, batch: 7", ("J105", 12, 25)),
    ],
)
def test_every_mistake_has_its_place(before, after, mistake):
    assert before in ACME

    assert mistake in mistakes(ACME.replace(before, after))


CALLBACKS = """\
callbacks:
  verify: {scheme: hmac, header: x-signature, timestamp: x-time, signed: "{timestamp}.{body}"}
  inbound:
    - {from: sender, id: text_id, answers: about}
"""


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("header: x-signature", "haeder: x-signature", ("J105", 14, 26)),
        ("timestamp: x-time", "timestamp: X-Signature", ("J506", 14, 58)),
        ("scheme: hmac, ", "", ("J106", 14, 11)),
        ("timestamp: x-time, ", "", ("J506", 14, 55)),
        ("timestamp: x-time, ", "parts: {signature: v1}, ", ("J506", 14, 79)),
        ("timestamp: x-time", "parts: {timestamp: t}", ("J106", 14, 54)),
        ("timestamp: x-time", "parts: {timestamp: t, sign: v1}", ("J105", 14, 69)),
        ("x-time", "x-time, parts: {timestamp: t, signature: v1}", ("J506", 14, 58)),
        (', signed: "{timestamp}.{body}"', "", ("J506", 14, 58)),
        ("{timestamp}.{body}", "{timestamp}.{url}{body}", ("J506", 14, 74)),
        ("{timestamp}.{body}", "{timestamp}", ("J506", 14, 74)),
        ("id: text_id", "id: about", ("J506", 16, 26)),
    ],
)
def test_callbacks_that_would_never_be_believed_or_heard_are_mistakes(before, after, mistake):
    text = ACME + CALLBACKS

    assert mistakes(text) == []
    assert mistake in mistakes(text.replace(before, after))


@pytest.mark.parametrize("word", ["timestamp: x-time", "parts: {signature: v1}", 'signed: "{body}"'])
def test_what_only_a_signature_needs_proves_nothing_with_another_scheme(word):
    verify = f"callbacks:\n  verify: {{scheme: header, header: x-secret, {word}}}\n"

    assert mistakes(ACME + verify) == [("J506", 14, 46)]


def test_a_file_that_is_no_block_is_said_to_be_none():
    assert mistakes("just words")[0][0] == "J104"


def project(folder, settings, **provider_files):
    (folder / "lifeloop.yaml").write_text(settings)
    (folder / "providers").mkdir(exist_ok=True)
    for name, text in provider_files.items():
        (folder / "providers" / f"{name}.yaml").write_text(text)
    report = Report()
    check_providers(read_catalogue(folder, report), report)
    return [(one.code, one.place.file, one.place.line, one.place.column) for one in report.found]


def test_a_project_uses_a_provider_file_of_its_own(tmp_path):
    assert project(tmp_path, "channels:\n  sms: {provider: acme, token: env.ACME_TOKEN}\n", acme=ACME) == []
    assert declared("acme", tmp_path).name == "acme"


def test_a_projects_own_file_wins_over_the_one_that_comes_with_lifeloop(tmp_path):
    own = ACME.replace("provider: acme", "provider: twilio")

    assert project(tmp_path, "channels:\n  sms: {provider: twilio, token: env.T}\n", twilio=own) == []


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        ("channels:\n  sms: {provider: acme}", ("J502", "lifeloop.yaml", 2, 3)),
        ("channels:\n  sms: {provider: acme, token: env.T, form: x}", ("J503", "lifeloop.yaml", 2, 39)),
        ("channels:\n  push: {provider: acme, token: env.T}", ("J504", "lifeloop.yaml", 2, 3)),
        ("email: acme\nchannels:\n  acme: {token: env.T}", ("J504", "lifeloop.yaml", 3, 3)),
        ("channels:\n  sms: {provider: acne}", ("J501", "lifeloop.yaml", 2, 19)),
        ("channels:\n  sms: {provider: acme, token: abc}", ("J182", "lifeloop.yaml", 2, 32)),
        ("channels:\n  email: {provider: acme, token: env.T}", ("J105", "lifeloop.yaml", 2, 3)),
        ("email: brevo", ("J502", "lifeloop.yaml", 1, 8)),
        ("email: twilio", ("J109", "lifeloop.yaml", 1, 8)),
    ],
)
def test_settings_that_do_not_fit_are_said_where_they_stand(settings, mistake, tmp_path):
    found = project(tmp_path, settings, acme=ACME)

    assert mistake in found


def test_a_file_that_would_never_be_used_is_said_to_be_one(tmp_path):
    own = ACME.replace("provider: acme", "provider: postmark")

    assert project(tmp_path, "project: x", postmark=own) == [("J506", "providers/postmark.yaml", 1, 1)]


def test_a_callback_secret_may_stand_everywhere(tmp_path):
    text = "email: postmark\nchannels:\n  postmark: {token: env.T, callback_secret: env.C}"

    assert project(tmp_path, text) == []


def test_validating_a_project_reads_its_provider_files(tmp_path):
    project(tmp_path, "project: x\n", acme=ACME.replace("data.id", "data."))

    assert [one.place.file for one in open_project(tmp_path).diagnostics] == ["providers/acme.yaml"]


EXPLAINED = [
    code for code in all_codes() if (known := explanation(code)).wrong and known.wrong.kind in {"provider", "ways"}
]


@pytest.mark.parametrize("code", EXPLAINED)
def test_the_wrong_example_gives_the_code_and_the_right_one_nothing(code, tmp_path):
    known = explanation(code)

    def codes(example, folder):
        folder.mkdir()
        if example.kind == "provider":
            return sorted({found for found, _, _ in mistakes(example.text)})
        return sorted({found[0] for found in project(folder, example.text)})

    assert codes(known.wrong, tmp_path / "wrong") == [code]
    assert codes(known.right, tmp_path / "right") == []


def test_every_file_that_comes_with_lifeloop_says_what_it_is_for():
    import lifeloop.channel.providers as room

    for path in sorted(Path(room.__file__).parent.glob("*.yaml")):
        found = read_provider(path.read_text(), path.name, Report())
        assert found is not None, path.name
        assert found.about.endswith("."), path.name
