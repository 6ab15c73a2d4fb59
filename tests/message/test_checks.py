from dataclasses import replace

import pytest

from lifeloop.journey.catalogue import Web
from lifeloop.journey.codes import all_codes, explanation
from lifeloop.journey.ignoring import without_ignored
from lifeloop.message.checks import HEAVY, TOO_HEAVY, check_message
from lifeloop.message.contrast import colour, contrast
from lifeloop.message.preview import preview
from lifeloop.message.render import Reader, Rendered
from lifeloop.message.seen import finished
from lifeloop.message.template import Template

from .conftest import CATALOGUE, NOW

GOOD = '<html><body><p>Hello</p><a href="https://example.com/u">leave</a></body></html>'
LONG_ENOUGH = "\n\nA text that is long enough to be one."


def seen_of(html=GOOD, *, needs=True, text="A text that is long enough.", subject="Hello", channel="email", **more):
    address = more.pop("unsubscribe", "https://example.com/u")
    made = Rendered(
        message="a/b",
        channel=channel,
        locale="en",
        subject=subject,
        preheader="",
        html=html,
        text=text,
        unsubscribe_url=address,
    )
    template = Template("a/b", "", "templates/a/b.md", "markdown", (text,))
    return finished(made, template, CATALOGUE, needs_consent=needs)


def checked(name, html=GOOD, **more):
    (found,) = [check for check in check_message(seen_of(html, **more)) if check.name == name]
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
        ("links", '<a href="#prices">x</a>', "error"),
        ("links", '<a href="#prices">x</a><h2 id="prices">y</h2>', "ok"),
        ("links", '<a href="http://example.com">x</a>', "warning"),
        ("links", '<a href="https://bit.ly/x">x</a>', "warning"),
        ("links", '<a href="https://evil.example.org/x">www.bank.example</a>', "warning"),
        ("links", '<a href="https://shop.bank.example/x">bank.example</a>', "ok"),
        ("links", '<a href="https://example.com"></a>', "warning"),
        ("links", '<a href="https://example.com"><img src="https://example.com/a.png" alt="the shop"></a>', "ok"),
        ("links", '<a href="https://example.com">Click here</a>', "warning"),
        ("links", '<a href="https://www.example.com/offer">My offer</a>', "warning"),
        ("links", '<a href="https://www.example.com/offer?utm_source=x">My offer</a>', "ok"),
        ("links", GOOD, "ok"),
        ("alt texts", '<img src="https://example.com/a.png">', "warning"),
        ("alt texts", '<img src="https://example.com/a.png" alt="">', "ok"),
        ("pictures", '<img src="a.png" alt="">', "error"),
        ("pictures", '<img src="https://example.com/a.png" alt="">', "ok"),
        ("pictures", '<img src="https://example.com/a.png" width="1" height="1" alt="">', "warning"),
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


@pytest.mark.parametrize(("colour_in_the_dark", "state"), [("#222222", "warning"), ("#eeeeee", "ok")])
def test_a_dark_screen_is_tried_too(colour_in_the_dark, state):
    page = (
        "<html><head><style>p { color: #111111; } @media (max-width: 600px) { p { margin: 0; } }"
        " @media (prefers-color-scheme: dark) { body { background-color: #14181a !important; }"
        f" p {{ color: {colour_in_the_dark} !important; }} }}</style></head><body><p>Hello</p></body></html>"
    )
    assert checked("contrast", page) == state


def test_leaving_is_not_asked_of_contract_mail():
    assert checked("unsubscribe", "<p>x</p>", needs=False, unsubscribe=None) == "ok"
    assert checked("unsubscribe", "<p>x</p>", needs=True, unsubscribe=None) == "error"


def test_subject_and_text_are_looked_at():
    assert [checked("subject", subject=text) for text in ("", "x" * 79, "x" * 78)] == ["error", "warning", "ok"]
    assert [checked("text", text=text) for text in ("", "\n", "Hi")] == ["error", "error", "ok"]


def test_a_mail_that_is_one_picture_is_none():
    picture = '<img src="https://example.com/a.png" alt="Spring sale">'
    assert checked("text", picture, text="Look!") == "error"
    assert (
        checked("text", picture, text="Spring is here, and with it the first day on which your roof earns more.")
        == "ok"
    )


@pytest.mark.parametrize(
    "subject", ["LAST CHANCE TODAY", "Really?!", "Buy! Now!", "Re: your order", "You have won a panel"]
)
def test_words_that_make_people_doubt_are_named(subject):
    assert checked("wording", subject=subject) == "warning"


@pytest.mark.parametrize("subject", ["NL: 10%", "Ready? It is!", "Regarding your order", "We won a prize"])
def test_ordinary_words_are_left_alone(subject):
    assert checked("wording", subject=subject) == "ok"


def test_a_text_message_is_asked_for_its_length_and_its_end():
    found = check_message(seen_of(None, channel="sms", text="Hello, here I am again."))

    assert [(check.name, check.words) for check in found] == [
        ("text", ""),
        ("length", "23 letters, 1 part"),
        ("stop", ""),
    ]


TRIED = [
    code for code in all_codes() if (known := explanation(code)) and known.wrong and known.wrong.kind == "template"
]


@pytest.mark.parametrize("code", TRIED)
def test_the_wrong_example_gives_the_code_and_the_right_one_nothing(desk, code):
    known = explanation(code)
    desk.write("hello/there.md", known.wrong.text)
    beside = {"J402"} if code == "J401" else set()  # a title is no subject
    assert {found.code for found in (*desk.problems(), *desk.reviewed())} == {code} | beside
    desk.write("hello/there.md", known.right.text)
    assert [*desk.problems(), *desk.reviewed()] == []


def test_a_template_and_a_finished_mail_are_asked_the_same(desk):
    body = '[Click here](http://example.org) <img src="a.png"> <span style="color:#ccc">pale</span>' + LONG_ENOUGH
    before = {(one.code, one.place.line) for one in desk.reviewed(body, subject="LAST CHANCE TODAY")}

    shown = preview(desk.renderer(), "hello/there", person=None, at=NOW, topic="service")

    after = {(one.code, one.place.line) for check in shown.checks for one in check.found}
    assert before == after
    assert {code for code, _ in before} == {"J413", "J414", "J416", "J417", "J418", "J423"}


def test_a_mistake_stands_at_its_words(desk):
    (found,) = desk.reviewed("one\n\ntwo [this page of ours](http://example.org/x) three" + LONG_ENOUGH)
    place = found.place
    assert (place.file, place.line, place.column, place.end_column) == ("templates/hello/there.md", 6, 25, 45)


def test_what_data_decide_is_not_held_against_a_template(desk):
    assert desk.reviewed("[See it]({{ start.page }}) ![Yours]({{ start.picture }})" + LONG_ENOUGH) == []


def test_an_if_around_half_a_link_is_found_at_the_if(desk):
    (found,) = desk.reviewed("[See it]({% if customer.site %}{{ customer.site }}{% endif %})" + LONG_ENOUGH)
    assert (found.code, found.place.column) == ("J407", 10)


def test_only_the_longest_way_through_a_subject_counts(desk):
    long, short = "x" * 60, "y" * 40
    assert (
        desk.reviewed("Hello" + LONG_ENOUGH, subject=f"{{% if customer.site %}}{long}{{% else %}}{short}{{% endif %}}")
        == []
    )
    (found,) = desk.reviewed(subject=f"{{% if customer.site %}}{long}{{% endif %}}{short}", body="Hello" + LONG_ENOUGH)
    assert found.code == "J412"
    assert "100 characters" in found.message


@pytest.mark.parametrize("mark", ["{# lifeloop: ignore J413 #}", "{#lifeloop: ignore J413#}"])
def test_what_is_meant_is_marked_in_the_text(desk, mark):
    body = f"[this page of ours](http://example.org/x) {mark}" + LONG_ENOUGH
    found = desk.reviewed(body)
    text = (desk.templates / "hello/there.md").read_text()

    assert [one.code for one in found] == ["J413"]
    assert without_ignored(found, {"templates/hello/there.md": text}) == ()
    shown = preview(desk.renderer(), "hello/there", person=None, at=NOW, topic="service")
    assert [check.state for check in shown.checks] == ["ok"] * len(shown.checks)


def test_a_layout_is_tried_with_a_bit_of_everything(desk):
    desk.message("Hello" + LONG_ENOUGH)
    desk.write("_layouts/brand.html", '<style>h2 { color: #bbb; }</style>\n<img src="logo.png">\n{{ content }}')
    found = {(one.code, one.place.file, one.place.line) for one in desk.reviewed()}
    file = "templates/_layouts/brand.html"
    assert found == {("J416", file, 2), ("J417", file, 2), ("J418", file, 1)}


@pytest.mark.parametrize(("consented", "codes"), [((), []), (("hello/there",), ["J422"])])
def test_a_layout_without_a_way_to_leave_is_wrong_for_those_who_said_yes(desk, consented, codes):
    desk.write("_layouts/brand.html", "<p>{{ content }}</p>")
    assert [one.code for one in desk.reviewed("Hello" + LONG_ENOUGH, consented=consented)] == codes
    assert desk.reviewed("[Leave this list]({{ unsubscribe_url }})" + LONG_ENOUGH, consented=consented) == []


def test_a_way_to_leave_stands_in_the_plain_text_too(desk):
    link = "<a href='{{ unsubscribe_url }}'>leave this list</a>"
    desk.message("Hello" + LONG_ENOUGH)
    desk.write("_layouts/brand.html", "{{ content }}" + link)
    assert desk.reviewed(consented=("hello/there",)) == []
    desk.write("_layouts/brand.txt", "{{ content }}")
    assert [one.code for one in desk.reviewed(consented=("hello/there",))] == ["J422"]


def test_what_leaves_without_a_yes_does_not_sell_in_a_preview_either(desk):
    desk.message("Your invoice is ready. Order now and get 10% off your next panel.")
    shown = preview(desk.renderer(), "hello/there", person=None, at=NOW, topic="service")
    assert {one.code for check in shown.checks if check.name == "service" for one in check.found} == {"J426"}


def test_the_size_counts_what_styles_add(desk):
    desk.message("Hello" + LONG_ENOUGH)
    desk.write("_layouts/brand.html", "<style>p { margin: 0 0 18px; padding: 0; }</style>{{ content }}")
    assert desk.reviewed() == []
    (found,) = desk.reviewed("Hello again\n\n" * 4_000)
    assert (found.code, found.severity) == ("J411", "error")


# Text messages


def said(desk, body, topic="stories", *, unsubscribe=None, name="hello/there.md"):
    desk.write(name, f"---\nby: sms\n---\n{body}\n")
    context = {"customer": {"first_name": "Ana"}}
    locale = name.split(".")[1]
    reader = Reader(now=NOW, unsubscribe_url=unsubscribe, locale=locale)
    return desk.renderer().render("hello/there", context=context, reader=reader, topic=topic).text


def with_sender(desk, sender, country="NL"):
    desk.catalogue = replace(desk.catalogue, channels={"sms": {"from": sender}}, country=country)


def test_a_text_message_that_needs_a_yes_says_how_to_stop_it(desk):
    assert said(desk, "Hi Ana, look at this.") == "Hi Ana, look at this.\nReply STOP to opt out.\n"
    assert said(desk, "Dag Ana.", name="hello/there.nl.md") == "Dag Ana.\nAntwoord STOP om af te melden.\n"


@pytest.mark.parametrize("body", ["Hi Ana. STOP to end.", "Hi Ana. AFMELDEN? Antwoord AFMELDEN."])
def test_a_text_that_says_so_itself_is_left_alone(desk, body):
    assert said(desk, body) == f"{body}\n"


def test_a_text_that_belongs_to_a_contract_needs_no_end(desk):
    assert said(desk, "Hi Ana.", topic="service") == "Hi Ana.\n"


def test_a_link_to_leave_will_do_except_in_france(desk):
    body, link = "Hi Ana. {{ unsubscribe_url }}", "https://example.com/u/1"
    assert said(desk, body, unsubscribe=link) == f"Hi Ana. {link}\n"
    with_sender(desk, "+33612345678", country="FR")
    assert "STOP" in said(desk, body, unsubscribe=link)


def test_a_sender_with_a_name_cannot_be_answered_so_a_link_ends_the_text(desk):
    with_sender(desk, "Sunny")
    assert said(desk, "Hi Ana.", unsubscribe="https://example.com/u/1") == "Hi Ana.\nhttps://example.com/u/1\n"
    (found,) = desk.reviewed(consented=("hello/there",))
    assert (found.code, found.severity) == ("J425", "error")
    desk.catalogue = replace(desk.catalogue, web=Web("https://mail.example.com"))
    assert desk.reviewed(consented=("hello/there",)) == []


def test_an_end_in_another_language_is_told(desk):
    desk.write("hello/there.fi.md", "---\nby: sms\n---\nHei Ana, katso mitä teimme sinulle.\n")
    (found,) = desk.reviewed(consented=("hello/there",))
    assert (found.code, found.severity) == ("J425", "warning")


def test_the_end_counts_in_the_length(desk):
    desk.write("hello/there.md", f"---\nby: sms\n---\n{'x' * 440}\n")
    assert desk.reviewed() == []
    (found,) = desk.reviewed(consented=("hello/there",))
    assert found.code == "J424"
    assert "4 parts" in found.message


def test_blanks_that_make_a_text_dear_become_ordinary(desk):
    assert said(desk, "That is {{ 24.5 | money }}\u00a0now.", topic="service").isascii() is False
    text = said(desk, "Price\u00a0now:\u202f5", topic="service")
    assert text == "Price now: 5\n"


def test_contrast_is_that_of_the_standard():
    assert contrast(colour("black"), colour("#fff")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("white")) == pytest.approx(4.48, abs=0.01)
    assert colour("rgb(1,2,3)") is None
