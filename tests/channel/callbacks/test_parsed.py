"""Mail that providers take in for us is read as mail in a box is: replies, absences, and no more than it proves."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest

from lifeloop.channel.callbacks import proof
from lifeloop.channel.callbacks.receivers import READERS
from lifeloop.channel.callbacks.values import Malformed, Post, Refused
from lifeloop.channel.secret import Secret

ID = "0123456789abcdef0123456789abcdef"
ANSWERS = f"<{ID}@shop.example>"
NOW = 1_772_445_600


def headers(text, **more):
    return {"From": "Ana <ana@example.com>", "In-Reply-To": ANSWERS, "Subject": "Re: Hello", **more}, text


def postmark(said, text):
    pairs = [{"Name": name, "Value": value} for name, value in said.items()]
    return {"FromFull": {"Email": "ana@example.com"}, "From": said["From"], "Subject": said["Subject"],
            "MessageID": "in-1", "Headers": pairs, "TextBody": text}  # fmt: skip


def brevo(said, text):
    return {"items": [{"MessageId": "in-1", "From": {"Address": "ana@example.com"}, "Headers": said,
                       "Subject": said["Subject"], "RawTextBody": text}]}  # fmt: skip


def mailjet(said, text):
    return {"Sender": "ana@example.com", "Recipient": "x@parse.example", "Headers": said, "Text-part": text}


def sparkpost(said, text):
    content = {"headers": [{name: value} for name, value in said.items()], "text": text, "subject": said["Subject"]}
    return [{"msys": {"relay_message": {"content": content, "friendly_from": "ana@example.com"}}}]


def ses(said, _text):
    pairs = [{"name": name, "value": value} for name, value in said.items()]
    event = {"notificationType": "Received", "mail": {"messageId": "in-1", "headers": pairs, "source": "x@y.example"}}
    return {"Type": "Notification", "MessageId": "n1", "Message": json.dumps(event)}


def resend(said, _text):
    data = {"email_id": "in-1", "from": said["From"], "subject": said["Subject"], "message_id": "<r1@example.com>"}
    return {"type": "email.received", "data": data}


SHAPES = {made.__name__: made for made in (postmark, brevo, mailjet, sparkpost, ses, resend)}


def mailgun(said, text):
    return {**said, "sender": "ana@example.com", "stripped-text": text, "token": "t1", "timestamp": str(NOW)}


def sendgrid(said, text):
    lines = "\n".join(f"{name}: {value}" for name, value in said.items())
    charsets = '{"to":"UTF-8","text":"utf-8"}'
    return {"dkim": "{@example.com : pass}", "headers": f"Received: by mx.example\n{lines}\n", "to": "x@parse.example",
            "from": "Ana <ana@example.com>", "subject": said["Subject"], "text": text, "html": "<p>…</p>",
            "attachments": "1", "envelope": "{}", "charsets": charsets, "SPF": "pass"}  # fmt: skip


def sendgrid_raw(said, text):
    lines = "\r\n".join(f"{name}: {value}" for name, value in said.items())
    return {"email": f"{lines}\r\n\r\n{text}", "from": "Ana <ana@example.com>", "subject": said["Subject"]}


FORMS = {made.__name__: made for made in (mailgun, sendgrid, sendgrid_raw)}
IN_PARTS = "multipart/form-data; boundary=xYzZY"


def in_parts(form, *, file=b"GIF89a\r\n--xYzZ", end=b"--xYzZY--\r\n"):
    """Post a form as mail with a picture attached is posted."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in form.items()]
    picture = b'Content-Disposition: form-data; name="attachment1"; filename="a.gif"\r\nContent-Type: image/gif\r\n\r\n'
    body = b"".join(b"--xYzZY\r\n" + part + b"\r\n" for part in [*parts, picture + file]) + end
    return Post(body=body, headers={"content-type": IN_PARTS})


def read(name, text="Yes, please", **more):
    if name == "mailgun":
        form = urlencode(mailgun(*headers(text, **more))).encode()
        post = Post(body=form, headers={"content-type": "application/x-www-form-urlencoded"})
    elif name in IN_FORM:
        name = name.removesuffix(" in parts")
        post, name = in_parts(FORMS[name](*headers(text, **more))), name.removesuffix("_raw")
    else:
        post = Post(body=json.dumps(SHAPES[name](*headers(text, **more))).encode(), headers={"svix-id": "s1"})
    return READERS[name](post)


IN_FORM = ("mailgun in parts", "sendgrid", "sendgrid_raw")
ALL = sorted([*SHAPES, "mailgun", *IN_FORM])


@pytest.mark.parametrize("name", ALL)
def test_a_reply_is_a_reply_to_its_message(name):
    (found,) = read(name)
    assert (found.kind, found.recipient, found.believed) == ("replied", "ana@example.com", False)
    assert found.message == (None if name == "resend" else ID)
    assert found.raw == ""
    assert found.key == read(name)[0].key


@pytest.mark.parametrize("name", sorted({*ALL} - {"resend"}))
def test_an_absence_is_no_reply(name):
    assert [one.kind for one in read(name, **{"Auto-Submitted": "auto-replied"})] == ["autoreplied"]


@pytest.mark.parametrize("name", sorted({*ALL} - {"resend", "ses", "sendgrid_raw"}))
def test_a_stop_is_an_unsubscription(name):
    assert [one.kind for one in read(name, "STOP\n\nOn Monday you wrote: hello")] == ["unsubscribed"]


def test_what_mailgun_forwards_is_proved_like_its_events():
    mac = hmac.new(b"key", f"{NOW}t1".encode(), hashlib.sha256).hexdigest()
    form = {"timestamp": str(NOW), "token": "t1", "signature": mac}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    proof.mailgun(Post(body=urlencode(form).encode(), headers=kind), [Secret("key")], NOW)
    with pytest.raises(Refused):
        proof.mailgun(Post(body=urlencode(form | {"token": "t2"}).encode(), headers=kind), [Secret("key")], NOW)


def test_a_mail_with_files_is_proved_and_read_without_them():
    mac = hmac.new(b"key", f"{NOW}t1".encode(), hashlib.sha256).hexdigest()
    post = in_parts({**mailgun(*headers("Yes")), "signature": mac}, file=b"x" * 100_000)
    proof.mailgun(post, [Secret("key")], NOW)
    (found,) = READERS["mailgun"](post)
    assert (found.kind, found.message) == ("replied", ID)
    with pytest.raises(Refused):
        proof.mailgun(post, [Secret("other")], NOW)


@pytest.mark.parametrize(
    "post",
    [
        in_parts({"from": "ana@example.com"}, end=b""),
        in_parts({f"field{number}": "x" for number in range(400)}),
        Post(body=b"--x\r\n", headers={"content-type": "multipart/form-data"}),
        Post(body=b"", headers={"content-type": IN_PARTS}),
        Post(body=b"x", headers={"content-type": f"multipart/form-data; boundary={'x' * 500}"}),
    ],
)
def test_a_form_that_is_cut_short_or_says_no_end_is_refused(post):
    for name in ("sendgrid", "mailgun"):
        with pytest.raises(Malformed):
            READERS[name](post)
    with pytest.raises(Refused):
        proof.mailgun(post, [Secret("key")], NOW)


@pytest.mark.parametrize("name", sorted({*ALL} - {"sendgrid", "sendgrid_raw"}))
def test_headers_that_are_none_are_left_out(name):
    (found,) = read(name, **{"X-Odd": "a\r\nAuto-Submitted: auto-replied", "Bad Name": "x", "": "y"})
    assert found.kind == "replied"
