"""Public holidays by country. Knows which days are off; an unknown country has none."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

_FRIDAY = 5


@lru_cache(maxsize=1024)
def days_off(country: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country (ISO 3166 letters, any case) in one year."""
    from holidays import country_holidays  # slow to import, and only asked for where holidays are avoided

    try:
        # The library fills its calendar lazily and an unfilled one is falsy: the year is asked for outright.
        return frozenset(country_holidays(country.upper(), years=year))
    except NotImplementedError:
        return frozenset()


def is_day_off(day: date, country: str | None) -> bool:
    """Tell whether a day is a public holiday there."""
    return country is not None and day in days_off(country, day.year)


def is_working_day(day: date, country: str | None) -> bool:
    """Tell whether a day is a Monday to Friday and no public holiday."""
    return day.isoweekday() <= _FRIDAY and not is_day_off(day, country)
