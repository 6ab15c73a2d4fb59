"""Where a purchase may stand in for a yes (soft opt-in): what countries allow, and what a project makes of it.

The built-in table is a careful reading of national law on electronic post to existing customers; it is no legal advice,
and every line of it can be said otherwise under ``own_customers`` in ``lifeloop.yaml``. Everywhere the same conditions
hold: the address was got in a sale, a *no* was possible right there, and the message is about the company's own,
similar products.
"""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.journey.catalogue import OwnCustomerRules
from lifeloop.journey.lengths import read_length
from lifeloop.journey.shape import check_keys, one_block, one_text, texts
from lifeloop.journey.source import Map, Node, Report, Scalar

KEYS = ("company", "within", "countries")
WAYS = ("email", "sms", "whatsapp")
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "NL": ("email", "sms"),  # Telecommunicatiewet 11.7
    "BE": ("email", "sms"),  # Royal Decree of 4 April 2003
    "FR": ("email", "sms"),  # CPCE L34-5
    "DE": ("email", "sms"),  # UWG 7 (3)
}
"""Ways by country; a country that is not here wants a yes."""


def ways_of(rules: OwnCustomerRules) -> Mapping[str, tuple[str, ...]]:
    """Return the ways by country: the table, with what the project says otherwise."""
    return {country: ways for country, ways in sorted({**ALLOWED, **rules.countries}.items()) if ways}


def read_own_customers(node: Node | None, report: Report) -> OwnCustomerRules:
    """Return ``own_customers: {company: Sunny BV, within: 3 years, countries: {DE: []}}``."""
    block = one_block(node, "own_customers", report) if node is not None else None
    if block is None:
        return OwnCustomerRules()
    check_keys(block, KEYS, "to own_customers", report)
    company, within = (_text(block, key, report) for key in ("company", "within"))
    length = read_length(within, report) if within else None
    return OwnCustomerRules(
        company=company.text if company else "",
        within=length or OwnCustomerRules().within,
        countries=_countries(block.value("countries"), report),
    )


def _countries(node: Node | None, report: Report) -> dict[str, tuple[str, ...]]:
    block = one_block(node, "countries", report) if node is not None else None
    found = {}
    for entry in block.entries if block else ():
        code = entry.key.text
        if len(code) != 2 or not code.isupper():  # noqa: PLR2004  # ISO 3166-1 alpha-2
            report.add("J184", f'"{code}" is not a country', entry.key.place, label="write NL, PT or BR")
            continue
        ways = texts(entry.value, code, report)
        for way in ways:
            if way.text not in WAYS:
                report.add("J184", f'"{way.text}" is not a way', way.place, label=f"ways are {', '.join(WAYS)}")
        found[code] = tuple(way.text for way in ways if way.text in WAYS)
    return found


def _text(block: Map, key: str, report: Report) -> Scalar | None:
    node = block.value(key)
    return one_text(node, key, report) if node is not None else None
