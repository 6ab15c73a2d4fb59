"""Every mail provider against its recorded examples: what it is sent, and what its answers mean."""

import asyncio
import base64
import email
import email.policy
import json
import os
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import resolved
from lifeloop.clock import SetClock, SystemClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.ways import MAIL_PROVIDERS

NOW = 1_780_000_000
RECORDED = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
}
NAMES = sorted(CLASSES)
ROWS = [(name, row) for name in NAMES for row in RECORDED[name]["outcomes"]]
KEYS = {"KEY": "canary-key", "SECRET": "canary-secret"}


def channel(name, base, deadline=20.0, at_once=None, **more):
    if name == "ses":
        pytest.importorskip("botocore", reason="it comes with lifeloop[ses]")
    settings = {**RECORDED[name]["settings"], "base": base, **more}
    said = resolved(name, takes(name), settings, KEYS)
    wire = Wire(guard=Guard.allowing(["127.0.0.0/8"]), deadline=deadline)
    check = partial(checked, project="sunny-energy")
    return ProviderChannel(name, provider(name, said), check, wire, SetClock(NOW), at_once=at_once)


@pytest.fixture
def send(serving):
    """Return a function that sends mails through a provider whose server gives these answers."""

    def send(name, mails, *answers, **more):
        async def run():
            async with serving(*answers) as server:
                way = channel(name, server.url, **more)
                receipts = await way.send(mails)
                await way.close()
                return receipts, server.seen

        return asyncio.run(run())

    return send


@pytest.mark.parametrize(
    ("name", "at_once", "busiest", "requests"),
    [("sendgrid", None, 10, 80), ("sendgrid", 60, 60, 80), ("sendgrid", 3, 3, 80), ("mailjet", 2, 2, 2)],
)
def test_as_many_requests_are_under_way_as_the_project_says(name, at_once, busiest, requests, serving, mail):
    async def run():
        async with serving((202, {})) as server:
            server.slow, server.crowd = 0.02, busiest
            way = channel(name, server.url, at_once=at_once)
            receipts = await way.send([mail(id=f"m{nth}") for nth in range(80)])
            await way.close()
            return server.busiest, len(server.seen), {receipt.outcome for receipt in receipts}

    assert asyncio.run(run()) == (busiest, requests, {Outcome.ACCEPTED})


def test_the_project_file_knows_the_same_providers():
    assert set(NAMES) <= set(MAIL_PROVIDERS)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mailgun"])
def test_the_request_is_the_one_of_the_documentation(name, send, mail):
    wanted = RECORDED[name]

    _, seen = send(name, [mail()], wanted["outcomes"][0]["answer"])

    (request,) = seen
    body = request.json
    if name == "brevo":
        assert UUID(body["headers"]["idempotencyKey"])
        body["headers"]["idempotencyKey"] = "UUID"
    if name == "ses":
        body["Content"]["Raw"]["Data"] = "MIME"
    assert (request.method, request.path) == ("POST", wanted["path"])
    assert body == wanted["body"]
    assert {key: request.headers.get(key) for key in wanted["headers"]} == wanted["headers"]


def test_mailgun_takes_the_whole_mail_as_a_file(send, mail):
    wanted = RECORDED["mailgun"]

    _, (request,) = send("mailgun", [mail()], wanted["outcomes"][0]["answer"])

    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    parts = list(email.message_from_bytes(head + request.body, policy=email.policy.HTTP).iter_parts())
    (letter,) = parts.pop().get_payload()
    fields = {part.get_param("name", header="content-disposition"): part.get_payload(decode=True) for part in parts}
    assert {name: value.decode() for name, value in fields.items()} == wanted["fields"]
    assert (request.method, request.path) == ("POST", wanted["path"])
    assert request.headers["authorization"] == wanted["headers"]["authorization"]
    assert letter["List-Unsubscribe"] == "<https://mail.example.com/u/token-1>"
    assert letter["X-Lifeloop-Id"] == "m001"


def test_ses_takes_the_whole_mail_and_a_signature(send, mail):
    _, (request,) = send("ses", [mail()], RECORDED["ses"]["outcomes"][0]["answer"])

    letter = email.message_from_bytes(
        base64.b64decode(request.json["Content"]["Raw"]["Data"]), policy=email.policy.default
    )
    signature = request.headers["authorization"]
    assert letter["Subject"] == "Your first week ☀"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert signature.startswith("AWS4-HMAC-SHA256 Credential=canary-key/")
    assert "/eu-west-1/ses/aws4_request" in signature
    assert "canary-secret" not in signature
    assert "x-amz-date" in request.headers


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}: {row['what']}" for name, row in ROWS])
def test_every_answer_is_one_outcome(name, row, send, mail):
    (receipt,), seen = send(name, [mail()], row["answer"])

    assert len(seen) == 1
    assert receipt.outcome == Outcome(row["outcome"])
    assert receipt.provider_id == row.get("provider_id")
    assert receipt.retry_after == row.get("wait")
    assert receipt.address == row.get("address")
    assert row.get("says", "") in receipt.detail
    assert receipt.used_up == row.get("used_up", False)
    assert receipt.slow_down >= (row.get("slow_down", False) or receipt.used_up)
    assert "ana1" not in receipt.detail
    assert "canary" not in receipt.detail


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_never_comes_leaves_it_open(name, send, mail):
    (receipt,), seen = send(name, [mail()], None)

    assert receipt.outcome is Outcome.UNCERTAIN
    assert len(seen) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_that_cannot_be_reached_took_nothing(name, mail):
    async def run():
        way = channel(name, "http://127.0.0.1:9")
        return await way.send([mail()])

    (receipt,) = asyncio.run(run())
    assert receipt.outcome is Outcome.NOT_ACCEPTED
    assert receipt.detail == f"{name} could not be reached"


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_that_cannot_be_made_is_refused_and_the_others_go(name, send, mail):
    success = RECORDED[name]["outcomes"][0]["answer"]
    batch = [mail(1, to="nobody"), mail(2), mail(3, sender=None), mail(4, subject=" "), mail(5, headers={"To": "x"})]

    receipts, seen = send(name, batch, success)

    assert [receipt.outcome.value for receipt in receipts] == [
        "rejected",
        "accepted",
        "rejected",
        "rejected",
        "rejected",
    ]
    assert len(seen) == 1


@pytest.mark.parametrize("name", NAMES)
def test_our_id_goes_along_so_that_callbacks_find_it(name, send, mail):
    _, (request,) = send(name, [mail(7)], RECORDED[name]["outcomes"][0]["answer"])

    assert b"m007" in request.body or b"bTAwN" in request.body


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_that_nobody_can_leave_says_nothing_of_leaving(name, send, mail):
    plain = mail(unsubscribe=None, html=None, locale=None)

    (receipt,), (request,) = send(name, [plain], RECORDED[name]["outcomes"][0]["answer"])

    body = base64.b64decode(request.json["Content"]["Raw"]["Data"]) if name == "ses" else request.body
    assert receipt.outcome is Outcome.ACCEPTED
    assert b"List-Unsubscribe" not in body
    assert b"Hello Ana" in body
    assert b"<p>" not in body


def test_postmark_reads_one_status_for_each_mail_of_a_batch(send, mail):
    said = [
        {"ErrorCode": 0, "MessageID": "first", "Message": "OK"},
        {"ErrorCode": 406, "Message": "inactive"},
        {"ErrorCode": 0, "MessageID": "third", "Message": "OK"},
    ]

    receipts, seen = send("postmark", [mail(1), mail(2), mail(3)], (200, said))

    assert [item["To"] for item in seen[0].json] == ["ana1@example.com", "ana2@example.com", "ana3@example.com"]
    assert [(one.id, one.outcome.value, one.provider_id) for one in receipts] == [
        ("m001", "accepted", "first"),
        ("m002", "rejected", None),
        ("m003", "accepted", "third"),
    ]


def test_postmark_sends_more_than_a_batch_in_several(send, mail):
    def answer(count):
        return 200, [{"ErrorCode": 0, "MessageID": str(nth), "Message": "OK"} for nth in range(count)]

    receipts, seen = send("postmark", [mail(nth) for nth in range(150)], answer(100), answer(50))

    assert sorted(len(request.json) for request in seen) == [50, 100]
    assert len({receipt.id for receipt in receipts}) == 150


def test_postmark_keeps_service_mail_out_of_the_broadcast_stream(send, mail):
    _, seen = send("postmark", [mail(1), mail(2, unsubscribe=None)], (200, []))

    assert [item["MessageStream"] for item in seen[0].json] == ["broadcast", "outbound"]


def test_a_batch_refused_as_a_whole_uses_no_message_up(send, mail):
    receipts, _ = send("postmark", [mail(1), mail(2)], (422, {"ErrorCode": 403, "Message": "Invalid request"}))

    assert {receipt.outcome for receipt in receipts} == {Outcome.CONFIGURATION}


def test_mailjet_reads_one_status_for_each_mail_even_in_a_refusal(send, mail):
    said = {
        "Messages": [
            {"Status": "success", "To": [{"MessageID": 11}]},
            {"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400}]},
        ]
    }

    receipts, _ = send("mailjet", [mail(1), mail(2)], (400, said))

    assert [(one.outcome.value, one.provider_id) for one in receipts] == [("accepted", "11"), ("rejected", None)]


def test_resend_in_batches_takes_the_sound_ones(send, mail):
    said = {"data": [{"id": "a"}, {"id": "c"}], "errors": [{"index": 1, "message": "Invalid `to` field."}]}

    receipts, (request,) = send("resend", [mail(1), mail(2), mail(3)], (200, said), batch="100")

    assert request.path == "/emails/batch"
    assert request.headers["x-batch-validation"] == "permissive"
    assert "idempotency-key" not in request.headers
    assert [(one.outcome.value, one.provider_id) for one in receipts] == [
        ("accepted", "a"),
        ("rejected", None),
        ("accepted", "c"),
    ]


def test_resend_promises_a_key_only_where_it_is_sent():
    assert channel("resend", "http://x").abilities.key_window == 86_400
    assert channel("resend", "http://x", batch="100").abilities.key_window is None


def test_a_second_try_goes_under_the_same_key(send, mail):
    for name, field in (("resend", None), ("brevo", "idempotencyKey")):
        keys = []
        for _ in range(2):
            _, (request,) = send(name, [mail()], None)
            keys.append(request.json["headers"][field] if field else request.headers["idempotency-key"])
        assert keys[0] == keys[1]


def test_brevo_loses_no_name_with_a_comma(send, mail):
    sender = mail().sender
    named = mail(sender=type(sender)("x", "Zoë, of Sunny", sender.address))

    _, (request,) = send("brevo", [named], (201, {}))

    assert request.json["sender"]["name"] == "=?utf-8?q?Zo=C3=AB=2C_of_Sunny?="


def test_sparkpost_never_calculates_what_a_customer_wrote(send, mail):
    (receipt,), seen = send("sparkpost", [mail(subject="Hello {{name}}")], (200, {}))

    assert (receipt.outcome, seen) == (Outcome.REJECTED, [])
    assert "between {{ and }}" in receipt.detail


def test_a_provider_for_mail_carries_nothing_else(send, mail):
    (receipt,), seen = send("postmark", [mail(channel="sms")], (200, []))

    assert (receipt.outcome, seen) == (Outcome.REJECTED, [])


PROSE = "ana1@example.com is not known here"


@pytest.mark.parametrize("name", NAMES)
def test_prose_of_a_provider_is_never_shown(name, send, mail):
    body = {
        "ErrorCode": PROSE,
        "code": PROSE,
        "name": PROSE,
        "__type": PROSE,
        "message": PROSE,
        "errors": [{"field": PROSE, "code": PROSE}],
        "Messages": [{"Status": "error", "Errors": [{"ErrorCode": PROSE, "StatusCode": 400}]}],
    }

    (receipt,), _ = send(name, [mail()], (400, body))

    assert receipt.outcome is Outcome.REJECTED
    assert "known here" not in receipt.detail


LIVE = {
    "postmark": {"token": "env.POSTMARK_LIVE"},
    "sendgrid": {"token": "env.SENDGRID_LIVE"},
    "mailgun": {"token": "env.MAILGUN_LIVE", "domain": "env.MAILGUN_LIVE_DOMAIN"},
    "brevo": {"token": "env.BREVO_LIVE"},
    "resend": {"token": "env.RESEND_LIVE"},
    "mailjet": {"key": "env.MAILJET_LIVE", "secret": "env.MAILJET_LIVE_SECRET"},
    "sparkpost": {"token": "env.SPARKPOST_LIVE"},
    "ses": {"key": "env.SES_LIVE", "secret": "env.SES_LIVE_SECRET", "region": "env.SES_LIVE_REGION"},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_real_service_takes_a_mail(name, mail):
    """Needs a key, LIFELOOP_LIVE_FROM (an address that may send) and LIFELOOP_LIVE_TO (yours)."""
    variables = [text.removeprefix("env.") for text in LIVE[name].values()] + ["LIFELOOP_LIVE_FROM", "LIFELOOP_LIVE_TO"]
    if missing := [variable for variable in variables if not os.environ.get(variable)]:
        pytest.skip(f"not set: {', '.join(missing)}")
    said = resolved(name, takes(name), LIVE[name], os.environ)
    way = ProviderChannel(name, provider(name, said), partial(checked, project="lifeloop-test"), Wire(), SystemClock())
    sender = type(mail().sender)("live", "Lifeloop test", os.environ["LIFELOOP_LIVE_FROM"])

    async def run():
        receipts = await way.send([mail(to=os.environ["LIFELOOP_LIVE_TO"], sender=sender)])
        await way.close()
        return receipts

    (receipt,) = asyncio.run(run())
    assert receipt.outcome is Outcome.ACCEPTED, receipt.detail
