import pytest

from lifeloop.message.checks import HEAVY, TOO_HEAVY, check_message
from lifeloop.message.contrast import colour, contrast
from lifeloop.message.render import Rendered

GOOD = '<html><body><p>Hello</p><a href="https://example.com/u">leave</a></body></html>'


def checked(
    name,
    html=GOOD,
    *,
    needs=True,
    text="A text that is long enough.",
    subject="Hello",
    unsubscribe="https://example.com/u",
):
    rendered = Rendered(
        message="a/b",
        channel="email",
        locale="en",
        subject=subject,
        preheader="",
        html=html,
        text=text,
        unsubscribe_url=unsubscribe,
    )
    (found,) = [check for check in check_message(rendered, needs_unsubscribe=needs) if check.name == name]
    return found.state


@pytest.mark.parametrize(
    ("name", "html", "state"),
    [
        ("size", "x" * HEAVY, "ok"),
        ("size", "x" * (HEAVY + 1), "warning"),
        ("size", "x" * (TOO_HEAVY + 1), "error"),
        ("size", "é" * (TOO_HEAVY // 2 + 1), "error"),
        ("links", '<a href="#">x</a>', "error"),
        ("links", '<a href="">x</a>', "error"),
        ("links", '<a href="http://example.com">x</a>', "warning"),
        ("links", GOOD, "ok"),
        ("alt texts", '<img src="https://example.com/a.png">', "warning"),
        ("alt texts", '<img src="https://example.com/a.png" alt="">', "ok"),
        ("pictures", '<img src="a.png" alt="">', "error"),
        ("pictures", '<img src="https://example.com/a.png" alt="">', "ok"),
        ("contrast", '<p style="color: #aaaaaa">pale</p>', "warning"),
        ("contrast", '<div style="background-color:#000"><p style="color: #fff">clear</p></div>', "ok"),
        ("contrast", '<div style="background-color:#000"><p>black on black</p></div>', "warning"),
        ("contrast", '<div style="display:none;color:#fff">hidden</div>', "ok"),
        ("contrast", '<p style="color:#fff"><br></p><p>clear</p>', "ok"),
        ("mail programs", "<script>x</script>", "error"),
        ("mail programs", '<p onclick="x">y</p>', "error"),
        ("mail programs", GOOD, "ok"),
        ("unsubscribe", GOOD, "ok"),
        ("unsubscribe", "<p>no way out</p>", "error"),
    ],
)
def test_a_mail_is_looked_at(name, html, state):
    assert checked(name, html) == state


def test_leaving_is_not_asked_of_contract_mail():
    assert checked("unsubscribe", "<p>x</p>", needs=False, unsubscribe=None) == "ok"
    assert checked("unsubscribe", "<p>x</p>", needs=True, unsubscribe=None) == "error"


def test_subject_and_text_are_looked_at():
    assert [checked("subject", subject=text) for text in ("", "x" * 79, "x" * 78)] == ["error", "warning", "ok"]
    assert [checked("text", text=text) for text in ("", "hi", "Hello, here I am again.")] == ["error", "error", "ok"]


def test_a_text_message_is_only_asked_for_text():
    rendered = Rendered(
        message="a", channel="sms", locale="en", subject="", preheader="", html=None, text="Hello, here I am again."
    )

    assert [check.name for check in check_message(rendered, needs_unsubscribe=True)] == ["text"]


def test_contrast_is_that_of_the_standard():
    assert contrast(colour("black"), colour("#fff")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("white")) == pytest.approx(4.48, abs=0.01)
    assert colour("rgb(1,2,3)") is None
