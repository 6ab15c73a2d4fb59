"""Where the links and pictures of a template lead, as far as it can be seen before anybody reads it."""

from __future__ import annotations

from lifeloop.journey.diagnostic import Place
from lifeloop.journey.source import Report
from lifeloop.message.links import NOWHERE, safe_address
from lifeloop.message.markdown import to_html
from lifeloop.message.pieces import Spot
from lifeloop.message.settled import addresses
from lifeloop.message.template import Template
from lifeloop.message.tokens import WORD, Tokens


def check_targets(template: Template, report: Report) -> None:
    """Report addresses that lead nowhere, or that no mail program should follow."""
    tokens = Tokens()
    hidden = tokens.hide(template.body)
    html = to_html(hidden, tokens) if template.kind == "markdown" else hidden
    for address in dict.fromkeys(addresses(html)):
        problem = _problem(address.strip(), tokens)
        if problem:
            label = 'an address begins with https://, mailto: or tel:, or is {{ link("…") }}'
            report.add("J407", problem, _place(address, template), label=label)
    if "](javascript:" in hidden.lower():
        report.add("J407", "this link would run a script", _place("javascript:", template), label="not in a mail")


def _problem(address: str, tokens: Tokens) -> str | None:
    words = WORD.findall(address)
    if WORD.match(address) and tokens.is_statement(words[0]):
        return "put the {% if %} around the whole link"
    if not address or address == "#":
        return "this link leads nowhere"
    if WORD.match(address) or address.startswith("#"):
        return None
    if safe_address(WORD.sub("x", address)) == NOWHERE:
        shown = WORD.sub("…", address)
        return f'a mail cannot lead to "{shown}"'
    return None


def _place(address: str, template: Template) -> Place:
    """Return where an address stands in the file: its longest stretch without Jinja is looked for."""
    stretch = max(WORD.split(address)[::2] or [""], key=len) or ("{%" if address else "")
    start = template.source.find(f"({stretch}" if stretch else "()")
    start = start + 1 if start >= 0 else template.source.find(stretch or 'href=""')
    if start < 0:
        return template.place
    return Spot(template.file).place(template.source, start, start + max(1, len(stretch)))
