"""Providers report over HTTP: proved, written once, answered in a word; nothing that is sent here is ever a 500."""

import base64
import json
import logging
import os
from dataclasses import replace

import pytest

from lifeloop.channel.callbacks.certificates import OutOfReach
from lifeloop.channel.secret import Secret
from lifeloop.channel.signature import signed
from lifeloop.store import consents, customers, events, messages
from lifeloop.store.opening import StoreUnreachable
from lifeloop.web import callbacks
from lifeloop.web.recipient import create_public_app

CHANNELS = {
    "postmark": {"callback_secret": "env.CB"},
    "resend": {"callback_secret": "env.SVIX"},
    "sendgrid": {"callback_secret": "env.MISSING"},
    "ses": {"callback_topic": "arn:ours"},
    "whatsapp": {"provider": "whatsapp-cloud", "callback_secret": "env.CB", "callback_word": "our-word"},
}
ENVIRON = {"CB": "s3cret", "SVIX": "whsec_" + base64.b64encode(os.urandom(24)).decode()}
PROOF = {"authorization": "Basic " + base64.b64encode(b"lifeloop:s3cret").decode()}
BOUNCE = {"RecordType": "Bounce", "ID": 1, "Type": "HardBounce", "BouncedAt": "2026-03-02T10:00:00Z"}


@pytest.fixture
def shop(recipients, client_of):
    made = recipients()
    made.first = made.mail()
    project = made.space.project
    made.space.project = replace(project, catalogue=replace(project.catalogue, email="postmark", channels=CHANNELS))
    made.client = client_of(create_public_app(made.space, environ=ENVIRON))
    return made


def post(shop, path="/cb/postmark", body=None, headers=PROOF):
    told = BOUNCE | {"Metadata": {"lifeloop_id": shop.first.message_id}, "Email": "ana@example.com"}
    content = body if isinstance(body, bytes) else json.dumps(body or told).encode()
    return shop.client.request("POST", path, content=content, headers=headers)


def against(shop):
    with shop.space.store.reading() as tx:
        return [row.reason for row in consents.suppressed(tx, "ana@example.com")]


def test_a_report_is_taken_once_and_everything_follows(shop):
    answers = [post(shop) for _ in range(3)]

    assert [(one.status_code, one.text) for one in answers] == [
        (200, "1 new, 0 known\n"),
        (200, "0 new, 1 known\n"),
        (200, "0 new, 1 known\n"),
    ]
    assert against(shop) == ["hard_bounce"]
    with shop.space.store.reading() as tx:
        found = messages.find(tx, [shop.first.message_id])[shop.first.message_id]
        told = [event.name for event in events.after(tx, 0, 100)]
    assert set(found.receipts) == {"bounced"}
    assert told == ["order.placed", "message.bounced", "bounced"]


def test_somebody_who_bounced_is_not_written_to_again(shop):
    post(shop)
    project = shop.space.project
    shop.space.project = replace(project, catalogue=replace(project.catalogue, email="inbox", channels={}))
    shop.clock.set(shop.clock.now() + 86_400)

    assert shop.order() == 0


def test_a_report_of_no_message_of_ours_is_fine(shop):
    assert (
        post(shop, body={"RecordType": "Delivery", "MessageID": "x", "Recipient": "who@example.com"}).status_code == 200
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic eA=="},
        {"authorization": "Bearer no"},
        {"authorization": "Basic €".encode()},
        {"authorization": b"\xff\xfe"},
        {"x-callback-secret": ""},
    ],
)
def test_who_proves_nothing_changes_nothing(shop, headers, caplog):
    answer = post(shop, headers=headers)

    assert (answer.status_code, answer.text) == (401, "refused\n")
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert against(shop) == []
    assert "ana@" not in caplog.text


def test_the_secret_may_stand_in_the_address_and_a_wrong_one_may_not(shop):
    assert post(shop, "/cb/postmark/wrong", headers={}).status_code == 401
    assert post(shop, "/cb/postmark/s3cret", headers={}).status_code == 200


@pytest.mark.parametrize("path", ["/cb/mailgun", "/cb/smtp", "/cb/inbox", "/cb/x%00y", "/cb/" + "x" * 2000])
def test_under_other_names_there_is_nothing(shop, path):
    assert post(shop, path).status_code == 404
    assert shop.client.get(path).status_code == 404


@pytest.mark.parametrize("body", [b"not json", b"\xff\xfe\x00", b"{}", b"[1]", b"null", b"[" * 100_000])
def test_what_cannot_be_read_is_said_to_be_so(shop, body):
    assert (post(shop, body=body).status_code, against(shop)) == (400, [])


def test_a_body_longer_than_anybody_sends_is_cut(shop):
    assert post(shop, body=b" " * (callbacks.MOST_BYTES + 1)).status_code == 413
    assert post(shop, body=b" " * (callbacks.MOST_BYTES + 1), headers={}).status_code == 413


def test_a_secret_that_is_not_set_is_our_own_fault(shop, caplog):
    answer = post(shop, "/cb/sendgrid")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "the environment variable MISSING is not set" in caplog.text


@pytest.mark.parametrize(
    "problem", [StoreUnreachable("postgresql://x", "gone"), ValueError("ana@example.com"), OutOfReach()]
)
def test_when_it_is_our_fault_the_provider_tries_again(shop, monkeypatch, problem, caplog):
    def fails(*_given):
        raise problem

    monkeypatch.setattr(callbacks, "take_reports", fails)

    assert post(shop).status_code == 503
    assert "ana@" not in caplog.text


@pytest.mark.parametrize("path", ["/cb/resend", "/cb/ses", "/cb/whatsapp"])
@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\xff", b'{"Type":"Notification"}'])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"svix-id": "é".encode(), "svix-timestamp": b"\xff", "svix-signature": "v1,"},
        {"svix-id": "a", "svix-timestamp": "9" * 99, "svix-signature": "v1,é".encode()},
        {"x-hub-signature-256": "sha256=é".encode()},
        {"x-amz-sns-message-type": "Notification"},
    ],
)
def test_no_forgery_is_ever_more_than_refused(shop, path, body, headers):
    assert post(shop, path, body=body or b" ", headers=headers).status_code == 401


def test_providers_that_look_first_are_answered(shop):
    assert shop.client.get("/cb/postmark").status_code == 200
    assert shop.client.request("HEAD", "/cb/postmark").status_code == 200
    assert shop.client.get("/cb/sendgrid").status_code == 503
    for method in ("PUT", "DELETE", "PATCH"):
        assert shop.client.request(method, "/cb/postmark").status_code == 405


def test_meta_hears_back_what_it_asked_if_it_knows_the_word(shop):
    asked = "/cb/whatsapp?hub.mode=subscribe&hub.challenge=%3Cb%3E1158&hub.verify_token="
    answer = shop.client.get(asked + "our-word")

    assert (answer.status_code, answer.text) == (200, "<b>1158")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert shop.client.get(asked + "other").status_code == 401


def test_a_recording_played_again_under_another_moment_is_refused(shop):
    body = json.dumps({"type": "email.complained", "data": {"tags": {"lifeloop_id": shop.first.message_id}}}).encode()
    headers = signed("msg_1", body, shop.clock.now(), [Secret(ENVIRON["SVIX"])])
    headers = {name.replace("webhook", "svix"): value for name, value in headers.items()}

    assert post(shop, "/cb/resend", body=body, headers=headers).text == "1 new, 0 known\n"
    assert post(shop, "/cb/resend", body=body, headers=headers).text == "0 new, 1 known\n"
    shop.clock.set(shop.clock.now() + 301)
    assert post(shop, "/cb/resend", body=body, headers=headers).status_code == 401
    assert shop.said()[0]["news"] is False
    with shop.space.store.reading() as tx:
        assert customers.find_keys(tx, ["ana"])["ana"]


def test_the_inbox_page_has_no_such_door(client):
    assert client.request("POST", "/cb/postmark").status_code in (404, 405)


def test_nothing_that_is_logged_holds_a_secret(shop, caplog):
    with caplog.at_level(logging.DEBUG, logger="lifeloop"):
        post(shop)
        post(shop, headers={"authorization": "Basic " + base64.b64encode(b"a:almost-s3cret").decode()})
        post(shop, "/cb/postmark/almost-s3cret", headers={})
    assert "s3cret" not in caplog.text
