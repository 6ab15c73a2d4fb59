"""Which provider reports under which name, with which secrets; what is not set is said, never let through."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from lifeloop.channel.callbacks.receivers import READERS, NotReady, receiver
from lifeloop.channel.callbacks.values import Post, Refused
from lifeloop.channel.providers.known import CLASSES
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.ways import MAIL_PROVIDERS, OTHER_PROVIDERS

NOW = 1_772_452_800
ENVIRON = {"NEW": "new-secret", "OLD": "old-secret", "TOKEN": "12345"}
SECRETS = {"callback_secret": "env.NEW", "former_callback_secret": "env.OLD"}
OURS = "m001"


def catalogue(email="inbox", **channels):
    return Catalogue(email=email, channels=channels)


def found(name, project, environ=ENVIRON):
    return receiver(name, project, environ, lambda _url: pytest.fail("nothing is to be fetched"))


def test_every_provider_written_in_python_has_its_reader():
    assert READERS.keys() == CLASSES.keys()


@pytest.mark.parametrize("provider", ["brevo", "mailjet", "postmark", "sparkpost"])
def test_a_provider_of_mail_proves_itself_with_either_secret(provider):
    one = found(provider, catalogue(provider, **{provider: SECRETS}))
    assert (one.way, one.provider, one.channel) == (provider, provider, "email")
    for word in ("new-secret", "old-secret"):
        one.check(Post(body=b"", word=word), NOW)
    with pytest.raises(Refused):
        one.check(Post(body=b"", word="other"), NOW)


SILENT = {"keila", "listmonk", "slack"}


@pytest.mark.parametrize("provider", sorted({*MAIL_PROVIDERS, *OTHER_PROVIDERS} - SILENT))
def test_without_its_secret_nothing_can_be_proved(provider):
    with pytest.raises(NotReady, match="sms: say "):
        found(provider, catalogue(sms={"provider": provider}))


@pytest.mark.parametrize("provider", sorted(SILENT))
def test_providers_that_report_nothing_have_no_door(provider):
    assert found(provider, catalogue(sms={"provider": provider})) is None


def test_a_secret_that_is_not_in_the_environment_is_said_by_name():
    with pytest.raises(NotReady, match="the environment variable NEW is not set"):
        found("postmark", catalogue("postmark", postmark=SECRETS), {})


@pytest.mark.parametrize("name", ["smtp", "http", "inbox", "other", "", "ses", "slack"])
def test_nobody_reports_under_a_name_that_is_no_way_out(name):
    assert found(name, catalogue("postmark", postmark=SECRETS, smtp={"host": "mail.example.com"})) is None


def test_a_way_out_is_found_by_its_provider_where_only_one_takes_it():
    one = {"provider": "twilio", "token": "env.TOKEN"}
    assert found("twilio", catalogue(sms=one)).way == "sms"
    assert found("twilio", catalogue(sms=one, alerts=one)) is None
    assert found("alerts", catalogue(sms=one, alerts=one)).channel == "alerts"


def test_ses_needs_its_topics_before_anything_is_looked_at():
    with pytest.raises(NotReady, match="callback_topic"):
        found("ses", catalogue("ses", ses={}))
    one = found("ses", catalogue("ses", ses={"callback_topic": "arn:a, arn:b"}))
    with pytest.raises(Refused):
        one.check(Post(body=b'{"TopicArn": ""}'), NOW)


def test_twilio_reports_in_a_form_and_signs_it():
    one = found("sms", catalogue(sms={"provider": "twilio", "token": "env.TOKEN"}))
    url = f"https://mail.example.com/cb/sms?message={OURS}"
    said = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+31600000000"}
    content = url + "".join(name + said[name] for name in sorted(said))
    signature = base64.b64encode(hmac.new(b"12345", content.encode(), "sha1").digest()).decode()
    post = Post(
        body=urlencode(said).encode(), headers={"x-twilio-signature": signature}, url=url, query={"message": OURS}
    )

    one.check(post, NOW)
    (report,) = one.read(post)

    assert (report.kind, report.bounce, report.message, report.provider_id) == ("bounced", "soft", OURS, "SM1")
    assert report.reason == "30003"
    assert "+316" not in report.raw
    with pytest.raises(Refused):
        one.check(replace(post, body=post.body.replace(b"undelivered", b"delivered")), NOW)


def test_whatsapp_shakes_hands_and_reports_in_batches():
    settings = {"provider": "whatsapp-cloud", "callback_secret": "env.NEW", "callback_word": "our-word"}
    one = found("whatsapp", catalogue(whatsapp=settings))
    statuses = [
        {
            "id": "wamid.1",
            "status": word,
            "timestamp": str(NOW),
            "biz_opaque_callback_data": OURS,
            "recipient_id": "316",
        }
        for word in ("sent", "delivered", "read", "failed", "deleted")
    ]
    body = json.dumps({"entry": [{"changes": [{"value": {"statuses": statuses}}]}]}).encode()
    signature = "sha256=" + hmac.new(b"new-secret", body, hashlib.sha256).hexdigest()
    post = Post(body=body, headers={"x-hub-signature-256": signature})

    one.check(post, NOW)
    assert [(each.kind, each.message, each.at) for each in one.read(post)] == [
        (kind, OURS, NOW) for kind in ("accepted", "delivered", "opened", "bounced")
    ]
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    assert one.answers({**asked, "hub.verify_token": "our-word"}) == "1158201444"
    assert one.answers({**asked, "hub.verify_token": "other"}) is None
    assert one.answers({**asked, "hub.verify_token": "é"}) is None


def test_without_a_word_no_hand_is_shaken():
    one = found("whatsapp", catalogue(whatsapp={"provider": "whatsapp-cloud", "callback_secret": "env.NEW"}))
    assert one.answers({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}) is None


def test_who_proves_nothing_is_known_by_its_address():
    one = found("sms", catalogue(sms={"provider": "cm", "callback_secret": "env.NEW"}))
    body = json.dumps({"messages": {"msg": [{"reference": OURS, "status": {"code": 2}}]}}).encode()
    post = Post(body=body, word="new-secret")

    one.check(post, NOW)
    assert [(each.kind, each.message) for each in one.read(post)] == [("delivered", OURS)]
    with pytest.raises(Refused):
        one.check(replace(post, word=""), NOW)


def test_a_file_of_the_projects_own_says_how_it_proves_itself(tmp_path):
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "pidge.yaml").write_text(
        "provider: pidge\ncarries: [sms]\n"
        "request: {url: https://api.example.com/texts, body: {id: '{{ message.id }}'}}\n"
        "callbacks:\n  verify: {scheme: hmac, header: x-pidge-signature, secret: callback_secret}\n  each: reports\n"
        "  message: ref\n  provider_id: text_id\n  kind: state\n"
        "  means: {arrived: delivered, lost: bounced, gone: dead}\n"
    )
    project = replace(catalogue(sms={"provider": "pidge", **SECRETS}), root=tmp_path)
    one = found("sms", project)
    body = b'{"reports": [{"ref": "m001", "text_id": "t1", "state": "arrived"}, {"state": "new"}]}'

    for key in (b"new-secret", b"old-secret"):
        signature = hmac.new(key, body, hashlib.sha256).hexdigest()
        one.check(Post(body=body, headers={"x-pidge-signature": signature}), NOW)
    assert [(each.kind, each.message, each.provider_id) for each in one.read(Post(body=body))] == [
        ("delivered", OURS, "t1")
    ]
    grades = [one.read(Post(body=b'{"reports": [{"state": "%s"}]}' % word))[0].bounce for word in (b"lost", b"gone")]
    assert grades == ["soft", "hard"]


def test_a_file_says_how_one_header_is_taken_apart(tmp_path):
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "pigeon.yaml").write_text(
        "provider: pigeon\ncarries: [sms]\nrequest: {url: https://api.example.com/texts}\n"
        "callbacks:\n  verify:\n    scheme: hmac\n    header: X-Pigeon-Signature\n"
        "    parts: {timestamp: t, signature: v1}\n    signed: '{timestamp}.{body}'\n"
    )
    one = found("sms", replace(catalogue(sms={"provider": "pigeon", **SECRETS}), root=tmp_path))
    body = b'{"ref": "m001"}'

    def given(key):
        return f"t={NOW},v1={hmac.new(key, b'%d.' % NOW + body, hashlib.sha256).hexdigest()}"

    for key in (b"new-secret", b"old-secret"):
        one.check(Post(body=body, headers={"x-pigeon-signature": given(key)}), NOW)
    for key, changed, now in ((b"other", body, NOW), (b"new-secret", b"{}", NOW), (b"new-secret", body, NOW + 301)):
        with pytest.raises(Refused):
            one.check(Post(body=changed, headers={"x-pigeon-signature": given(key)}), now)
