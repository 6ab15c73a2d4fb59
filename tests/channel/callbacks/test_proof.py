"""Only the provider gets in: every scheme takes what is right, and refuses what is changed, old, missing or odd."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from lifeloop.channel.callbacks import proof
from lifeloop.channel.callbacks.values import Post, Refused
from lifeloop.channel.secret import Secret
from lifeloop.channel.signature import signed as sign

NOW = 1_772_452_800
WEBHOOK = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 byte").decode()
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


def secrets(*texts):
    return [Secret(text) for text in texts]


def basic(password, user="lifeloop"):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def standard(**changes):
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    return Post(body=b'{"test": 2432232314}', headers=given | changes)


def test_the_vector_of_standard_webhooks():
    proof.standard_webhooks(standard(), secrets(WEBHOOK), 1_614_265_330)
    renamed = {name.replace("webhook", "svix"): value for name, value in standard().headers.items()}
    proof.standard_webhooks(replace(standard(), headers=renamed), secrets(WEBHOOK), 1_614_265_330, "svix")


@pytest.mark.parametrize(
    "given",
    [
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,AAAA",
        "v1,AAAA v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ],
)
def test_one_good_signature_among_several_is_enough(given):
    proof.standard_webhooks(standard(**{"webhook-signature": given}), secrets(WEBHOOK), 1_614_265_330)


@pytest.mark.parametrize("kept", [(WEBHOOK, OTHER), (OTHER, WEBHOOK)])
def test_both_secrets_are_good_while_one_follows_the_other(kept):
    headers = sign("msg_1", b"{}", NOW, secrets(WEBHOOK))
    proof.standard_webhooks(Post(body=b"{}", headers=headers), secrets(*kept), NOW)
    with pytest.raises(Refused):
        proof.standard_webhooks(Post(body=b"{}", headers=headers), secrets(OTHER), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,€€€"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,2vVJ3vaPG6q4j98QUpNZi7fTOZVIdhar7S+GSx/BKD8="},
        {"webhook-id": ""},
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "1" * 400},
    ],
)
def test_anything_else_is_refused(changes):
    with pytest.raises(Refused):
        proof.standard_webhooks(standard(**changes), secrets(WEBHOOK), 1_614_265_330)


@pytest.mark.parametrize("off", [-301, 301])
def test_what_was_signed_long_ago_may_be_a_recording(off):
    with pytest.raises(Refused, match="too long ago"):
        proof.standard_webhooks(standard(), secrets(WEBHOOK), 1_614_265_330 + off)
    proof.standard_webhooks(standard(), secrets(WEBHOOK), 1_614_265_330 + off // 301 * 300)


def test_one_byte_changes_everything():
    body = standard().body
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(Refused):
            proof.standard_webhooks(replace(standard(), body=changed), secrets(WEBHOOK), 1_614_265_330)


def twilio(signature="0/KCTR6DLpKmkAf8muzZqo1nDgQ=", url=TWILIO_URL, body=None):
    form = b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212"
    return Post(body=form if body is None else body, headers={"x-twilio-signature": signature}, url=url)


def test_the_vector_of_twilio():
    proof.twilio(twilio(), secrets("12345"))
    proof.twilio(twilio(), secrets("new", "12345"))


@pytest.mark.parametrize(
    "post",
    [
        twilio(signature=""),
        twilio(signature="AAAA"),
        twilio(signature="ü"),
        twilio(url=TWILIO_URL.replace("https", "http")),
        twilio(body=b"CallSid=CA1234567890ABCDE"),
        twilio(body=b"\xff\xff"),
    ],
)
def test_other_words_under_twilios_signature_are_refused(post):
    with pytest.raises(Refused):
        proof.twilio(post, secrets("12345"))


def test_a_json_body_is_covered_by_the_hash_in_twilios_address():
    body, key = b'{"a":1}', "12345"
    url = f"https://mail.example.com/cb/sms?bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = base64.b64encode(hmac.new(key.encode(), url.encode(), "sha1").digest()).decode()
    query = {"bodySHA256": hashlib.sha256(body).hexdigest()}
    post = Post(body=body, headers={"x-twilio-signature": signature}, url=url, query=query)

    proof.twilio(post, secrets(key))
    with pytest.raises(Refused):
        proof.twilio(replace(post, body=b'{"a":2}'), secrets(key))


META = "sha256=0bf7374433906636bed1653bc7c64affb42fa5da9a39e251ab95c2e3a9c06923"
META_BODY = b'{"object":"whatsapp_business_account"}'


def test_the_vector_of_meta():
    proof.meta(Post(body=META_BODY, headers={"x-hub-signature-256": META}), secrets("app-secret"))


@pytest.mark.parametrize(
    "given", ["", "sha256=", META.removeprefix("sha256="), META[:-1], META + "00", "sha256=zz", "sha1=é"]
)
def test_metas_signature_must_be_whole(given):
    with pytest.raises(Refused):
        proof.meta(Post(body=META_BODY, headers={"x-hub-signature-256": given}), secrets("app-secret"))


def mailgun(**changes):
    said = {
        "timestamp": "1529006854",
        "token": "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0",
        "signature": "2df0e54f503d31abdc1519117a730ae38748e41e86f9ae25431dbd26059468af",
    }
    return Post(body=json.dumps({"signature": said | changes}).encode())


def test_the_vector_of_mailgun():
    proof.mailgun(mailgun(), secrets("key-test"), 1_529_006_854)
    proof.mailgun(mailgun(), secrets("key-test"), 1_529_006_854 + 11 * 3600)


@pytest.mark.parametrize(
    "post",
    [
        mailgun(token=""),
        mailgun(token="b"),
        mailgun(signature=""),
        mailgun(signature="zz"),
        mailgun(signature=None),
        mailgun(timestamp="1529006855"),
        mailgun(timestamp=1529006854),
        Post(body=b"{}"),
        Post(body=b"not json"),
        Post(body=b'{"signature": "x"}'),
        Post(body=b"[" * 100_000),
    ],
)
def test_mailguns_signature_must_be_its_own(post):
    with pytest.raises(Refused):
        proof.mailgun(post, secrets("key-test"), 1_529_006_854)


def test_mailguns_signature_grows_old():
    with pytest.raises(Refused, match="too long ago"):
        proof.mailgun(mailgun(), secrets("key-test"), 1_529_006_854 + 13 * 3600)


def bird(moment=NOW, key="bird-key", body=b'{"a":1}', url="https://mail.example.com/cb/sms"):
    content = f"{moment}\n{url}\n".encode() + hashlib.sha256(body).digest()
    signature = base64.b64encode(hmac.new(key.encode(), content, "sha256").digest()).decode()
    headers = {"messagebird-signature": signature, "messagebird-request-timestamp": str(moment)}
    return Post(body=body, headers=headers, url=url)


def test_birds_signature_covers_moment_address_and_body():
    proof.bird(bird(), secrets("bird-key"), NOW + 3600)
    for post in (replace(bird(), body=b"{}"), replace(bird(), url="https://other.example.com"), bird(key="other")):
        with pytest.raises(Refused):
            proof.bird(post, secrets("bird-key"), NOW)
    with pytest.raises(Refused):
        proof.bird(bird(NOW - 90_000), secrets("bird-key"), NOW)


@pytest.mark.parametrize(
    "post",
    [
        Post(body=b"", headers=basic("s3cret")),
        Post(body=b"", headers=basic("s3cret", "anybody")),
        Post(body=b"", headers=basic("old")),
        Post(body=b"", headers={"authorization": "Bearer s3cret"}),
        Post(body=b"", headers={"x-callback-secret": "s3cret"}),
        Post(body=b"", word="s3cret"),
    ],
)
def test_a_shared_secret_may_be_said_in_four_places(post):
    proof.shared(post, secrets("s3cret", "old"))


@pytest.mark.parametrize(
    "post",
    [
        Post(body=b""),
        Post(body=b"", headers=basic("")),
        Post(body=b"", headers=basic("s3cre")),
        Post(body=b"", headers={"authorization": "Basic s3cret"}),
        Post(body=b"", headers={"authorization": "Basic €"}),
        Post(body=b"", headers={"authorization": "Basic"}),
        Post(body=b"", headers={"authorization": "s3cret"}),
        Post(body=b"", word="é"),
    ],
)
def test_without_it_nobody_gets_in(post):
    with pytest.raises(Refused):
        proof.shared(post, secrets("s3cret"))


def test_an_empty_secret_opens_no_door():
    with pytest.raises(Refused):
        proof.shared(Post(body=b"", headers=basic("")), secrets(""))
    with pytest.raises(Refused):
        proof.in_address(Post(body=b""), secrets(""))


@pytest.mark.parametrize("algorithm", proof.ALGORITHMS)
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_a_provider_file_describes_its_signature(algorithm, encoding):
    how = {"header": "X-Pidge-Signature", "prefix": "v0=", "encoding": encoding, "algorithm": algorithm}
    how |= {"timestamp": "X-Pidge-Time", "signed": "v0:{timestamp}:{body}"}
    digest = hmac.new(b"key", b"v0:%d:{}" % NOW, algorithm).digest()
    given = "v0=" + (digest.hex() if encoding == "hex" else base64.b64encode(digest).decode())
    post = Post(body=b"{}", headers={"x-pidge-signature": given, "x-pidge-time": str(NOW)})

    proof.signed(post, secrets("key"), NOW, how)
    for wrong in (
        replace(post, body=b"[]"),
        replace(post, headers={}),
        replace(post, headers={"x-pidge-time": str(NOW)}),
    ):
        with pytest.raises(Refused):
            proof.signed(wrong, secrets("key"), NOW, how)
    with pytest.raises(Refused):
        proof.signed(post, secrets("key"), NOW + 301, how)
    with pytest.raises(Refused):
        proof.signed(post, secrets("key"), NOW, how | {"algorithm": "md5"})


PARTED = {"header": "X-Pigeon-Signature", "signed": "{timestamp}.{body}"}
PARTS = {"timestamp": "t", "signature": "v1"}


def mark(key="key", moment=NOW, body=b"{}"):
    return hmac.new(key.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def parted(given, body=b"{}"):
    return Post(body=body, headers={"x-pigeon-signature": given})


@pytest.mark.parametrize(
    "given",
    [
        f"t={NOW},v1={mark()}",
        f"t={NOW}; v1={mark()}",
        f"v1={mark('key before')}, v1={mark()}, v0=x, t={NOW}",
        f"t={NOW},v1={mark('old')}",
    ],
)
def test_a_header_that_holds_moment_and_signatures_is_taken_apart(given):
    proof.signed(parted(given), secrets("key", "old"), NOW, PARTED, PARTS)


@pytest.mark.parametrize(
    "given",
    [
        "",
        f"t={NOW}",
        f"v1={mark()}",
        f"t={NOW},v1=",
        f"t={NOW},v0={mark()}",
        f"t={NOW},v1={mark('former')}",
        f"t={NOW + 1},v1={mark()}",
        f"t={NOW},v1={mark(body=b'[]')}",
        f"t={NOW},v1={hmac.new(b'key', b'{}', hashlib.sha256).hexdigest()}",
        f"t={NOW - 301},v1={mark(moment=NOW - 301)}",
        f"t={NOW - 301},t={NOW},v1={mark(moment=NOW - 301)}",
        f"t={NOW}," + "v1=00," * proof.MOST_SIGNATURES + f"v1={mark()}",
    ],
)
def test_parts_that_are_wrong_old_or_missing_are_refused(given):
    with pytest.raises(Refused):
        proof.signed(parted(given), secrets("key", "old"), NOW, PARTED, PARTS)


def test_another_body_under_a_header_of_parts_is_refused():
    with pytest.raises(Refused):
        proof.signed(parted(f"t={NOW},v1={mark()}", b"[]"), secrets("key"), NOW, PARTED, PARTS)


def test_a_header_of_the_providers_own_name():
    proof.header(Post(body=b"", headers={"x-own": "word"}), secrets("word"), "X-Own")
    with pytest.raises(Refused):
        proof.header(Post(body=b"", headers={"x-other": "word"}), secrets("word"), "X-Own")
