import pytest

from lifeloop.message.library import read_library


def info(desk, body, **head):
    desk.message(body, **head)
    return read_library(desk.templates, desk.catalogue)[0]["hello/there"]


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("customer.frist_name", "customer.first_name"),
        ("custmer.first_name", "customer.first_name"),
        ("event.scor", "event.score"),
        ("contract.end", "contract.ends"),
        ("company.nam", "company.name"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(desk, wrong, near):
    (found,) = desk.problems(f"Hi {{{{ {wrong} }}}}")

    assert found.code == "J123"
    assert found.message == f"{wrong} is not in the catalogue"
    assert found.label == f"did you mean {near}?"
    assert (found.place.line, found.place.column, found.place.end_column) == (4, 7, 7 + len(wrong))


@pytest.mark.parametrize(
    "body",
    [
        '{{ customer.phone | default("none") }}',
        "{% if customer.phone %}{{ customer.phone }}{% endif %}",
        "{% if not customer.phone %}none{% else %}{{ customer.phone }}{% endif %}",
        '{% if customer.phone == "1" or not customer.phone %}{% else %}{{ customer.phone }}{% endif %}',
        "{% if customer.phone and customer.first_name %}{{ customer.phone }}{% endif %}",
        "{% if customer.phone is defined %}{{ customer.phone }}{% endif %}",
        '{{ customer.phone if customer.phone else "none" }}',
        '{{ customer.phone or "none" }}',
        '{% if customer.phone == "1" %}{{ customer.phone }}{% endif %}',
    ],
)
def test_a_text_that_can_do_without_is_left_alone(desk, body):
    assert desk.codes(body) == []
    assert "customer.phone" in info(desk, body).spared


@pytest.mark.parametrize(
    "body",
    [
        "{{ customer.phone }}",
        "{{ customer.phone | upper }}",
        '{{ customer.phone | upper | default("none") }}',
        "{% if customer.first_name %}{{ customer.phone }}{% endif %}",
        "{% if customer.phone or customer.first_name %}{{ customer.phone }}{% endif %}",
        "{% if customer.phone %}{% else %}{{ customer.phone }}{% endif %}",
        "{{ 'call ' ~ customer.phone }}",
        "{% for digit in customer.phone %}{{ digit }}{% endfor %}",
        "{{ event.comment }}",
        "{{ contract.ends | date }}",
    ],
)
def test_data_that_may_be_missing_needs_a_default(desk, body):
    (found,) = desk.problems(body)

    assert (found.code, found.severity) == ("J131", "warning")
    assert "default(" in found.label
    assert not {"customer.phone", "event.comment", "contract.ends"} & set(info(desk, body).spared)


def test_a_library_tells_what_the_texts_read_over_all_languages(desk):
    desk.message("{{ customer.first_name }} {{ offer }}", name="hello/there.md")
    desk.message("{{ customer.first_name }} {{ event.score }} {{ values.gift }}", name="hello/there.nl.md")

    found = read_library(desk.templates, desk.catalogue)[0]["hello/there"]

    assert set(found.uses) == {"customer.first_name", "offer", "event.score", "values.gift"}
    assert found.locales == ("en", "nl")


def test_a_texts_own_variables_are_not_data(desk):
    body = "{% set kind = customer.plan %}{{ kind }}"
    body += "{% for one in event.products %}{{ loop.index }}{{ one.name }}{% endfor %}"

    assert info(desk, body).uses == ("customer.plan", "event.products")


def test_a_name_spared_in_one_language_only_is_needed(desk):
    desk.message('{{ offer | default("") }}', name="hello/there.md")
    desk.message("{{ offer }}", name="hello/there.nl.md")

    assert read_library(desk.templates, desk.catalogue)[0]["hello/there"].spared == ()
