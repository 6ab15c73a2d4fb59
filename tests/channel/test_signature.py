import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from lifeloop.channel.secret import Secret
from lifeloop.channel.signature import BadSecret, signed

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1_614_265_330
BODY = b'{"test": 2432232314}'


def test_the_published_vector_comes_out():
    headers = signed(ID, BODY, AT, [Secret(KEY)])

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-id"] == ID
    assert headers["webhook-timestamp"] == str(AT)


@pytest.mark.parametrize("body", [b"{}", '{"name":"Zoë"}'.encode(), b'{"a":[1,2,3]}'])
def test_the_reference_library_agrees(body):
    reference = Webhook(KEY).sign(ID, datetime.fromtimestamp(AT, UTC), body.decode())

    assert signed(ID, body, AT, [Secret(KEY)])["webhook-signature"] == reference


def test_during_a_rotation_both_keys_sign_newest_first():
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()

    both = signed(ID, BODY, AT, [Secret(new), Secret(KEY)])["webhook-signature"].split(" ")

    assert both[0] == signed(ID, BODY, AT, [Secret(new)])["webhook-signature"]
    assert both[1] == signed(ID, BODY, AT, [Secret(KEY)])["webhook-signature"]


@pytest.mark.parametrize("bad", ["", "whsec_", "whsec_short", "whsec_!!!", base64.b64encode(b"x" * 65).decode()])
def test_a_secret_of_another_form_is_refused_without_being_shown(bad):
    with pytest.raises(BadSecret) as refusal:
        signed(ID, BODY, AT, [Secret(bad)])

    assert not bad or bad.removeprefix("whsec_") == "" or bad.removeprefix("whsec_") not in str(refusal.value)


def test_an_id_with_a_dot_could_be_read_two_ways_and_is_refused():
    with pytest.raises(ValueError, match="dot"):
        signed("a.b", BODY, AT, [Secret(KEY)])
