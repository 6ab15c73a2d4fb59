import email
from email import policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.channel import mime
from lifeloop.channel.values import Envelope
from lifeloop.journey.catalogue import Sender

ANNA = Sender("anna", "Anna from Sunny", "anna@example.com")
NOW = 1_780_000_000


def envelope(**changes):
    fields = {
        "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "to": "jo@example.com",
        "sender": ANNA,
        "subject": "Your year in pictures",
        "html": "<p>Hello Jo</p>",
        "text": "Hello Jo",
        "journey": "renewal",
        "step": "send-your-year",
        "topic": "inspiration",
    }
    return Envelope(**{**fields, **changes})


def raw(given_envelope):
    return mime.write(given_envelope, NOW).raw


def read(given_envelope):
    return email.message_from_bytes(raw(given_envelope), policy=policy.default)


def test_an_unsubscribe_address_of_any_length_stays_readable():
    url = "https://m.example.com/u/" + "A" * 120

    lines = raw(envelope(unsubscribe=url)).decode().split("\r\n")

    assert f"List-Unsubscribe: <{url}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_a_list_id_names_the_topic_and_the_sending_domain():
    lines = raw(envelope(unsubscribe="https://m.example.com/u/x")).decode().split("\r\n")

    assert "List-Id: <inspiration.lifeloop.example.com>" in lines


def test_mail_that_cannot_be_unsubscribed_from_says_nothing_of_lists():
    assert b"List-" not in raw(envelope())


def test_text_comes_before_html_and_nothing_is_eight_bit():
    mail = read(envelope(html="<p>Grüße</p>", text="Grüße"))

    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert raw(envelope(html="<p>Grüße</p>", text="Grüße")).isascii()


def test_the_message_id_comes_from_ours_and_the_senders_domain():
    mail = read(envelope())

    assert mail["Message-ID"] == "<0a1b2c3d4e5f60718293a4b5c6d7e8f9@example.com>"
    assert mail["X-Lifeloop-Id"] == "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def test_feedback_id_groups_by_step_journey_and_topic():
    written = mime.write(envelope(), NOW, project="sun").raw

    assert b"Feedback-ID: send-your-year:renewal:inspiration:sun00" in written


def test_automatic_mail_says_so_and_names_its_language():
    mail = read(envelope(locale="nl-BE"))

    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "nl-BE"


def test_the_same_envelope_gives_the_same_bytes_on_every_try():
    assert raw(envelope()) == raw(envelope())


def test_domains_travel_in_their_ascii_form():
    mail = read(envelope(to="info@café.example"))

    assert mail["To"] == "info@xn--caf-dma.example"


@pytest.mark.parametrize(
    "to",
    [
        "jo",
        "jö@example.com",
        "a@example.com, b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\x00",
        "",
        "jo@example",
        '"jo smith"@example.com',
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused(to):
    with pytest.raises(mime.Unsendable):
        raw(envelope(to=to))


def test_a_refusal_never_shows_the_address():
    with pytest.raises(mime.Unsendable) as refusal:
        raw(envelope(to="secret person@example"))

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("evil", ["Hi\r\nBcc: all@example.com", "Hi\nx", "Hi\x00", "Hi\u2028x", "a\x85b", "a\x1bb"])
@pytest.mark.parametrize("where", ["subject", "display", "header", "locale", "journey"])
def test_whatever_could_begin_another_header_is_refused(evil, where):
    changes = {
        "subject": {"subject": evil},
        "display": {"sender": Sender("x", evil, "anna@example.com")},
        "header": {"headers": {"X-Note": evil}},
        "locale": {"locale": evil},
        "journey": {"journey": evil},
    }[where]

    with pytest.raises(mime.Unsendable):
        raw(envelope(**changes))


@pytest.mark.parametrize("name", ["X-A: b\r\nBcc", "X A", "", "X" * 77, "X-É", "X:"])
def test_a_header_name_is_checked_too(name):
    with pytest.raises(mime.Unsendable):
        raw(envelope(headers={name: "x"}))


@pytest.mark.parametrize("name", ["From", "subject", "Message-ID", "List-Unsubscribe", "content-type", "MIME-Version"])
def test_headers_we_write_cannot_be_replaced(name):
    with pytest.raises(mime.Unsendable, match="by Lifeloop itself"):
        raw(envelope(unsubscribe="https://m.example.com/u/x", headers={name: "x"}))


@pytest.mark.parametrize(
    "url", ["http://m.example.com/u", "https://m.example.com/a b", "https://m.example.com/>,<x", "https://é.example/"]
)
def test_an_unsubscribe_address_must_be_plain_https(url):
    with pytest.raises(mime.Unsendable):
        raw(envelope(unsubscribe=url))


@pytest.mark.parametrize("subject", ["", "   ", "x" * 999])
def test_a_subject_is_neither_empty_nor_endless(subject):
    with pytest.raises(mime.Unsendable):
        raw(envelope(subject=subject))


printable = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=200)
bodies = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@settings(max_examples=60, deadline=None)
@given(subject=printable, display=printable, token=st.from_regex(r"[A-Za-z0-9_-]{1,300}", fullmatch=True))
def test_what_goes_into_headers_comes_out_again(subject, display, token):
    sender = Sender("x", display, "anna@example.com")
    url = f"https://m.example.com/u/{token}"
    given_envelope = envelope(subject="s" + subject, sender=sender, unsubscribe=url)

    mail = read(given_envelope)

    assert mail["Subject"] == mime.one_line("s" + subject)
    assert _display_name(given_envelope) == mime.one_line(display)
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert len(mail.get_all("To")) == len(mail.get_all("From")) == 1


def _display_name(given_envelope):
    """Read the name with the older decoder: the newer one puts a space where two encoded words meet."""
    phrase, _address = parseaddr(email.message_from_bytes(raw(given_envelope))["From"])
    return str(make_header(decode_header(phrase)))


@settings(max_examples=60, deadline=None)
@given(html=bodies, text=bodies)
def test_no_body_breaks_the_rules_of_lines(html, text):
    written = raw(envelope(html=html, text=text))

    assert written.isascii()
    assert b"\x00" not in written
    assert written.replace(b"\r\n", b"").count(b"\n") == written.replace(b"\r\n", b"").count(b"\r") == 0
    assert max(map(len, written.split(b"\r\n"))) <= 998


@settings(max_examples=60, deadline=None)
@given(html=bodies, text=bodies)
def test_a_body_is_read_back_as_it_was_written(html, text):
    mail = read(envelope(html=html, text=text))

    assert _same(mail.get_body(("html",)).get_content(), html)
    assert _same(mail.get_body(("plain",)).get_content(), text)


@pytest.mark.parametrize("half", ["subject", "text", "html"])
def test_half_a_character_is_refused(half):
    with pytest.raises(mime.Unsendable):
        raw(envelope(**{half: "x\ud83d"}))


@settings(max_examples=80, deadline=None)
@given(st.from_regex(mime.PLAIN_ADDRESS, fullmatch=True))
def test_an_address_that_looks_plain_is_what_the_library_makes_of_it(text):
    try:
        assert mime.address(text) == mime._looked_into(text)
    except mime.Unsendable:
        assert text.rpartition(".")[2] in mime.SPECIAL


@pytest.mark.parametrize("special", ["localhost.local", "a.onion", "b.invalid"])
def test_a_plain_address_where_no_mail_goes_is_looked_into(special):
    with pytest.raises(mime.Unsendable):
        mime.address(f"jo@{special}")


@settings(max_examples=60, deadline=None)
@given(subject=st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=300))
def test_no_word_of_a_header_is_too_long_and_no_line_either(subject):
    head, _, _ = raw(envelope(subject="é" + subject)).partition(b"\r\n\r\n")

    assert all(len(word) <= 75 for word in head.split() if word.startswith(b"=?"))
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?" in line and not line.startswith(b"Subject:"))


@pytest.mark.parametrize("ending", ["", " ", "\t", "\n", "\n\n", "=", "."])
def test_every_line_of_html_ends_as_it_was_written_and_stays_short(ending):
    html = f"<p>{'é' * 200}</p>\n.\nFrom me{ending}"
    written = raw(envelope(html=html))

    found = email.message_from_bytes(written, policy=policy.default).get_body(("html",)).get_content()
    assert _breaks(found).rstrip("\n") == html.rstrip("\n")
    assert max(len(line) for line in written.partition(b"\r\n\r\n")[2].split(b"\r\n")) <= 76


def test_an_extra_header_is_never_cut_within_a_word_and_speaks_any_language():
    mail = read(envelope(headers={"X-Token": "t" * 300, "X-Note": "Grüße " * 30}))

    assert mail["X-Token"] == "t" * 300
    assert mail["X-Note"] == ("Grüße " * 30).strip()


def test_an_id_cannot_begin_another_header():
    with pytest.raises(mime.Unsendable):
        raw(envelope(id="a\r\nBcc: b@example.com"))


def test_a_long_plain_body_line_is_wrapped_by_its_encoding():
    mail = read(envelope(text="x" * 5000))

    assert mail.get_body(("plain",)).get_content().strip() == "x" * 5000


def _same(found, wanted):
    """Mail has one kind of line break and always ends with one."""
    return _breaks(found).strip() == _breaks(wanted).strip()


def _breaks(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")
