"""Reads one journey file: from nodes to the spec, with every mistake of the file reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from lifeloop.journey.catalogue import Attribute, Delivery
from lifeloop.journey.condition import Value
from lifeloop.journey.delivery_reader import read_delivery
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.known import Known
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Again, OnEvent
from lifeloop.journey.reader_start import object_of, read_again, read_starts, read_stops
from lifeloop.journey.reader_steps import modifiers_of, read_steps
from lifeloop.journey.reader_tests import read_tests
from lifeloop.journey.reading import Reading, read_clause_of
from lifeloop.journey.scope import Names, Scope, any_of, names_of, project_scope
from lifeloop.journey.shape import SLUG, check_keys, missing, one_block, one_of, one_text
from lifeloop.journey.source import Entry, Items, Map, Node, Report
from lifeloop.journey.spec import JourneySpec, Phase, Start
from lifeloop.journey.words import TOP, TOP_MEANINGS, VERBS
from lifeloop.journey.written import plain_value

OWN_FLOW = "upkeep"
"""The name of the flow that tidies up; a journey of that name would be the same flow on Prefect."""
_TOP = tuple(word.name for word in TOP)
_PHASES: tuple[Phase, ...] = (
    "welcome", "satisfaction", "recovery", "loyalty", "advocacy", "growth", "inspiration", "reactivation",
)  # fmt: skip


def read_journey(node: Node, file: str, known: Known, report: Report) -> JourneySpec | None:
    """Return the journey of a file; with errors in the report it may lack what could not be understood."""
    block = one_block(node, file, report)
    if block is None:
        return None
    _check_top(block, report)
    values = _values(block, report)
    heard = tuple(_heard(block, known))
    scope = _scope(known, values, any(kind == "memory" for kind, _ in heard))
    before = Reading(known, report, _any_thing(scope, known), read_steps, _defaults(block, report))
    start = block.value("start")
    starts = read_starts(start, before) if start is not None else ()
    about = object_of(starts, frozenset(known.catalogue.objects))
    waited = tuple(name for kind, name in heard if kind == "event")
    reading = replace(before, scope=_started(scope, starts, waited, about, known))
    name = _name(block, file, report)
    spec = _top(block, name, file, reading)
    return replace(spec, values=values, starts=starts, object=about, tests=read_tests(block.value("tests"), reading))


def _top(block: Map, name: str, file: str, reading: Reading) -> JourneySpec:
    report = reading.report
    phase, again, stops, delivery = (block.value(key) for key in ("phase", "again", "stop", "delivery"))
    steps = block.value("steps")
    return JourneySpec(
        name=name,
        file=file,
        title=_text(block, "name", report) or name,
        about=_text(block, "about", report),
        owner=_text(block, "owner", report),
        phase=_phase(phase, name, report),
        audience=read_clause_of(block, "audience", replace(reading, scope=reading.scope.without("event"))),
        again=read_again(again, reading) if again is not None else Again(),
        goal=read_clause_of(block, "goal", reading),
        stops=read_stops(stops, reading, has_goal=block.value("goal") is not None) if stops is not None else (),
        delivery=read_delivery(delivery, report, reading.known.topics) if delivery is not None else Delivery(),
        renamed=_renamed(block, report),
        steps=read_steps(steps, "steps", reading) if steps is not None else (),
        places=_places(block),
        names=reading.scope.roots,
    )


def _check_top(block: Map, report: Report) -> None:
    for entry in block.entries:
        word = entry.key.text
        if word in _TOP:
            continue
        near = nearest(word, _TOP, TOP_MEANINGS) or TOP_MEANINGS.get(nearest(word, TOP_MEANINGS) or "")
        label = f'did you mean "{near}"?' if near else f"here may stand: {' '.join(_TOP)}"
        if word in VERBS:
            label = f"put it under steps:, as  - {word}: …"
        fixes = (Suggestion(near, certain=block.entry(near) is None),) if near and word not in VERBS else ()
        message = f'"{word}" does not belong at the top of a journey'
        report.add("J105", message, entry.key.place, label=label, suggestions=fixes)
    first = Place(block.place.file, block.place.line, block.place.column, block.place.line, block.place.column + 1)
    for key, example in (("start", "start: {event: contract.started}"), ("steps", "steps: [{send: welcome/hello}]")):
        if block.value(key) is None:
            missing(key, "this journey", first, report, example=example)


def _name(block: Map, file: str, report: Report) -> str:
    stem = PurePosixPath(file).stem
    node = block.value("journey")
    if node is None:
        missing(
            "journey",
            "this file",
            Place(file, block.place.line, 1, block.place.line, 2),
            report,
            example=f"journey: {stem}",
        )
        return stem
    text = one_text(node, "journey", report)
    if text is None:
        return stem
    if SLUG.fullmatch(text.text) is None:
        label = "use small letters, digits and dashes, for example  second-purchase"
        report.add("J109", f'"{text.text}" cannot be the id of a journey', text.place, label=label)
    elif text.text == OWN_FLOW:
        label = f"a flow of Lifeloop's own is called so on Prefect; take another, for example  {OWN_FLOW}-mails"
        report.add("J109", f'"{OWN_FLOW}" cannot be the id of a journey', text.place, label=label)
    elif text.text != stem:
        label = f"the file is called {stem}; people look for a journey by its file"
        report.add("J154", f"this file should be called {text.text}.yaml", text.place, severity="warning", label=label)
    return text.text


def _phase(node: Node | None, name: str, report: Report) -> Phase:
    found = one_of(node, "phase", _PHASES, report) if node is not None else None
    named: Phase | None = next((phase for phase in _PHASES if phase == name), None)
    return found or named or "welcome"


def _text(block: Map, key: str, report: Report) -> str:
    node = block.value(key)
    text = one_text(node, key, report) if node is not None else None
    return text.text.strip() if text else ""


def _values(block: Map, report: Report) -> Mapping[str, Value]:
    node = block.value("values")
    inner = one_block(node, "values", report) if node is not None else None
    found: dict[str, Value] = {}
    for entry in inner.entries if inner else ():
        value = plain_value(entry.value)
        if isinstance(value, str | int | float | bool):
            found[entry.key.text] = value
        else:
            report.add(
                "J104", f'"{entry.key.text}" needs one value', entry.value.place, label="write a text or a number"
            )
    return found


def _renamed(block: Map, report: Report) -> Mapping[str, str]:
    node = block.value("renamed")
    inner = one_block(node, "renamed", report) if node is not None else None
    pairs = (
        (entry.key.text, one_text(entry.value, entry.key.text, report)) for entry in (inner.entries if inner else ())
    )
    return {old: new.text for old, new in pairs if new}


def _defaults(block: Map, report: Report) -> Mapping[str, Map]:
    node = block.value("defaults")
    inner = one_block(node, "defaults", report) if node is not None else None
    if inner is None:
        return {}
    check_keys(inner, tuple(VERBS), 'to "defaults"', report)
    found: dict[str, Map] = {}
    for entry in inner.entries:
        words = one_block(entry.value, entry.key.text, report)
        if words is not None and entry.key.text in VERBS:
            check_keys(words, modifiers_of(entry.key.text), f'to a "{entry.key.text}" step', report)
            found[entry.key.text] = words
    return found


def _places(block: Map) -> Mapping[str, Place]:
    values = {entry.key.text: entry.value.place for entry in block.entries}
    return values | {f"key {entry.key.text}": entry.key.place for entry in block.entries}


def _scope(known: Known, values: Mapping[str, Value], remembers: bool) -> Scope:
    """Return the names that hold in the whole file, whatever starts it."""
    scope = project_scope(known.catalogue, known.library)
    scope = scope.having("values", names_of({**known.catalogue.values, **values}))
    return scope.having("journey", None) if remembers else scope


def _merged(events: Iterable[str], known: Known) -> Names:
    declared = (known.catalogue.events.get(event) for event in dict.fromkeys(events))
    return any_of([event.attributes for event in declared if event])


def _any_thing(scope: Scope, known: Known) -> Scope:
    """Return the scope of ``start``, where a journey may turn out to be about any kind of thing."""
    for kind, declared in known.catalogue.objects.items():
        scope = scope.having(kind, declared.attributes)
    return scope


def _started(
    scope: Scope, starts: tuple[Start, ...], waited: tuple[str, ...], about: str | None, known: Known
) -> Scope:
    """Return the scope of the steps; ``event.`` is any event that starts the journey or that it waits for."""
    if about is not None:
        scope = scope.having(about, known.catalogue.objects[about].attributes)
    events = [start.trigger.event for start in starts if isinstance(start.trigger, OnEvent)]
    if events or waited:
        scope = scope.having("event", _merged((*events, *waited), known))
    if not events or len(events) < len(starts):
        # Whoever starts it another way may hand anything over.
        return scope.having("start", None)
    names = {"date": Attribute("date", "date"), **_merged(events, known)}
    return scope.having("start", names)


def _heard(node: Node, known: Known, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield, before anything is read, the events that are waited for and the words that are remembered."""
    if isinstance(node, Items):
        for item in node.items:
            yield from _heard(item, known, depth)
    elif isinstance(node, Map):
        for entry in node.entries:
            yield from _heard_at(entry, known, depth)


def _heard_at(entry: Entry, known: Known, depth: int) -> Iterator[tuple[str, str]]:
    match entry.key.text, entry.value:
        case "wait", Map() as wait if (event := wait.value("for")) is not None:
            yield from (("event", text) for text in _words(event))
        case "set", Map() as block:
            yield from (("memory", one.key.text) for one in block.entries if "." not in one.key.text)
        case "as", value:
            yield from (("memory", text) for text in _words(value))
        case "use", value if depth < len(known.shared):
            for text in _words(value):
                shared = known.shared.get(text)
                if shared and shared.steps is not None:
                    yield from _heard(shared.steps, known, depth + 1)
        case "tests", _:
            pass
        case _, value:
            yield from _heard(value, known, depth)


def _words(node: Node) -> Iterator[str]:
    if not isinstance(node, Items | Map):
        yield node.text
