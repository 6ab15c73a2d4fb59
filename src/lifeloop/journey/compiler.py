"""From the spec to the plan: everything that can be decided before anybody enters is decided here, once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lifeloop.journey.catalogue import Catalogue, Library
from lifeloop.journey.compiler_graph import Layout
from lifeloop.journey.compiler_names import name_steps, remembered_by
from lifeloop.journey.compiler_policy import resolve_policy
from lifeloop.journey.compiler_reads import anchors_of, conditions_of, reads_of
from lifeloop.journey.condition import ALWAYS, Condition, DataName
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.plan import Json, Node, NodeId, OnEvent, OnMoment, Plan, Send, StopRule, WaitFor
from lifeloop.journey.plan_json import with_digest
from lifeloop.journey.spec import AnyStep, AskStep, CallStep, JourneySpec, SendStep

GOAL_REACHED = "goal reached"
_JINJA = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_NAME = re.compile(r"(?<![\w.\"'])([A-Za-z_]\w*)(?=\s*\.)|(?<![\w.\"'])([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan, and where in the file each of its nodes comes from."""

    plan: Plan
    places: Mapping[NodeId, Place]


def compile_journey(spec: JourneySpec, catalogue: Catalogue, library: Library) -> Compiled:
    """Return the plan of a journey whose spec has no errors."""
    remembered = remembered_by(spec)
    layout = Layout(
        names=name_steps(spec),
        policy_of=lambda step: resolve_policy(step, spec.delivery, catalogue, spec.phase),
        channels_of=lambda step: step.by or (_channel(step.message, library),),
        uses_of=lambda step: _uses(step, library, catalogue, remembered),
    )
    first, ahead = layout.lay(spec.steps)
    stops = tuple(_stop_rules(spec, layout))
    plan = _plan(spec, catalogue, library, tuple(layout.nodes), stops)
    return Compiled(with_digest(replace(plan, first=first, ahead=ahead)), layout.places)


def _plan(
    spec: JourneySpec, catalogue: Catalogue, library: Library, nodes: tuple[Node, ...], stops: tuple[StopRule, ...]
) -> Plan:
    audience = spec.audience.tree if spec.audience else ALWAYS
    goal = spec.goal.tree if spec.goal else None
    ending = reads_of((*(rule.when for rule in stops), *((goal,) if goal else ())), catalogue)
    asked = reads_of(_asked(spec, audience, nodes, stops, goal), catalogue)
    waited = (node.event for node in nodes if isinstance(node, WaitFor))
    return Plan(
        journey=spec.name,
        digest="",
        name=spec.title,
        phase=spec.phase,
        triggers=tuple(start.trigger for start in spec.starts),
        nodes=nodes,
        first=None,
        audience=audience,
        again=spec.again,
        stops=stops,
        goal=goal,
        timezone=spec.delivery.timezone or catalogue.delivery.timezone or "customer",
        project_timezone=catalogue.timezone,
        country=catalogue.country,
        grace=catalogue.grace,
        object=spec.object,
        values={**catalogue.values, **spec.values},
        listens=_each((*waited, *ending.events)),
        watches=_live((*anchors_of(nodes), *ending.names), catalogue),
        history=asked.events,
        segments=asked.segments,
        objects=asked.objects,
        templates=_templates(nodes, library),
        renamed=spec.renamed,
    )


def _stop_rules(spec: JourneySpec, layout: Layout) -> Iterator[StopRule]:
    for written in spec.stops:
        then, _ = layout.lay(written.then)
        if written.when:
            yield StopRule(written.when.tree, written.when.text, then)
        elif spec.goal:
            yield StopRule(spec.goal.tree, GOAL_REACHED, then)


def _asked(
    spec: JourneySpec, audience: Condition, nodes: tuple[Node, ...], stops: tuple[StopRule, ...], goal: Condition | None
) -> Iterator[Condition]:
    yield audience
    for start in spec.starts:
        if isinstance(start.trigger, OnEvent | OnMoment):
            yield start.trigger.where
    yield from conditions_of(nodes)
    yield from (rule.when for rule in stops)
    if goal:
        yield goal


def _templates(nodes: Iterable[Node], library: Library) -> Mapping[str, str]:
    sends = sorted({node.message for node in nodes if isinstance(node, Send)})
    return {name: library[name].digest for name in sends if name in library}


def _live(names: Iterable[DataName], catalogue: Catalogue) -> tuple[DataName, ...]:
    """Keep what can change while a run waits: the record and its things; ``start``, ``event`` and values cannot."""
    return tuple(dict.fromkeys(name for name in names if name.root == "customer" or name.root in catalogue.objects))


def _channel(message: str, library: Library) -> str:
    return library[message].channel if message in library else "email"


def _uses(step: AnyStep, library: Library, catalogue: Catalogue, remembered: frozenset[str]) -> tuple[str, ...]:
    """Return the roots of the data that a step's texts read; a bare word that is remembered reads ``journey``."""
    known = {"customer", "event", "start", "journey", "values", *catalogue.objects}
    match step:
        case SendStep():
            info = library.get(step.message)
            read = {*(info.uses if info else ()), *_read_by(step.args), *_read_by(step.subject)}
            read -= set(step.args)
        case CallStep():
            read = set(_read_by(step.args))
        case AskStep():
            read = set(_read_by(step.question))
        case _:
            read = set()
    roots = {name.split(".", 1)[0] for name in read}
    if roots & remembered:
        roots.add("journey")
    return tuple(sorted(roots & known))


def _read_by(value: Json | Mapping[str, Json]) -> Iterator[str]:
    """Yield the words that templates inside a value read; too many rather than too few."""
    if isinstance(value, str):
        for inside in _JINJA.finditer(value):
            yield from (found[1] or found[2] for found in _NAME.finditer(inside[1] or inside[2] or ""))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _read_by(part)
    elif isinstance(value, list):
        for part in value:
            yield from _read_by(part)


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
