"""S-01 to S-05: what a template may never do. Each wall is tried alone, so that taking one away is noticed."""

import time

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from lifeloop.message import allowed
from lifeloop.message import sandbox as room
from lifeloop.message.errors import RenderProblemError
from lifeloop.message.here import Here
from lifeloop.message.limits import LARGEST_OUTPUT, MOST_ROUNDS, Budget, TooMuchError
from lifeloop.message.sandbox import EXPRESSION, STATEMENT, require_safe_jinja, sandbox

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''|attr('__class__') }}",
    "{{ ('{0.__class__}'|attr('format'))(1) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__init__ }}",
    "{{ [1]|map(attribute='__class__')|list }}",
    "{{ [1]|map('upper')|list }}",
    "{{ link.__call__ }}",
    "{{ customer['__class__'] }}",
    "{{ loop.__class__ }}",
]
FORBIDDEN = [
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% include 'x' %}",
    "{% include customer.plan %}",
    "{% extends customer.plan %}",
    "{% macro a() %}{% endmacro %}",
    "{% autoescape false %}x{% endautoescape %}",
    "{{ 'a'|attr('b') }}",
    "{{ '%s'|format(1) }}",
    "{{ {}|xmlattr }}",
    "{{ 'a'|center(10000000) }}",
    "{{ 'a'|indent(10000000) }}",
    "{{ 'abc'|batch(2)|list }}",
    "{{ lipsum(n=200000) }}",
    "{{ cycler('a') }}",
    "{{ namespace(a=1) }}",
    "{{ range(10)|list }}",
    "{{ dict(a=1) }}",
    "{{ 10 ** 10000000 }}",
    "{{ customer.first_name.upper() }}",
    "{{ customer.first_name | safe }}",
    "{{ customer.first_name | pprint }}",
    "{{ customer.first_name[0:2] }}",
    "{{ customer[event.score] }}",
    "{{ _budget }}",
    "{{ [1] | counted }}",
]
NOT_THERE = ["{{ env('HOME') }}", "{{ open('/etc/hostname') }}", "{{ url_for('x') }}", "{{ config('x') }}"]


def run(source, **values):
    for plain, private in zip(("{{", "}}", "{%", "%}"), (*EXPRESSION, *STATEMENT), strict=True):
        source = source.replace(plain, private)
    return sandbox().from_string(source).render(_here=Here(), _budget=Budget(), **values)


@pytest.mark.parametrize("attack", [*ESCAPES, *FORBIDDEN, *NOT_THERE, "{% raw %}{{ x }}{% endraw %}"])
def test_an_escape_is_refused_when_the_file_is_read_with_its_line(desk, attack):
    found = desk.problems(f"fine\n\n{attack}")

    assert found, attack
    assert {problem.severity for problem in found if problem.code != "J131"} == {"error"}
    assert {problem.place.line for problem in found} == {6}


@pytest.mark.parametrize("attack", [*ESCAPES, *FORBIDDEN, *NOT_THERE])
def test_an_escape_does_not_compile_even_when_nobody_read_the_file(attack):
    with pytest.raises(Exception, match=r".") as caught:
        run(attack, customer={"first_name": "Ana", "plan": "x"}, event={"score": 1})

    assert not isinstance(caught.value, AssertionError)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__ }}",
        "{{ customer.__class__ }}",
        "{{ [1] | map(attribute='__class__') | join }}",
        "{{ link.__init__ }}",
        "{{ customer['__class__'] }}",
    ],
)
def test_names_lead_to_data_and_nowhere_else_even_without_the_allow_list(monkeypatch, attack):
    monkeypatch.setattr(room, "refusals", lambda _tree: ())

    with pytest.raises((SecurityError, UndefinedError)):
        run(attack, customer={"a": 1}, link=object())


def test_nothing_but_link_is_called_even_without_the_allow_list(monkeypatch):
    monkeypatch.setattr(room, "refusals", lambda _tree: ())

    with pytest.raises(SecurityError):
        run("{{ take() }}", take=lambda: "the till")


def test_a_records_own_word_wins_over_the_methods_of_a_record():
    assert run("{{ order.items }} {{ order.keys }}", order={"items": 3, "keys": "two"}) == "3 two"


@pytest.mark.parametrize(
    "attack",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'aaaaaaaaaa' | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaa') | replace('a', big) | replace('a', big) }}",
        "{{ many | join(big) }}",
        "{% for a in many %}{% for b in many %}{% for c in many %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% set b = big ~ big %}" + "".join("{% set b = b ~ b %}" for _ in range(40)) + "{{ b }}",
        "{% set b = big + big %}" + "".join("{% set b = b + b %}" for _ in range(40)) + "{{ b }}",
    ],
)
def test_a_text_that_would_run_away_is_stopped_at_once(attack):
    began = time.process_time()

    with pytest.raises((TooMuchError, SecurityError)):
        run(attack, big="a" * 500, many=list(range(300)))

    assert time.process_time() - began < 2


def test_the_loops_of_one_message_share_their_rounds(desk):
    body = "{% for a in event.products %}{% for b in event.products %}x{% endfor %}{% endfor %}"

    desk.render(body, context={"event": {"products": list(range(90))}})
    with pytest.raises(RenderProblemError, match=f"{MOST_ROUNDS:,}"):
        desk.render(context={"event": {"products": list(range(110))}})


def test_a_message_of_more_than_half_a_megabyte_is_refused(desk):
    body = "{% for a in event.products %}{{ customer.first_name }}{% endfor %}"
    long = {"customer": {"first_name": "a" * 1000}, "event": {"products": list(range(LARGEST_OUTPUT // 1000 + 1))}}

    with pytest.raises(RenderProblemError, match="larger than 512 kB"):
        desk.render(body, context=long)


def test_the_allow_list_names_every_filter_it_lets_through():
    assert not {"safe", "attr", "format", "xmlattr", "tojson", "random", "pprint"} & set(allowed.FILTERS)
    assert set(sandbox().filters) - set(allowed.FILTERS) == {"counted", "joined", "listed"}
    assert sandbox().globals == {}


@pytest.mark.parametrize("version", ["3.1.5", "3.0.9", "2.11.3"])
def test_an_old_jinja_is_refused_at_the_start(version, monkeypatch):
    with pytest.raises(RuntimeError, match=r"3\.1\.6 or newer"):
        require_safe_jinja(version)
    monkeypatch.setattr(room.jinja2, "__version__", version)
    with pytest.raises(RuntimeError):
        sandbox()


def test_the_jinja_we_run_on_is_good_enough():
    require_safe_jinja("3.1.6")
    require_safe_jinja("3.2.0")


def test_styles_are_never_fetched_from_the_network_or_a_file(desk, tmp_path):
    (tmp_path / "secret.css").write_text("p { color: red }")
    desk.write(
        "_layouts/brand.html",
        f'<html><head><link rel="stylesheet" href="file://{tmp_path}/secret.css"></head>'
        "<body>{{ content }}</body></html>",
    )

    assert "red" not in desk.render("Hello").html


def test_unknown_data_is_false_to_ask_about_and_an_error_to_write():
    assert run("{% if a.b %}x{% endif %}{% if a.b == 1 %}x{% endif %}{% if a.b != 1 %}x{% endif %}", a={}) == ""
    assert run("{% if a.b > 1 or a.b < 1 or 1 in a.b %}x{% endif %}{{ a.b.c | default('none') }}", a={}) == "none"
    for text in (
        "{{ a.b }}",
        "{{ a.b + 1 }}",
        "{{ a.b ~ 'x' }}",
        "{{ a.b | upper }}",
        "{% for x in a.b %}{% endfor %}",
    ):
        with pytest.raises(UndefinedError):
            run(text, a={"b": None})
