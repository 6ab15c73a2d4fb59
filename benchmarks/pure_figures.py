"""What needs no database: the engine, conditions, rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment
from jinja2.sandbox import SandboxedEnvironment
from measure import Figure, cpu_seconds, paired, seconds
from measure import alone as median_of
from shop import DAY, FIRST, TOP

from lifeloop.engine.conditions import Scope, holds
from lifeloop.engine.entry import enter
from lifeloop.engine.machine import advance
from lifeloop.engine.values import Candidate, Event, Facts, State, Wake
from lifeloop.message.flatten import Workshop, flatten
from lifeloop.message.render import Reader, Renderer
from lifeloop.message.sandbox import sandbox
from lifeloop.work.project import open_project

CONDITION = (
    "customer.plan in ['plus', 'premium'] and customer.city == 'Rome' and customer.score >= 8"
    " and customer.first_name != 'Bo'"
)
CUSTOMER = {"first_name": "Ana", "email": "ana@example.com", "plan": "plus", "city": "Rome", "score": 9}
MESSAGE = "renewal/your-year-in-pictures"


def figures(project: Path, rounds: int, many: int) -> Iterator[Figure]:
    yield _engine(project, rounds, many)
    yield _condition(project, rounds, many)
    yield from _rendering(rounds, max(100, many // 20))


def _engine(project: Path, rounds: int, many: int) -> Figure:
    plan = open_project(project).journeys["steps"].plan
    assert plan is not None
    facts = Facts("ana", CUSTOMER, events=(Event(1, "order.placed", FIRST, {"total": 20}),))
    begun = enter(plan, Candidate("steps", FIRST, "event", {"total": 20}, 1), facts=facts, now=FIRST, runs=[])
    assert isinstance(begun, State)
    waiting = advance(plan, begun, Wake.START, facts=facts, now=FIRST).state

    def move() -> None:
        for _ in range(many):
            advance(plan, waiting, Wake.TIMER, facts=facts, now=FIRST + DAY)

    took = median_of(rounds, lambda: cpu_seconds(move))
    return Figure("engine: one move, CPU", "", 1e6 * took / many, "µs", goal="engine")


def _condition(project: Path, rounds: int, many: int) -> Figure:
    condition = open_project(project).catalogue.segments["good"]
    scope = Scope(ZoneInfo("UTC"), FIRST, customer=CUSTOMER)
    theirs = Environment(autoescape=True).compile_expression(CONDITION)
    assert holds(condition, scope)
    assert theirs(customer=CUSTOMER)

    def ours() -> None:
        for _ in range(many):
            holds(condition, scope)

    def reference() -> None:
        for _ in range(many // 10):
            theirs(customer=CUSTOMER)

    took, ratio = paired(rounds, lambda: seconds(ours), lambda: 10 * seconds(reference))
    return Figure(
        "condition of four comparisons", "", many / took, "/s", "Jinja2 compile_expression", ratio, "conditions"
    )


def _rendering(rounds: int, many: int) -> Iterator[Figure]:
    project = open_project(TOP)
    renderer = Renderer(TOP / "templates", project.catalogue)
    person = project.people["ana"]
    context = {"customer": person.customer, "contract": person.things["contract"][0]}
    reader = Reader(locale="en", zone="Europe/Lisbon", now=FIRST, unsubscribe_url="https://www.example.com/u?m=1")
    page = renderer.render(MESSAGE, context=context, reader=reader)
    bare = _bare(renderer, context, reader)
    assert page.html is not None
    assert len(bare()[1]) == len(page.html)

    def ours() -> None:
        for _ in range(many):
            renderer.render(MESSAGE, context=context, reader=reader)

    def reference() -> None:
        for _ in range(many):
            bare()

    took, ratio = paired(rounds, lambda: seconds(ours), lambda: seconds(reference))
    what = f"message rendered ({page.size / 1000:.0f} kB of HTML, and text)"
    yield Figure(what, "", many / took, "messages/s", "bare sandboxed Jinja2, same flat template", ratio, "render")
    yield _inlined(renderer, context, reader, rounds, many)


def _inlined(renderer: Renderer, context: dict[str, object], reader: Reader, rounds: int, many: int) -> Figure:
    """The usual way: fill the template in, then let css-inline move the styles into this page, and into the next."""
    usual = Renderer(TOP / "templates", renderer.catalogue, inline=False)
    kept, moved = (each.render(MESSAGE, context=context, reader=reader).html for each in (renderer, usual))
    assert kept is not None
    assert moved is not None
    assert kept.count("style=") == moved.count("style=")

    def times(one: Renderer) -> Callable[[], None]:
        def write() -> None:
            for _ in range(many):
                one.render(MESSAGE, context=context, reader=reader)

        return write

    took, ratio = paired(rounds, lambda: cpu_seconds(times(renderer)), lambda: cpu_seconds(times(usual)))
    what, reference = "starter mail, CSS inlined when it is compiled", "render, then css-inline per message"
    return Figure(what, "", many / took, "messages/s", reference, ratio, "inline")


def _bare(renderer: Renderer, context: dict[str, object], reader: Reader) -> Callable[[], list[str]]:
    """The same flat sources in Jinja2's own sandbox, with the values made beforehand: nothing else is left to save."""
    template = renderer.template(MESSAGE, reader.locale)
    layout = renderer._sources.layout(template)  # noqa: SLF001  # a benchmark looks behind the door
    locale = renderer.locale_of(template)
    words = renderer._sources.layouts.sentences_in(locale, "en")  # noqa: SLF001
    ours = sandbox()
    assert layout is not None
    flat = flatten(template, Workshop(ours, renderer.catalogue, layout, words, locale))
    env = SandboxedEnvironment(
        autoescape=True,
        undefined=ours.undefined,
        variable_start_string=ours.variable_start_string,
        variable_end_string=ours.variable_end_string,
        block_start_string=ours.block_start_string,
        block_end_string=ours.block_end_string,
        comment_start_string=ours.comment_start_string,
        comment_end_string=ours.comment_end_string,
    )
    env.filters.update(ours.filters)
    here = renderer._here(locale, reader, context)  # noqa: SLF001
    values = renderer._values(context, here)  # noqa: SLF001
    topic = template.said("topic") or None
    values |= renderer._addresses(topic, reader) | {"link": renderer._link(template)}  # noqa: SLF001
    values |= {"topic": topic or "", "topic_title": renderer._topic_title(topic, locale)}  # noqa: SLF001
    parts = [env.from_string(part.source) for part in (flat.subject, flat.preheader, flat.html, flat.text) if part]

    def render() -> list[str]:
        subject = parts[0].render(values)
        head = {**values, "subject": subject, "preheader": parts[1].render({**values, "subject": subject})}
        return [subject, *(part.render(head) for part in parts[2:])]

    return render
