"""What a text message on a telephone costs and owes: its parts as networks count them, and the word that ends it.

An alphabet of 128 letters (GSM 03.38) fits 160 to a part, or 153 when there are several; any letter outside of it
turns the whole text to 70, or 67. Where an answer can be received, STOP must be enough to end it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lifeloop.journey.catalogue import Catalogue

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("€[]{}\\^~|\f")
MOST_PARTS = 3
"""More parts than that are dear, and read like a letter."""
_STOP = {
    "en": "Reply STOP to opt out.",
    "nl": "Antwoord STOP om af te melden.",
    "de": "Mit STOP antworten, um sich abzumelden.",
    "fr": "Répondez STOP pour ne plus en recevoir.",
    "es": "Responde STOP para darte de baja.",
    "it": "Rispondi STOP per non riceverne più.",
    "pt": "Responda STOP para cancelar.",
}
_ENDING = re.compile(r"\b(?:STOP|STOPALL|UNSUBSCRIBE|AFMELDEN|UITSCHRIJVEN|ABMELDEN|ARRET|ARRÊT|BAJA|SAIR)\b")
_ALWAYS = frozenset({"FR"})
"""Countries where advertising by text message names STOP even when it shows a link."""
_LETTERS = re.compile(r"[^\W\d]")


@dataclass(frozen=True, slots=True)
class Parts:
    """How a text travels. ``odd``: the letters that make every part hold 70 letters and not 160."""

    count: int
    units: int
    odd: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return it as a person reads it: ``184 letters, 2 parts``."""
        return f"{self.units} letters, {self.count} part{'' if self.count == 1 else 's'}"


def parts_of(text: str) -> Parts:
    """Return in how many parts a text travels, as it is billed."""
    odd = tuple(sorted({letter for letter in text if letter not in _BASIC and letter not in _TWICE}))
    units = len(text.encode("utf-16-be")) // 2 if odd else sum(1 + (letter in _TWICE) for letter in text)
    whole, one_of_many = (70, 67) if odd else (160, 153)
    return Parts(1 if units <= whole else -(-units // one_of_many), units, odd)


def says_stop(text: str) -> bool:
    """Return whether a text names the word that ends it."""
    return bool(_ENDING.search(text))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a text message that needs a yes may be stopped. ``sentence`` is empty where nobody can answer."""

    sentence: str
    always: bool

    def put(self, text: str, address: str | None) -> str:
        """Return a text that says how to stop it; one that says so already stays as it is.

        ``address``: where the reader leaves. A sender with a name cannot be answered, so a link must do.
        """
        shows = address is not None and address in text
        if says_stop(text) or (shows and not self.always):
            return text
        ending = self.sentence or ("" if shows else address or "")
        return f"{text.rstrip()}\n{ending}\n" if ending else text


def ending_of(catalogue: Catalogue, locale: str) -> Ending:
    """Return how text messages in a language end, by who sends them and in which country."""
    if _LETTERS.search(sender_of(catalogue)):
        return Ending("", always=False)
    return Ending(_STOP.get(locale.partition("-")[0], _STOP["en"]), always=catalogue.country in _ALWAYS)


def sender_of(catalogue: Catalogue) -> str:
    """Return the number or name that text messages come from; empty when the provider decides."""
    said = catalogue.channels.get("sms", {}).get("from", "")
    return "" if said.startswith("env.") else said


def has_words_for(locale: str) -> bool:
    """Return whether we know how to say it in a language."""
    return locale.partition("-")[0] in _STOP
