"""Names of data, events and messages as English: ``contract.ends`` is "the contract ends"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time

from lifeloop.journey.condition import DataName, Value
from lifeloop.journey.moment import Hours
from lifeloop.journey.times import say_days, say_time

S = "\N{RIGHT SINGLE QUOTATION MARK}s"
"""What makes an owner of a name."""
OWNERS = {"customer": f"the customer{S}", "journey": "the remembered"}
BEGAN = " it began with"
"""What tells the data of the start from the data of a later event."""
UNFINISHED = ("about", "because", "by", "for", "from", "in", "of", "to", "with")
"""Names that end so are no nouns: they are quoted."""
ADDRESSES = {"email": "e-mail address", "phone": "phone number"}
MAKING = ("add", "book", "create", "file", "make", "open", "raise", "send", "write")
"""Verbs of actions that take a thing: ``create-task`` is "create a task"."""
VOWELS = "aeiou"

HOLE = re.compile(r"\{\{\s*([a-z_][\w.]*)[^}]*\}\}")
PARTICIPLE = ("ed", "en", "nt", "id", "un", "wn")
"""How a past participle ends: answered, chosen, sent, paid, begun, withdrawn."""
PREPOSITIONS = ("at", "on")

Constants = Mapping[str, Value]


def words_of(name: str) -> str:
    """Return ``yearly_value`` as ``yearly value``."""
    return name.replace("_", " ").replace("-", " ").replace(".", " ")


def title_of(message: str) -> str:
    """Return ``renewal/your-year-in-pictures`` as “Your year in pictures”."""
    name = words_of(message.rpartition("/")[2])
    name = f"{name[:1].upper()}{name[1:]}".replace(" i ", " I ")
    return f"“{name}”"


def data_words(name: DataName, values: Constants) -> str:
    """Return a piece of data as somebody would name it; a constant is said outright."""
    if name.root == "values" and name.path[0] in values:
        return f"“{values[name.path[0]]}”"
    last = ".".join(name.path)
    what = ADDRESSES.get(last) or words_of(last)
    is_noun = what.rpartition(" ")[2] not in UNFINISHED
    what = what if is_noun else f"“{what}”"
    if name.root == "start":
        return f"the {what}{BEGAN}"
    if name.root == "event":
        return f"the {what}" if is_noun else what
    return f"{OWNERS.get(name.root, f'the {words_of(name.root)}{S}')} {what}"


def target_words(name: DataName) -> str:
    """Return where something is remembered: "the offer", "the customer's plan"."""
    return f"the {words_of('.'.join(name.path))}" if name.root == "journey" else data_words(name, {})


def flag_words(name: DataName, *, holds: bool) -> str:
    """Return a yes or no of the record: "the customer has panels", "the customer's “auto renews” is no"."""
    verb, _, what = name.path[-1].partition("_")
    if verb in {"has", "is"} and what and name.root not in {"event", "start", "journey"}:
        negation = "" if holds else " not"
        said = f"is{negation}" if verb == "is" else "has" if holds else "does not have"
        return f"{_owner(name.root)} {said} {words_of(what)}"
    owner = OWNERS.get(name.root, f"the {words_of(name.root)}{S}")
    shown = f"“{words_of('.'.join(name.path))}”"
    return f"{shown if name.root in {'event', 'start'} else f'{owner} {shown}'} is {'yes' if holds else 'no'}"


def action_words(action: str) -> str:
    """Return ``create-task`` as "create a task"; what is no such pair stays as it is."""
    verb, _, thing = words_of(action).partition(" ")
    return f"{verb} {a(thing)}" if verb in MAKING and thing and not thing.endswith("s") else words_of(action)


def template_words(text: str, values: Constants) -> str:
    """Return a text with its ``{{ customer.first_name }}`` said as [first name]; constants are filled in."""

    def said(found: re.Match[str]) -> str:
        root, _, rest = found[1].partition(".")
        return str(values[rest]) if root == "values" and rest in values else f"[{words_of(rest or root)}]"

    return HOLE.sub(said, text)


def date_words(name: DataName) -> str:
    """Return an anchor so that ``75 days before …`` can stand in front: "the contract ends", "the customer left"."""
    *_, last = name.path
    first, _, rest = last.rpartition("_")
    if rest in PREPOSITIONS and first:
        return f"{_owner(name.root)} {words_of(first)}"
    if last == "since":
        return f"{_owner(name.root)} joined"
    if name.root not in OWNERS and last.endswith("s"):
        return f"{_owner(name.root)} {words_of(last)}"
    if name.root == "start":
        return f"the {words_of('.'.join(name.path))} it began with"
    return f"{OWNERS.get(name.root, f'{_owner(name.root)}{S}')} {words_of('.'.join(name.path))}"


def event_words(event: str, *, tense: str = "is") -> str:
    """Return ``survey.answered`` as "a survey is answered"; what is no such pair is put in quotes."""
    noun, _, verb = event.rpartition(".")
    if not noun:
        return f"the customer {words_of(verb)}" if verb.endswith(PARTICIPLE) else f"“{words_of(verb)}” happens"
    if not verb.split("_")[0].endswith(PARTICIPLE):
        return f"“{words_of(event)}” happen{'s' if tense == 'is' else 'ed'}"
    return f"{a(words_of(noun))} {tense} {words_of(verb)}"


def not_happened_words(event: str) -> str:
    """Return ``ticket.opened`` as "no ticket was opened"."""
    noun, _, verb = event.rpartition(".")
    if not noun or not verb.split("_")[0].endswith(PARTICIPLE):
        return f"“{words_of(event)}” did not happen"
    return f"no {words_of(noun)} was {words_of(verb)}"


def a(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[:1].lower() in VOWELS else 'a'} {noun}"


def hours_words(hours: Hours) -> str:
    """Return ``on weekdays between 09:00 and 18:00``."""
    days = say_days(hours.days)
    days = {"weekdays": "on weekdays", "weekends": "at weekends"}.get(days) or (
        days if "every" in days else f"on {days}"
    )
    closes = "24:00" if hours.closes == time() else say_time(hours.closes)
    return f"{days} between {say_time(hours.opens)} and {closes}"


def listed(parts: Sequence[str], joiner: str = "and") -> str:
    """Return ``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} {joiner} {last}" if first else last


def capital(sentence: str) -> str:
    """Return a sentence that begins with a capital letter."""
    return sentence[:1].upper() + sentence[1:]


def _owner(root: str) -> str:
    return f"the {words_of(root)}"
