"""What an address of the inbox page asks for, and the addresses of its neighbours. An address says everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeVar, get_args
from urllib.parse import urlencode

from lifeloop.clock import Instant
from lifeloop.store.values import InboxFilter

Span = Literal["all", "until", "week", "day"]
View = Literal["html", "text", "headers", "source"]
Width = Literal["full", "phone"]

Word = TypeVar("Word")

PER_PAGE = 50
LONGEST_TEXT = 200
MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Query:
    """One state of the page. ``day`` is where the slider stands, ``span`` how much around it is shown."""

    q: str = ""
    journey: str = ""
    step: str = ""
    customer: str = ""
    day: date | None = None
    span: Span = "all"
    page: int = 1
    mail: str = ""
    view: View | None = None
    width: Width = "full"
    images: bool = False

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Query:
        """Read an address; what makes no sense counts as not said, so no address is ever an error."""
        day = _day(params.get("day", ""))
        span = read_span(params.get("span"))
        return cls(
            q=_text(params, "q"),
            journey=_text(params, "journey"),
            step=_text(params, "step"),
            customer=_text(params, "customer"),
            day=day if span != "all" else None,
            span=span if day else "all",
            page=_page(params.get("page", "")),
            mail=_text(params, "mail"),
            view=_one_of(get_args(View), params.get("view")),
            width=_one_of(get_args(Width), params.get("width")) or "full",
            images=params.get("images") == "on",
        )

    def but(self, **changes: object) -> str:
        """Return the address of this page with something else; a changed filter begins on its first page."""
        keeps_page = changes.keys() <= {"mail", "view", "width", "images", "page"}
        other: Query = replace(self, **({} if keeps_page else {"page": 1}), **changes)  # type: ignore[arg-type]
        return other.address()

    def address(self) -> str:
        """Return the address that says exactly this."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = Query()
        words = {name: _word(value) for name, value in said.items() if value != getattr(plain, name)}
        return "/inbox" + (f"?{urlencode(words)}" if words else "")

    def filter(self) -> InboxFilter:
        """Return what the mailbox is asked for."""
        since, until = self._days()
        return replace(self.filter_of_all_days(), since=since, until=until)

    def filter_of_all_days(self) -> InboxFilter:
        """Return the same without the days: what the histogram shows."""
        return InboxFilter(text=self.q, journey=self.journey or None, node=self.step or None, key=self.customer or None)

    def _days(self) -> tuple[Instant | None, Instant | None]:
        if self.day is None:
            return None, None
        after = start_of(self.day + timedelta(days=1))
        match self.span:
            case "day":
                return start_of(self.day), after
            case "week":
                return start_of(self.day - timedelta(days=6)), after
            case _:
                return None, after


def read_span(text: str | None) -> Span:
    """Read how much around the slider's day is shown; a day alone means everything up to it."""
    return _one_of(get_args(Span), text) or "until"


def start_of(day: date) -> Instant:
    """Return the first instant of a day, in UTC as everything is counted."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def day_of(instant: Instant) -> date:
    """Return the UTC day of an instant."""
    return datetime.fromtimestamp(instant, UTC).date()


def _text(params: Mapping[str, str], name: str) -> str:
    return params.get(name, "").replace("\x00", "").strip()[:LONGEST_TEXT]


def _page(text: str) -> int:
    return min(max(int(text), 1), MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 7 else 1  # noqa: PLR2004  # six digits are enough pages


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1971, 1, 1) <= found <= date(2900, 1, 1) else None


def _one_of(words: tuple[Word, ...], text: str | None) -> Word | None:
    return next((word for word in words if word == text), None)


def _word(value: object) -> str:
    return "on" if value is True else str(value)
