"""What messages need and journeys give: data that may be missing, translations, messages that nobody sends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lifeloop.journey.compiler_names import all_steps
from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.known import Known
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.rules.surely import surely_known
from lifeloop.journey.spec import JourneySpec, SendStep


def missing_data(subject: Subject) -> Iterator[Diagnostic]:
    """J131: a message needs an attribute that some customers do not have, and nothing guards the send."""
    for step, surely in surely_known(subject.spec):
        if isinstance(step, SendStep):
            yield from _sent(step, surely, subject)


def missing_translations(specs: Sequence[JourneySpec], known: Known) -> Iterator[Diagnostic]:
    """J132: most messages exist in a language, and this one does not; in the project's own language each must."""
    sent = _sends(specs)
    languages = Counter(locale for name in sent if name in known.library for locale in known.library[name].locales)
    wanted = sorted(language for language, count in languages.items() if count * 2 > len(sent))
    for name, place in sent.items():
        info = known.library.get(name)
        lacking = [language for language in wanted if info and language not in info.locales]
        if info and info.locales and known.catalogue.language not in info.locales:
            label = f"who reads none of {', '.join(info.locales)} would get the wrong language; add templates/{name}.md"
            message = f"{name} has no text in the project's own language, {known.catalogue.language}"
            yield Diagnostic("J132", "error", message, place, label)
        elif info and info.locales and lacking:
            label = f"the default text is sent instead; add templates/{name}.{lacking[0]}.md"
            yield Diagnostic("J132", "warning", f"{name} has no text in: {', '.join(lacking)}", place, label)


def messages_never_sent(specs: Sequence[JourneySpec], known: Known) -> Iterator[Diagnostic]:
    """J133: a message is written, and no journey sends it."""
    sent = _sends(specs)
    for name in sorted(known.library):
        if name not in sent:
            file = f"templates/{name}.md"
            message = f"no journey sends {name}"
            yield Diagnostic("J133", "note", message, Place(file, 1, 1, 1, 1), "delete it, or send it")


def _sends(specs: Sequence[JourneySpec]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for spec in specs:
        for step in all_steps(spec):
            if isinstance(step, SendStep):
                found.setdefault(step.message, step.places.get("send", step.place))
    return found


def _sent(step: SendStep, surely: frozenset[str], subject: Subject) -> Iterator[Diagnostic]:
    info = subject.known.library.get(step.message)
    attributes = subject.known.catalogue.customer
    for name in info.uses if info else ():
        root, _, attribute = name.partition(".")
        declared = attributes.get(attribute) if root == "customer" else None
        if info and declared and declared.optional and name not in surely and name not in info.spared:
            message = f"not every customer has {attribute}, and {step.message} needs it"
            label = f'write {{{{ {name} | default("…") }}}} in the text, or guard this step'
            place = step.places.get("send", step.place)
            yield Diagnostic("J131", "error", message, place, label, hint=f"guard:  when: {name} is present")
