import pytest

from lifeloop.message.markdown import to_html
from lifeloop.message.pieces import Spot, cut
from lifeloop.message.tokens import Tokens

PRODUCTS = {"event": {"products": [{"name": "A & B", "price": 3.5}, {"name": "C", "price": 4}]}}


def content(out):
    body = out.html.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    return "".join(line.strip() for line in body.splitlines())


def test_a_loop_over_the_rows_of_a_table_stays_in_the_table(desk):
    out = desk.render(
        "| what | price |\n|---|--:|\n{% for one in event.products %}\n"
        "| {{ one.name }} | {{ one.price | money }} |\n{% endfor %}\n",
        context=PRODUCTS,
    )

    assert content(out).count("<tr>") == 3
    assert content(out).count("<table") == 1
    assert "A &amp; B" in out.html
    assert out.text == "what | price\nA & B | €\xa03,50\nC | €\xa04\n"


def test_a_loop_in_a_table_of_written_html_stays_there_too(desk):
    desk.write(
        "hello/page.html",
        "---\nsubject: x\n---\n<table>{% for one in event.products %}"
        "<tr>{% if one.price < 4 %}<td>{{ one.name }}</td>{% endif %}</tr>{% endfor %}</table>",
    )
    out = desk.render(name="hello/page", context=PRODUCTS)

    assert content(out) == "<table><tbody><tr><td>A &amp; B</td></tr><tr></tr></tbody></table>"


def test_items_of_a_list_may_be_repeated_and_left_out(desk):
    body = "- first\n{% for one in event.products %}\n- {{ one.name }}\n{% endfor %}\n"
    body += "{% if customer.phone %}\n- {{ customer.phone }}\n{% endif %}\n- last\n"
    out = desk.render(body, context=PRODUCTS)

    assert content(out) == "<ul><li>first</li><li>A &amp; B</li><li>C</li><li>last</li></ul>"
    assert out.text == "- first\n- A & B\n- C\n- last\n"


def test_a_whole_list_that_is_a_loop_is_one_list(desk):
    out = desk.render(
        "Yours:\n\n{% for one in event.products %}\n1. {{ one.name }}\n{% endfor %}\n\nBye", context=PRODUCTS
    )

    assert content(out) == "<p>Yours:</p><ol><li>A &amp; B</li><li>C</li></ol><p>Bye</p>"


@pytest.mark.parametrize("plan", ["free", "plus"])
def test_a_condition_around_a_list_and_more_keeps_html_whole(desk, plan):
    body = (
        "{% if customer.plan == 'plus' %}\n- a\n\nbetween\n\n- b\n{% else %}\n| x |\n|---|\n| y |\n{% endif %}\nafter"
    )
    out = desk.render(body, context={"customer": {"first_name": "A", "plan": plan}})

    for tag in ("ul", "li", "p", "table", "tr", "td"):
        assert out.html.count(f"<{tag}>") + out.html.count(f"<{tag} ") == out.html.count(f"</{tag}>")
    assert ("between" in out.html) is (plan == "plus")
    assert ("<td>y" in out.html) is (plan == "free")
    assert out.html.count("<p>after</p>") == 1


def test_a_paragraph_that_is_one_condition_leaves_nothing_behind(desk):
    out = desk.render("a\n\n{% if customer.phone %}Call {{ customer.phone }}.{% endif %}\n\nb")

    assert content(out) == "<p>a</p><p>b</p>"
    assert out.text == "a\n\nb\n"


def test_two_conditions_in_one_paragraph_stay_in_it(desk):
    out = desk.render("{% if 1 %}a{% endif %} and {% if 0 %}b{% endif %}c")

    assert content(out) == "<p>a and c</p>"


def test_a_line_break_is_a_line_break(desk):
    assert content(desk.render("Anna\nfounder")) == "<p>Anna<br>founder</p>"


def test_a_link_alone_may_be_a_button(desk):
    out = desk.render("[Go](https://example.com/a){.button}")

    assert '<table class="button-box" role="presentation">' in out.html
    assert '<a class="button" href="https://example.com/a">Go</a>' in out.html


def test_markdown_inside_conditions_is_markdown(desk):
    assert "<strong>very</strong>" in desk.render("{% if 1 %}**very**{% endif %} *much*").html


def test_what_looks_like_our_own_words_is_left_as_it_is(desk):
    assert desk.render("qj0zx qj99zx {{ customer.first_name }}").text.endswith("qj99zx Ana\n")


def test_attributes_that_run_things_are_dropped():
    tokens = Tokens()
    html = to_html(tokens.hide(cut('[a](https://example.com){onclick=x style="y" .button}', Spot("a"))), tokens)

    assert "onclick" not in html
    assert "style" not in html
