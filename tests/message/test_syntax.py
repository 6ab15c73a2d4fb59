import pytest


def only(problems):
    (found,) = problems
    return found


@pytest.mark.parametrize(
    ("body", "column", "words"),
    [
        ("Hi {{ customer.first_name", 4, "opened here and never closed"),
        ('Hi {{ "open }} and more', 4, "opened here and never closed"),
        ("{% if customer.plan %}yes", 1, "this {% if %} is never closed"),
        ("a {% endif %}", 3, "closes nothing"),
        ("{% for x in event.products %}{% endif %}{% endfor %}", 30, "closes nothing"),
        ("a {% elseif x %}", 6, "there is no {% elseif %}"),
        ("Hi {{ first name }}", 4, "I cannot read"),
        ("Hi {{ customer. }}", 4, "I cannot read"),
        ("Hi {{ }}", 4, "I cannot read"),
        ("{{ customer.first_name | mony }}", 26, 'there is no filter "mony"'),
    ],
)
def test_a_mistake_between_braces_has_line_column_and_plain_words(desk, body, column, words):
    found = desk.problems(f"\nfirst line\n\n{body}")[0]

    assert found.code in {"J404", "J405"}
    assert words in found.message
    assert (found.place.file, found.place.line, found.place.column) == ("templates/hello/there.md", 7, column)


def test_nobody_is_shown_the_words_of_a_grammar(desk):
    bodies = [
        "{{ a b }}",
        "{{ a. }}",
        "{{ | }}",
        "{% if %}{% endif %}",
        "{% for x %}{% endfor %}",
        "{{ a | }}",
        "{{ (a }}",
    ]
    for body in bodies:
        for found in desk.problems(body):
            shown = f"{found.message} {found.label}"
            assert not any(word in shown for word in ("token", "str", "None", "dict", "Expected", "lexer"))


def test_the_nearest_filter_is_offered(desk):
    found = only(desk.problems("{{ customer.yearly_value | mony }}"))

    assert [suggestion.text for suggestion in found.suggestions] == ["money"]


def test_all_mistakes_of_a_file_come_at_once(desk):
    assert desk.codes("{{ }}\n\n{% include 'x' %}\n\n{{ customer.frist_name }}\n\n{% if 1 %}") == [
        "J404",
        "J405",
        "J123",
        "J404",
    ]


def test_a_mistake_in_the_head_is_found_there(desk):
    found = only(desk.problems("Hello", subject="Hi {{ customer.frist_name }}"))

    assert (found.code, found.place.line, found.place.column) == ("J123", 2, 17)


def test_a_broken_block_does_not_hide_what_is_inside_it(desk):
    assert desk.codes("{% if a b %}{{ customer.frist_name }}{% endif %}") == ["J404", "J123"]
