import pytest

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.person import Person
from lifeloop.message.errors import UnknownMessageError
from lifeloop.message.preview import preview
from lifeloop.message.samples import sample_value

NOW = 1_780_300_800
ANA = Person(
    "ana", {"first_name": "Ana", "locale": "nl-BE"}, {"contract": ({"contract_id": "C-1", "ends": "2026-06-30"},)}
)


def shown(desk, body, person=ANA, **more):
    desk.message(body, **more.pop("head", {}))
    return preview(desk.renderer(), "hello/there", person=person, at=NOW, **more)


def test_a_preview_shows_the_message_as_one_person_gets_it(desk):
    seen = shown(desk, "Hi {{ customer.first_name }}, until {{ contract.ends }}. [Go]({{ link('offer') }})")

    assert "Hi Ana, until 30 June 2026." in seen.rendered.text
    assert (seen.as_person, seen.file, seen.made_up) == ("ana", "templates/hello/there.md", ())
    assert seen.links[0].startswith("https://www.example.com/offer?utm_source")
    assert {check.name for check in seen.checks} >= {"size", "links", "unsubscribe", "contrast"}


def test_what_nobody_has_yet_is_made_up_and_said(desk):
    body = "{{ event.score | number }} {{ event.comment | default('') }} {{ offer }} {{ values.gift }}"
    seen = shown(desk, f"{body} {{{{ journey.gain | money }}}}")

    assert set(seen.made_up) == {"event.score", "event.comment", "offer", "journey.gain"}
    assert "10%" in seen.rendered.text
    assert seen == shown(desk, f"{body} {{{{ journey.gain | money }}}}")


def test_what_is_given_wins_over_what_is_made_up(desk):
    seen = shown(desk, "{{ event.score }} {{ chapter }}", context={"event": {"score": 3}}, args={"chapter": 7})

    assert seen.rendered.text.startswith("3 7\n")
    assert seen.made_up == ()


def test_what_a_customer_lacks_stays_missing_when_the_text_can_do_without(desk):
    seen = shown(desk, "{% if customer.phone %}call{% else %}write{% endif %}")

    assert seen.rendered.text.startswith("write")


def test_locales_that_other_messages_have_are_missing_here(desk):
    desk.message("Hallo", name="hello/other.nl.md")
    desk.message("Hello", name="hello/other.md")

    assert shown(desk, "Hello").missing == {"nl": "templates/hello/there.md"}


def test_a_preview_works_without_a_person(desk):
    assert "Hi Robin" in shown(desk, "Hi {{ customer.first_name }}", person=None).rendered.text


def test_an_unknown_message_has_no_preview(desk):
    desk.message("x")
    with pytest.raises(UnknownMessageError):
        preview(desk.renderer(), "hello/nobody", person=None, at=NOW)


@pytest.mark.parametrize(
    ("attribute", "fits"),
    [
        (Attribute("plan", choices=("free", "plus")), lambda value: value in {"free", "plus"}),
        (Attribute("score", "number", low=0, high=10), lambda value: 0 <= value <= 10),
        (Attribute("total", "money"), lambda value: value > 0),
        (Attribute("ends", "date"), lambda value: "2026-06-1" <= value <= "2026-08-20"),
        (Attribute("at", "datetime"), lambda value: value.endswith("10:00:00+00:00")),
        (Attribute("ok", "boolean"), lambda value: value is True),
        (Attribute("mail", "email"), lambda value: value.endswith("@example.com")),
        (Attribute("phone", "phone"), lambda value: value.startswith("+31")),
        (Attribute("notice", "length"), lambda value: value == "1 month"),
        (Attribute("order_id"), lambda value: value[:2] == "O-"),
        (Attribute("first_name"), lambda value: value == "Robin"),
    ],
)
def test_made_up_data_fit_their_type_and_never_change(attribute, fits):
    assert fits(sample_value(attribute, NOW))
    assert sample_value(attribute, NOW) == sample_value(attribute, NOW)
