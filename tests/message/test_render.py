"""One rendering per part; what customers tell us is data (S-07)."""

import pytest

from lifeloop.message.errors import BrokenTemplateError, RenderProblemError, UnknownMessageError
from lifeloop.message.render import Reader

NOW = 1_780_300_800  # Mon 1 June 2026, 08:00 UTC
HOSTILE = "{{7*7}} {% for x in y %} <script>alert(1)</script> *stars* _lines_ [a](b) `c` # | & \" '"


def named(name, **more):
    return {"customer": {"first_name": name, **more}}


def test_a_message_has_subject_preheader_html_text_and_sender(desk):
    out = desk.render(
        "Dear {{ customer.first_name }},\n\nsee [the offer]({{ link('offer') }}){.button}",
        subject="For {{ customer.first_name }}",
        preheader="Only today",
        **{"from": "noor"},
    )

    assert (out.subject, out.preheader, out.locale, out.channel) == ("For Ana", "Only today", "en", "email")
    assert "<p>Dear Ana,</p>" in out.html
    address = (
        "https://www.example.com/offer?utm_source=lifeloop&utm_medium=email&utm_campaign=hello&utm_content=hello-there"
    )
    assert out.text.startswith(f"Dear Ana,\n\nsee the offer: {address}\n")
    assert out.links == (address,)
    assert out.sender.name == "noor"
    assert out.size == len(out.html.encode())


def test_what_a_customer_tells_us_is_never_read_as_jinja_markdown_or_html(desk):
    out = desk.render("# Hi {{ customer.first_name }}", subject="For {{ customer.first_name }}", context=named(HOSTILE))

    assert out.subject == f"For {HOSTILE}"
    assert out.text == f"Hi {HOSTILE}\n"
    assert "<script>" not in out.html
    shown = out.html.partition("<h1>")[2].partition("</h1>")[0]
    for there in ("{{7*7}}", "{% for x in y %}", "*stars*", "_lines_", "[a](b)", "`c`", "&lt;script&gt;"):
        assert there in shown
    for gone in ("<em>", "<a ", "<code>", "49"):
        assert gone not in shown


def test_a_hostile_value_stays_inside_its_attribute(desk):
    out = desk.render(
        '![{{ customer.first_name }}](https://example.com/a.png)\n\n<p title="{{ customer.first_name }}">x</p>',
        context=named('" onerror="alert(1)'),
    )

    assert 'onerror="' not in out.html.replace("&quot; onerror=&quot;", "")


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("https://example.com/a?b=1&c=2", "https://example.com/a?b=1&c=2"),
        ("mailto:ana@example.com", "mailto:ana@example.com"),
        ("tel:+31612345678", "tel:+31612345678"),
        ("javascript:alert(1)", "#"),
        (" JavaScript:alert(1)", "#"),
        ("java\nscript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("//example.com", "#"),
        ("vbscript:x", "#"),
        ("https:///x", "#"),
        ("https://example.com/\r\nBcc: x", "#"),
    ],
)
def test_an_address_from_data_leads_to_harmless_places_only(desk, address, leads_to):
    for body in (
        "[site]({{ customer.site }})",
        '<a href="{{ customer.site }}">site</a>',
        "<a href='{{ customer.site }}'>x</a>",
    ):
        assert desk.render(body, context=named("Ana", site=address)).links == (leads_to,)
        assert "script:" not in desk.render(body, context=named("Ana", site=address)).text


def test_a_line_break_in_a_name_makes_no_second_header(desk):
    out = desk.render("x", subject="Hi {{ customer.first_name }}", context=named("Ana\r\nBcc: eve@example.com"))

    assert out.subject == "Hi Ana Bcc: eve@example.com"


@pytest.mark.parametrize("control", ["\0", "\x1b", "\x7f", "\x9f"])
def test_a_control_character_in_a_subject_is_refused(desk, control):
    with pytest.raises(RenderProblemError, match="control character"):
        desk.render("x", subject="Hi {{ customer.first_name }}", context=named(f"A{control}na"))


@pytest.mark.parametrize("name", ["Zoë Müller-Öztürk", "👩‍👩‍👧 Ana 🎉", "אביגיל", "محمد", 'O\'Neill "Bo"', "株式会社"])
def test_every_script_arrives_as_it_was_written(desk, name):
    out = desk.render("Dag {{ customer.first_name }}", subject="{{ customer.first_name }}", context=named(name))

    assert out.subject == name
    assert name in out.text
    assert name.replace("'", "&#39;").replace('"', "&#34;") in out.html


def test_a_right_to_left_language_is_set_right_to_left(desk):
    desk.message("Hello")
    desk.message("שלום", name="hello/there.he.md")

    assert '<html lang="he" dir="rtl">' in desk.render(reader=Reader(locale="he-IL")).html
    assert '<html lang="en" dir="ltr">' in desk.render(reader=Reader(locale="en")).html


def test_missing_data_names_file_and_line_and_never_the_customer(desk):
    with pytest.raises(RenderProblemError) as caught:
        desk.render("Dear {{ customer.first_name }},\n\n{% if 1 %}\ncall {{ customer.phone }}\n{% endif %}")

    problem = caught.value
    assert (problem.place.file, problem.place.line, problem.place.column) == ("templates/hello/there.md", 7, 6)
    assert problem.message == "customer.phone is unknown for this customer, and the text needs it"
    assert "Ana" not in str(problem)


@pytest.mark.parametrize(
    "body",
    [
        "{{ customer.first_name | money }}",
        "{{ customer.first_name | date }}",
        "{{ customer.first_name * 3 }}",
        "{{ 1 / 0 }}",
        "{{ link(customer.first_name) }}",
    ],
)
def test_data_of_the_wrong_kind_is_a_problem_without_the_data_in_it(desk, body):
    with pytest.raises(RenderProblemError) as caught:
        desk.render(f"one\n\n{body}", context=named("Anastasia Romanova"))

    assert caught.value.place.line == 6
    assert "Anastasia" not in str(caught.value)


def test_a_broken_file_is_refused_with_its_diagnostics(desk):
    with pytest.raises(BrokenTemplateError, match="never closed") as caught:
        desk.render("{% if customer.plan %}")

    assert caught.value.diagnostics[0].code == "J404"


def test_an_unknown_message_is_refused(desk):
    with pytest.raises(UnknownMessageError, match="hello/nobody"):
        desk.render(name="hello/nobody")


def test_a_step_may_give_words_of_its_own(desk):
    out = desk.render(
        "Chapter {{ chapter }}, {{ offer }}, {{ values.gift }}, {{ values.offer }}",
        context={"journey": {"offer": "10%", "round": 2}, "values": {"offer": "15%"}},
        said={"args": {"chapter": "{{ round }}"}, "subject": "Number {{ chapter }}", "sender": "noor"},
    )

    assert out.text == "Chapter 2, 10%, 25, 15%\n"
    assert (out.subject, out.sender.name) == ("Number 2", "noor")


def test_a_step_cannot_reach_what_is_ours(desk):
    out = desk.render("{{ customer.yearly_value }}", context=named("A", yearly_value=5), said={"args": {"_here": 1}})

    assert "5" in out.text


def test_money_and_dates_are_written_for_the_reader(desk):
    body = "{{ customer.contract_end }}, {{ customer.yearly_value }}, {{ customer.contract_end | default('soon') }}"
    desk.message(body)
    desk.message(body, name="hello/there.nl.md")
    known = named("Ana", contract_end="2026-06-30", yearly_value=1240.5)

    assert desk.render(context=known, reader=Reader(locale="en-US")).text == "June 30, 2026, €1,240.50, June 30, 2026\n"
    assert desk.render(context=known, reader=Reader(locale="nl-BE")).text.startswith("30 juni 2026, €\xa01.240,50")
    assert (
        desk.render(
            context=named("Ana", yearly_value=3, contract_end=None),
            body="{{ customer.contract_end | default('soon') }}",
        ).text
        == "soon\n"
    )


def test_the_journey_clock_shows_the_readers_time(desk):
    body = "{{ now | time }} {{ now | date }} {{ now.year }}"
    lisbon = desk.render(body, reader=Reader(now=NOW, zone="Europe/Lisbon", locale="en-GB"))
    auckland = desk.render(body, reader=Reader(now=NOW + 6 * 3600, zone="Pacific/Auckland", locale="en-GB"))
    customers = desk.render(body, context=named("A", timezone="Asia/Tokyo"), reader=Reader(now=NOW, locale="en-GB"))
    nowhere = desk.render(body, reader=Reader(now=NOW, zone="Mars/Base", locale="en-GB"))

    assert lisbon.text == "09:00 1 June 2026 2026\n"
    assert auckland.text == "02:00 2 June 2026 2026\n"
    assert customers.text.startswith("17:00")
    assert nowhere.text.startswith("08:00")


def test_leaving_is_offered_for_consent_and_not_for_contracts(desk):
    reader = Reader(now=NOW, unsubscribe_url="https://example.com/u/1", preferences_url="https://example.com/p/1")
    story = desk.render("Hi", reader=reader, said={"topic": "stories"})
    service = desk.render("Hi", reader=reader, said={"topic": "service"})

    assert story.unsubscribe_url == "https://example.com/u/1"
    assert "https://example.com/u/1" in story.links
    assert "https://example.com/u/1" in story.text
    assert service.unsubscribe_url is None
    assert "/u/1" not in service.html + service.text


def test_a_text_message_is_text_alone(desk):
    out = desk.render("Hi **{{ customer.first_name }}**, see {{ link('offer') }}", subject="", by="sms")

    assert (out.html, out.subject, out.channel) == (None, "", "sms")
    assert out.text.startswith("Hi Ana, see https://www.example.com/offer?utm_source=lifeloop&utm_medium=sms")


def test_the_same_data_give_the_same_bytes(desk):
    body = "{{ customer.first_name }} {{ now | time }} [a]({{ link('offer', campaign='x', order=1) }})"

    assert desk.render(body) == desk.render(body)


def test_short_texts_of_steps_are_filled_in_by_the_same_rules(desk):
    renderer = desk.renderer()
    context = {"customer": named("Ana <b>")["customer"], "values": {"offer": "15%"}}

    assert (
        renderer.render_text("Offer {{ values.offer }} to {{ customer.first_name }}?", context)
        == "Offer 15% to Ana <b>?"
    )
    args = {
        "title": "{{ customer.first_name }}",
        "due": "today",
        "deep": [{"a": "{{ values.offer }}"}],
        "n": 3,
        "x": None,
    }
    assert renderer.render_args(args, context) == {
        "title": "Ana <b>",
        "due": "today",
        "deep": [{"a": "15%"}],
        "n": 3,
        "x": None,
    }
    for bad in ("{{ customer.phone }}", "{{ ''.__class__ }}", "{% if %}", "{{ 'a' * 99 }}", "{% include 'x' %}"):
        with pytest.raises(RenderProblemError):
            renderer.render_text(bad, context)


def test_a_printed_message_shows_nobodys_data(desk):
    assert "Ana" not in repr(desk.render("Hi {{ customer.first_name }}", subject="{{ customer.first_name }}"))


@pytest.mark.parametrize("part", ["brand.html", "brand.txt", "words.yaml"])
def test_a_broken_layout_is_a_mistake_with_a_place_and_no_crash(desk, part):
    texts = {"brand.html": "{{ content }}{{ words.bye }}", "brand.txt": "{{ content }}", "words.yaml": "en: {bye: Bye}"}
    texts[part] += " {% include 'x' %}" if part != "words.yaml" else "\nnl: {bye: x}\n"
    texts["words.yaml"] = texts["words.yaml"].replace("Bye", '"{% include 1 %}"' if part == "words.yaml" else "Bye")
    for name, text in texts.items():
        desk.write(f"_layouts/{name}", text)

    with pytest.raises(BrokenTemplateError) as caught:
        desk.render("Hello")

    assert caught.value.diagnostics[0].code == "J405"
    assert caught.value.diagnostics[0].place.file == f"templates/_layouts/{part}"
