"""What people write back: the few words that ask for something, and whose number it came from."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from lifeloop.channel.callbacks.values import Kind

Word = Literal["stop", "start", "help"]
STOP = (
    "stop", "stopall", "stop all", "stop sms", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out",
    "opt-out", "afmelden", "uitschrijven", "stoppen", "arret", "arreter", "desabonner", "desinscrire", "abmelden",
    "stopp", "abbestellen", "baja", "alto", "cancelar", "parar", "sair", "annulla", "disiscrivi", "avsluta", "avmeld",
)  # fmt: skip
"""English, with the words that American carriers and the FCC demand; then Dutch, French, German, Spanish, Portuguese,
Italian, Scandinavian."""
START = ("start", "unstop", "aanmelden", "reprendre", "anmelden", "alta", "iniciar", "iscrivi", "starta")
"""*Yes* is none of them: it is the answer to a question that somebody asked."""
HELP = ("help", "info", "hulp", "aide", "hilfe", "ayuda", "ajuda", "aiuto", "hjalp")
WORDS: dict[Word, tuple[str, ...]] = {"stop": STOP, "start": START, "help": HELP}
LONGEST = 40
KINDS: dict[Word, Kind] = {"stop": "opted_out", "start": "opted_in", "help": "replied"}
_NOISE = re.compile(r"[^a-z\- ]+")
_NUMBER = re.compile(r"\+?\d{6,15}")


def word_of(text: str) -> Word | None:
    """Return what a whole message asks for; None when it says anything else, or anything more."""
    plain = unicodedata.normalize("NFKD", text[: LONGEST * 2]).casefold()
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    said = " ".join(_NOISE.sub(" ", letters).split())
    if len(text) > LONGEST * 2 or any(letter.isdigit() for letter in letters):
        return None
    return next((word for word, known in WORDS.items() if said in known), None)


def kind_of(word: Word | None) -> Kind:
    """Return what happened when somebody wrote that."""
    return "replied" if word is None else KINDS[word]


def number(text: str) -> str | None:
    """Return a phone number as customers' numbers are kept (``+31…``); what is none of that kind is None."""
    bare = re.sub(r"[\s().-]", "", text.removeprefix("whatsapp:"))
    if not _NUMBER.fullmatch(bare):
        return None
    return "+" + (bare[2:] if bare.startswith("00") else bare.removeprefix("+"))
