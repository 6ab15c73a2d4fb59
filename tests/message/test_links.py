import pytest

from lifeloop.message.links import Link, LinkProblemError, safe_address

SOURCE = "utm_source=lifeloop&utm_medium=email&utm_campaign=renewal&utm_content=renewal-offer"
link = Link(
    {"website": "https://www.example.com/", "next_year_url": "https://shop.example.com/y?a=1#top"}, "renewal/offer"
)


def test_a_name_becomes_an_address_of_the_company():
    assert link("offer") == f"https://www.example.com/offer?{SOURCE}"
    assert link("offer") == link("offer")


def test_a_step_may_name_its_campaign_and_add_to_the_address():
    address = link("survey", campaign="spring", order="A 1&2")

    assert address.startswith("https://www.example.com/survey?order=A+1%262&utm_source=lifeloop")
    assert "utm_campaign=spring" in address


def test_a_name_may_have_an_address_of_its_own():
    assert link("next-year") == f"https://shop.example.com/y?a=1&{SOURCE}#top"


def test_what_is_in_an_address_already_is_left_alone():
    assert link("https://a.example/x?utm_source=mine").count("utm_source") == 1
    assert link("mailto:a@example.com") == "mailto:a@example.com"


@pytest.mark.parametrize("name", ["", "..", "../x", "a b", "javascript:x", "//evil.example"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(LinkProblemError):
        link(name)


@pytest.mark.parametrize("address", ["ftp://a", "file:///etc/passwd", "", "#", "https://", "tel:abc", "\x01https://a"])
def test_only_harmless_addresses_pass(address):
    assert safe_address(address) == "#"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[a]()", "leads nowhere"),
        ("[a](#)", "leads nowhere"),
        ("[a](next-year)", "cannot lead to"),
        ("[a](ftp://x.example/{{ customer.plan }})", "cannot lead to"),
        ('<a href="javascript:x">a</a>', "cannot lead to"),
        ("[a](javascript:x)", "run a script"),
        ("[a]({% if 1 %}{{ customer.site }}{% endif %})", "around the whole link"),
    ],
)
def test_a_link_that_leads_nowhere_is_found_with_its_line(desk, body, words):
    (found,) = desk.reviewed(f"one\n\n{body}")

    assert (found.code, found.place.line) == ("J407", 6)
    assert words in found.message


def test_good_links_pass(desk):
    assert (
        desk.reviewed(
            "[a](https://example.com/{{ customer.plan }}) [b](tel:+31) [c]({{ link('x') }}) [d](mailto:a@b.example)"
        )
        == []
    )
