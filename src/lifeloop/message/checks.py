"""What a careful person would look at before a message goes out; ``preview`` and ``validate`` ask the same.

Each check is a figure to show and the mistakes behind it. A mistake stands at its words in the template, and can be
marked as meant there: ``{# lifeloop: ignore J416 #}``, or in the head ``# lifeloop: ignore J412``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lifeloop.journey.diagnostic import Diagnostic, Severity
from lifeloop.journey.ignoring import unmarked
from lifeloop.message.links import NOWHERE, safe_address
from lifeloop.message.promotion import check_service
from lifeloop.message.seen import Seen
from lifeloop.message.short import MOST_PARTS, ending_of, has_words_for, parts_of, sender_of
from lifeloop.message.template import Template
from lifeloop.message.tokens import WORD
from lifeloop.message.wording import doubts
from lifeloop.message.worth import distrusted, says_nothing

HEAVY = 90_000
"""Bytes of HTML from which a mail is close to being cut off."""
TOO_HEAVY = 102_000
"""Bytes of HTML from which Gmail cuts a mail off, and with it the link to unsubscribe."""
LONG_SUBJECT = 78
"""Characters of a subject that fit on one line of a mail's head."""
LONG_PREHEADER = 140
"""Characters of a preheader; no mail program shows more."""
SHORTEST_TEXT = 20
"""Characters of text beside which a picture is not all there is."""

State = Literal["ok", "warning", "error"]
Mistakes = Iterator[Diagnostic]
Look = Callable[[Seen], Mistakes]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, the figure that was seen, and what is wrong with it."""

    name: str
    figure: str = ""
    found: tuple[Diagnostic, ...] = ()

    @property
    def state(self) -> State:
        """How it went."""
        if any(one.severity == "error" for one in self.found):
            return "error"
        return "warning" if self.found else "ok"

    @property
    def words(self) -> str:
        """What there is to say of it, the worst first."""
        worst = sorted(self.found, key=lambda one: one.severity != "error")
        return f"{worst[0].message} ({worst[0].code})" if worst else self.figure


def check_message(seen: Seen) -> tuple[Check, ...]:
    """Return all checks of a message; those that concern its channel."""
    looks = _MAIL if seen.page is not None else _SHORT if seen.channel == "sms" else _OTHER
    asked = (*looks, _SERVICE) if seen.is_service else looks
    return tuple(Check(name, figure(seen), tuple(look(seen))) for name, figure, look in asked)


def without_meant(checks: Iterable[Check], template: Template) -> tuple[Check, ...]:
    """Return the checks without what the author marked as meant."""
    texts = {template.file: template.source}
    return tuple(replace(check, found=unmarked(check.found, texts)) for check in checks)


def check_layout(seen: Seen) -> Iterator[Diagnostic]:
    """Yield what is wrong in a layout, whatever message it surrounds."""
    for look in (_links, _alt_texts, _pictures, _contrast, _useless):
        yield from look(seen)


def _wrong(
    code: str,
    message: str,
    seen: Seen,
    *words: str,
    severity: Severity = "error",
    label: str = "",
) -> Diagnostic:
    return Diagnostic(code, severity, message, seen.place(*words), label)


def _size(seen: Seen) -> Mistakes:
    if seen.size > HEAVY:
        severity: Severity = "error" if seen.size > TOO_HEAVY else "warning"
        label = "Gmail cuts a mail off at 102 kB, and with it the link to leave; show less, and link to the rest"
        yield _wrong("J411", f"this mail is {_kilobytes(seen)} long", seen, severity=severity, label=label)


def _kilobytes(seen: Seen) -> str:
    return f"{seen.size / 1000:.0f} kB"


def _subject(seen: Seen) -> Mistakes:
    length = len(seen.subject.strip())
    if not length:
        label = "begin the file with  ---  then  subject: …  then  ---"
        yield _wrong("J402", "this mail has no subject", seen, "subject:", label=label)
    elif length > LONG_SUBJECT:
        label = "a phone shows about 40: put what matters first"
        message = f"this subject has {length} characters"
        yield _wrong("J412", message, seen, "subject:", severity="warning", label=label)


def _preheader(seen: Seen) -> Mistakes:
    length = len(seen.preheader)
    if length > LONG_PREHEADER:
        label = f"no mail program shows more than {LONG_PREHEADER}, and most about 90"
        message = f"this preheader has {length} characters"
        yield _wrong("J412", message, seen, "preheader:", severity="warning", label=label)


def _text_part(seen: Seen) -> Mistakes:
    if len(seen.words.strip()) < (SHORTEST_TEXT if seen.parts.pictures else 1):
        label = "who reads without pictures gets this alone; say in words what the pictures say"
        yield _wrong("J421", "there is hardly any text", seen, label=label)


def _links(seen: Seen) -> Mistakes:
    for link in seen.parts.links:
        address = link.address.strip()
        dead = _dead(address, seen)
        if dead:
            label = 'an address begins with https://, mailto: or tel:, or is {{ link("…") }}'
            yield _wrong("J407", dead, seen, address, link.words, label=label)
            continue
        doubt = None if address in seen.own else distrusted(address, link.words, seen.catalogue)
        if doubt:
            yield _wrong(doubt.code, doubt.message, seen, address, link.words, severity="warning", label=doubt.label)
        if not link.words.strip() or says_nothing(link.words):
            message = f'a link that says "{link.words.strip()}"' if link.words.strip() else "a link without words"
            label = "say what a reader finds there: some hear only the links, one after the other"
            yield _wrong("J414", message, seen, link.words, address, severity="warning", label=label)
    if "](javascript:" in seen.text.lower():
        yield _wrong("J407", "this link would run a script", seen, "javascript:", label="not in a mail")


def _dead(address: str, seen: Seen) -> str | None:
    """Return why an address leads nowhere; what data decide is not known before somebody reads it."""
    first = WORD.match(address)
    if first and seen.tokens.is_statement(first[1]):
        return "put the {% if %} around the whole link"
    if first and seen.tokens.piece(first[1]):
        return None
    if address in {"", NOWHERE}:
        return "this link leads nowhere"
    if address.startswith("#"):
        return None if address[1:] in seen.parts.names else f'nothing in this mail is called "{address[1:]}"'
    bad = safe_address(WORD.sub("x", address)) == NOWHERE
    return f'a mail cannot lead to "{WORD.sub("…", address)}"' if bad else None


def _alt_texts(seen: Seen) -> Mistakes:
    for source in seen.parts.without_alt:
        label = 'write what it shows:  ![Our new office](https://…)  or  alt="…"; alt="" when it is only an ornament'
        message = "this picture says nothing when it is not shown"
        yield _wrong("J416", message, seen, source, severity="warning", label=label)


def _pictures(seen: Seen) -> Mistakes:
    for source in seen.parts.pictures:
        first = WORD.match(source)
        if not source.startswith("https://") and not (first and seen.tokens.piece(first[1])):
            label = "mail programs show only pictures that they can fetch from https://…"
            yield _wrong(
                "J417", f'this picture has no https address: "{seen.spelled(source)}"', seen, source, label=label
            )
    for source in seen.parts.dots:
        label = "opens are counted by Lifeloop, for those who agreed:  tracking:  in lifeloop.yaml"
        message = "a picture of one dot watches who opens the mail"
        yield _wrong("J420", message, seen, source, severity="warning", label=label)


def _unsubscribe(seen: Seen) -> Mistakes:
    if seen.needs_consent and not seen.leaves:
        label = "show {{ unsubscribe_url }} in the message, or choose a layout that does:  layout: brand"
        yield _wrong("J422", "nobody can leave here, and this message needs a yes", seen, "layout:", label=label)


def _contrast(seen: Seen) -> Mistakes:
    for parts, where in ((seen.parts, "hard to read"), (seen.dark, "hard to read on a dark screen")):
        for pair in parts.pale:
            label = "make one of the two lighter or darker: WCAG asks for a contrast of 4.5"
            yield _wrong("J418", f"{where}: {pair}", seen, *pair.split(" on "), severity="warning", label=label)


def _useless(seen: Seen) -> Mistakes:
    for tag in sorted(set(seen.parts.useless)):
        label = "take it out, and link to a page that has it"
        yield _wrong("J419", f"mail programs remove <{tag}> and what it does", seen, f"<{tag}", label=label)


def _wording(seen: Seen) -> Mistakes:
    for doubt in doubts(seen.subject, seen.text):
        yield _wrong("J423", doubt.message, seen, doubt.words, "subject:", severity="warning", label=doubt.label)


def _parts(seen: Seen) -> Mistakes:
    parts = parts_of(seen.text.strip())
    if parts.count > MOST_PARTS:
        odd = f"; {', '.join(parts.odd[:5])} make each part hold 70 letters and not 160" if parts.odd else ""
        label = f"each is paid for, and more than {MOST_PARTS} read like a letter{odd}"
        yield _wrong("J424", f"this text goes out in {parts.count} parts", seen, severity="warning", label=label)


def _stop(seen: Seen) -> Mistakes:
    if not seen.needs_consent:
        return
    sender, web = sender_of(seen.catalogue), seen.catalogue.web.address
    ending = ending_of(seen.catalogue, seen.locale)
    if not ending.sentence and not seen.leaves and not web and "unsubscribe" not in seen.catalogue.company:
        label = "send from a number, or say in lifeloop.yaml where people leave:  web: {address: https://…}"
        yield _wrong("J425", f'nobody can answer "{sender}", and there is no page to leave', seen, label=label)
    elif ending.sentence and ending.sentence in seen.text and not has_words_for(seen.locale):
        label = "end the text with a sentence of your own that has STOP in it"
        message = f'this text ends with "{ending.sentence}", in another language'
        yield _wrong("J425", message, seen, severity="warning", label=label)


def _nothing(_: Seen) -> str:
    return ""


def _leaving(seen: Seen) -> str:
    return "" if seen.needs_consent else "not needed: it belongs to a contract"


_SERVICE = ("service", _nothing, check_service)
_TEXT = ("text", _nothing, _text_part)
_OTHER: tuple[tuple[str, Callable[[Seen], str], Look], ...] = (_TEXT,)
_SHORT: tuple[tuple[str, Callable[[Seen], str], Look], ...] = (
    _TEXT,
    ("length", lambda seen: parts_of(seen.text.strip()).words, _parts),
    ("stop", _leaving, _stop),
)
_MAIL: tuple[tuple[str, Callable[[Seen], str], Look], ...] = (
    ("size", _kilobytes, _size),
    ("subject", lambda seen: f"{len(seen.subject)} characters", _subject),
    ("preheader", lambda seen: f"{len(seen.preheader)} characters", _preheader),
    _TEXT,
    ("links", lambda seen: str(len(seen.parts.links)), _links),
    ("alt texts", _nothing, _alt_texts),
    ("pictures", _nothing, _pictures),
    ("unsubscribe", _leaving, _unsubscribe),
    ("contrast", _nothing, _contrast),
    ("mail programs", _nothing, _useless),
    ("wording", _nothing, _wording),
)
