"""Every word on recipients' own pages, by language. A language is complete, or it is not here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

Words = Mapping[str, str]

EN: Words = {
    "leave_title": "Stop these mails?",
    "leave_lead": "You will get no more mails about",
    "leave_lead_plain": "You will get no more of these mails.",
    "leave_button": "Stop these mails",
    "leave_other": "Or choose what you do want to get",
    "left_title": "Done. You are unsubscribed.",
    "left_lead": "You get no more mails about",
    "left_lead_plain": "You get no more of these mails.",
    "left_now": "This holds from this moment. You need not do anything else.",
    "left_again": "Changed your mind, or want less of something else? Choose what you get",
    "choose_title": "What would you like to get?",
    "choose_lead": "Switch on what you like, and off what you do not. It holds from the moment you save.",
    "topics": "Subjects",
    "no_topics": "There is nothing to choose yet.",
    "contract": "What we owe you by your contract, such as confirmations and answers, always reaches you.",
    "pace": "How often",
    "pace_all": "As it comes",
    "pace_all_more": "when there is something to tell",
    "pace_weekly": "Less often",
    "pace_weekly_more": "at most one a week, all subjects together",
    "pause": "A pause",
    "pause_no": "No pause",
    "pause_keep": "Silent until {until}",
    "pause_1": "Silent for 1 month",
    "pause_3": "Silent for 3 months",
    "tracking": "What we may see",
    "tracking_switch": "You may see which mails I open and click",
    "tracking_more": "It helps to send less that does not interest you. Without your yes we do not look.",
    "save": "Save",
    "all_off": "Stop everything",
    "all_off_more": "All subjects off, at once.",
    "saved_title": "Saved.",
    "saved_lead": "This is what you get from now on.",
    "saved_none": "You get nothing from us any more, except what your contract asks for.",
    "saved_pace": "At most one mail a week.",
    "saved_pause": "Silent until {until}.",
    "saved_back": "Change it again",
    "confirm_title": "One click, and it is done",
    "confirm_lead": "You asked to hear from us about",
    "confirm_button": "Yes, I want this",
    "confirm_not": "Was it not you? Then do nothing. You will get no mail about it.",
    "confirmed_title": "Thank you. You are in.",
    "confirmed_lead": "From now on you get",
    "confirmed_more": "You can change this at any time",
    "expired_title": "This link has had its time",
    "expired_lead": "It was good for seven days. Ask again, and you get a new one.",
    "gone_title": "There is nothing here",
    "gone_lead": "This address leads nowhere. Is part of it missing? Then copy the whole of it from your mail.",
    "neutral_title": "You get no mail from us",
    "neutral_lead": "We do not know you any more, so nothing is sent to you.",
    "busy_title": "Not now",
    "busy_lead": "Something went wrong on our side, and nothing was changed. Please try again in a minute.",
    "sent_by": "This page belongs to {company}. It uses no cookies and follows nobody.",
    "choices": "Choose what you get",
    "ask_from": "A question for {who}",
    "ask_about": "About",
    "ask_customer": "customer {key}",
    "ask_journey": "Journey",
    "ask_until": "Answer before",
    "ask_until_more": "No answer counts as no.",
    "ask_note": "A note, for whoever reads this later",
    "ask_yes": "Yes",
    "ask_no": "No",
    "ask_fine": "The first answer counts, and the journey goes on with it.",
    "asked_yes": "Answered: yes",
    "asked_no": "Answered: no",
    "asked_who": "{who}, {day}",
    "asked_first": "It is answered, and the first answer counts.",
    "asked_mail": "by mail",
    "asked_command": "on the command line",
    "asked_api": "from another program",
    "over_title": "Its time is up",
    "over_lead": "Nobody answered in time, so it counted as no; or the journey has ended. It cannot be answered now.",
    "months": "January February March April May June July August September October November December",
    "day": "{day} {month} {year}",
}

NL: Words = {
    "leave_title": "Deze mails stoppen?",
    "leave_lead": "Je krijgt geen mails meer over",
    "leave_lead_plain": "Je krijgt deze mails dan niet meer.",
    "leave_button": "Stop deze mails",
    "leave_other": "Of kies wat je wel wilt krijgen",
    "left_title": "Gelukt. Je bent afgemeld.",
    "left_lead": "Je krijgt geen mails meer over",
    "left_lead_plain": "Je krijgt deze mails niet meer.",
    "left_now": "Dit geldt vanaf nu. Je hoeft verder niets te doen.",
    "left_again": "Toch van gedachten veranderd, of wil je minder van iets anders? Kies wat je krijgt",
    "choose_title": "Wat wil je van ons krijgen?",
    "choose_lead": "Zet aan wat je leuk vindt, en uit wat niet. Het geldt zodra je bewaart.",
    "topics": "Onderwerpen",
    "no_topics": "Er valt nog niets te kiezen.",
    "contract": "Wat bij je contract hoort, zoals bevestigingen en antwoorden, krijg je altijd.",
    "pace": "Hoe vaak",
    "pace_all": "Zoals het komt",
    "pace_all_more": "als er iets te vertellen is",
    "pace_weekly": "Minder vaak",
    "pace_weekly_more": "hooguit één per week, alle onderwerpen samen",
    "pause": "Een pauze",
    "pause_no": "Geen pauze",
    "pause_keep": "Stil tot {until}",
    "pause_1": "1 maand stil",
    "pause_3": "3 maanden stil",
    "tracking": "Wat wij mogen zien",
    "tracking_switch": "Jullie mogen zien welke mails ik open en aanklik",
    "tracking_more": "Zo sturen we minder wat je niet boeit. Zonder jouw ja kijken we niet mee.",
    "save": "Bewaren",
    "all_off": "Stop alles",
    "all_off_more": "Alle onderwerpen in één keer uit.",
    "saved_title": "Bewaard.",
    "saved_lead": "Dit krijg je vanaf nu.",
    "saved_none": "Je krijgt niets meer van ons, behalve wat bij je contract hoort.",
    "saved_pace": "Hooguit één mail per week.",
    "saved_pause": "Stil tot {until}.",
    "saved_back": "Toch nog iets wijzigen",
    "confirm_title": "Nog één klik",
    "confirm_lead": "Je vroeg om mails over",
    "confirm_button": "Ja, dit wil ik",
    "confirm_not": "Was jij dit niet? Doe dan niets. Je krijgt er geen mail over.",
    "confirmed_title": "Dank je wel. Je doet mee.",
    "confirmed_lead": "Vanaf nu krijg je",
    "confirmed_more": "Je kunt dit altijd wijzigen",
    "expired_title": "Deze link is verlopen",
    "expired_lead": "Hij was zeven dagen geldig. Vraag het opnieuw, dan krijg je een nieuwe.",
    "gone_title": "Hier is niets",
    "gone_lead": "Dit adres leidt nergens heen. Mist er een stuk? Kopieer dan het hele adres uit je mail.",
    "neutral_title": "Je krijgt geen mail van ons",
    "neutral_lead": "We kennen je niet meer, dus er wordt je niets gestuurd.",
    "busy_title": "Nu even niet",
    "busy_lead": "Er ging bij ons iets mis, en er is niets gewijzigd. Probeer het over een minuut nog eens.",
    "sent_by": "Deze pagina is van {company}. Zij gebruikt geen cookies en volgt niemand.",
    "choices": "Kies zelf wat je krijgt",
    "ask_from": "Een vraag voor {who}",
    "ask_about": "Over",
    "ask_customer": "klant {key}",
    "ask_journey": "Journey",
    "ask_until": "Antwoord vóór",
    "ask_until_more": "Geen antwoord telt als nee.",
    "ask_note": "Een notitie, voor wie dit later leest",
    "ask_yes": "Ja",
    "ask_no": "Nee",
    "ask_fine": "Het eerste antwoord telt, en de journey gaat ermee verder.",
    "asked_yes": "Beantwoord: ja",
    "asked_no": "Beantwoord: nee",
    "asked_who": "{who}, {day}",
    "asked_first": "Het is beantwoord, en het eerste antwoord telt.",
    "asked_mail": "per mail",
    "asked_command": "op de opdrachtregel",
    "asked_api": "vanuit een ander programma",
    "over_title": "De tijd is om",
    "over_lead": "Niemand antwoordde op tijd, dus het telde als nee; of de journey is voorbij. Antwoorden kan niet.",
    "months": "januari februari maart april mei juni juli augustus september oktober november december",
    "day": "{day} {month} {year}",
}

LANGUAGES: Mapping[str, Words] = {"en": EN, "nl": NL}


@dataclass(frozen=True, slots=True)
class Speech:
    """The words of one page in one language."""

    language: str

    def __getitem__(self, name: str) -> str:
        return LANGUAGES[self.language][name]

    def __contains__(self, name: str) -> bool:
        return name in LANGUAGES[self.language]

    def day(self, moment: datetime) -> str:
        """Write a day as people of that language do."""
        month = self["months"].split()[moment.month - 1]
        return self["day"].format(day=moment.day, month=month, year=moment.year)

    @property
    def version(self) -> str:
        """A few letters that change when any word of this language does: what a yes was given to."""
        said = "\n".join(f"{name}: {text}" for name, text in sorted(LANGUAGES[self.language].items()))
        return f"{self.language}-{blake2b(said.encode(), digest_size=4).hexdigest()}"


def speech(*wanted: str | None) -> Speech:
    """Return the first language wanted that we speak: ``nl-BE`` is Dutch. English when there is none."""
    codes = [text.replace("_", "-").partition("-")[0].lower() for text in wanted if text]
    return Speech(next((code for code in codes if code in LANGUAGES), "en"))
