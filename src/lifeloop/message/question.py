"""The mail that asks a colleague: the question, what it is about, and one button for each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from babel.dates import format_date, format_time

LONGEST_SUBJECT = 150

EN: Mapping[str, str] = {
    "about": "About",
    "customer": "customer {key}",
    "journey": "Journey",
    "until": "Answer before",
    "until_more": "No answer counts as no.",
    "yes": "Yes",
    "no": "No",
    "safe": "The buttons lead to a page, where you can add a note. Nothing happens before you press the button there.",
    "command": "On the command line",
}
NL: Mapping[str, str] = {
    "about": "Over",
    "customer": "klant {key}",
    "journey": "Journey",
    "until": "Antwoord vóór",
    "until_more": "Geen antwoord telt als nee.",
    "yes": "Ja",
    "no": "Nee",
    "safe": "De knoppen leiden naar een pagina, waar je een notitie kunt toevoegen. Pas daar telt je antwoord.",
    "command": "Op de opdrachtregel",
}
LANGUAGES = {"en": EN, "nl": NL}

_FONT = "font:17px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
_BUTTON = (
    "display:inline-block;padding:13px 34px;margin:0 10px 12px 0;border-radius:10px;border:1px solid #0f766e;"
    "font-weight:600;text-decoration:none"
)
_NAME = "padding:2px 18px 2px 0;color:#59636a;vertical-align:top;white-space:nowrap"
_YES, _NO = f"{_BUTTON};background:#0f766e;color:#ffffff", f"{_BUTTON};background:#ffffff;color:#0f766e"


@dataclass(frozen=True, slots=True)
class Question:
    """What the mail says. ``link``: the page that takes the answer; None: there is only the command."""

    words: str = field(repr=False)
    key: str
    journey: str
    reference: str
    until: datetime | None = None
    """When it answers itself with no, on the project's clock."""
    link: str | None = field(default=None, repr=False)
    language: str = "en"

    @property
    def subject(self) -> str:
        """The question in one line."""
        line = " ".join(self.words.split())
        return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"

    @property
    def text(self) -> str:
        """The mail as plain text."""
        facts = "\n".join(f"{name}: {said}" for name, said in self._facts())
        links = f"{self._say['yes']}:  {self.link}?yes\n{self._say['no']}:  {self.link}?no\n\n" if self.link else ""
        return f"{self.words}\n\n{facts}\n\n{links}{self._say['command']}:\n{self._commands()}\n"

    @property
    def html(self) -> str | None:
        """The mail with its buttons; None where there is no page to lead to."""
        if self.link is None:
            return None
        say, link = self._say, escape(self.link)
        rows = "".join(
            f'<tr><td style="{_NAME}">{escape(name)}</td><td>{escape(said)}</td></tr>' for name, said in self._facts()
        )
        words = escape(self.words).replace("\n", "<br>")
        return (
            f'<!doctype html><html lang="{self._language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(self.subject)}</title></head>"
            f'<body style="margin:0;padding:28px 16px;background:#f6f4ef;color:#1d2326;{_FONT}">'
            '<div style="max-width:560px;margin:0 auto;padding:30px 28px 18px;background:#ffffff;border-radius:16px">'
            f'<h1 style="margin:0 0 18px;font-size:24px;line-height:1.3">{words}</h1>'
            f'<table role="presentation" style="margin:0 0 24px;font-size:16px;border-spacing:0">{rows}</table>'
            f'<p style="margin:0 0 8px"><a href="{link}?yes" style="{_YES}">{say["yes"]}</a>'
            f'<a href="{link}?no" style="{_NO}">{say["no"]}</a></p>'
            f'<p style="margin:0;font-size:14px;color:#59636a">{say["safe"]}</p></div></body></html>'
        )

    @property
    def _language(self) -> str:
        code = self.language.partition("-")[0]
        return code if code in LANGUAGES else "en"

    @property
    def _say(self) -> Mapping[str, str]:
        return LANGUAGES[self._language]

    def _facts(self) -> list[tuple[str, str]]:
        facts = [(self._say["about"], self._say["customer"].format(key=self.key)), (self._say["journey"], self.journey)]
        if self.until is not None:
            day = format_date(self.until, "EEEE d MMMM y", locale=self._language)
            clock = format_time(self.until.replace(tzinfo=None), "HH:mm", locale=self._language)
            facts.append((self._say["until"], f"{day}, {clock}. {self._say['until_more']}"))
        return facts

    def _commands(self) -> str:
        return "\n".join(f"lifeloop answer {self.reference} {word}" for word in ("approved", "declined"))
