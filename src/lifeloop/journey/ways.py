"""The ways out of a project: ``email: postmark``, and under ``channels`` the settings of each way and channel."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.pacing import Pacing
from lifeloop.journey.pacing_reader import PACING, check_fallbacks, read_pacing
from lifeloop.journey.secrets import check_secret, is_secret
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar

FOLDER = "providers"
"""Where a project keeps provider files of its own."""
MAIL_PROVIDERS = (
    "brevo", "keila", "listmonk", "mailgun", "mailjet", "postmark", "resend", "sendgrid", "ses", "sparkpost",
)  # fmt: skip
OTHER_PROVIDERS = ("bird", "cm", "slack", "twilio", "whatsapp-cloud")
MAILBOX = ("host", "port", "user", "password", "tls", "folder", "done", "address")
DKIM = ("dkim_domain", "dkim_selector", "dkim_key")
SMTP = ("host", "port", "user", "password", "tls", *DKIM, *PACING)
BUILT_IN = {"smtp": SMTP, "http": ("allow_private",), "mailbox": MAILBOX}
"""What may be said of what is no provider: the mail server, where calls may go, and where mail comes back."""
NO_WAYS_OUT = frozenset({"http", "mailbox"})
"""Settings that stand beside the ways out and are none."""
TLS = ("starttls", "tls", "none")


def provider_files(root: Path) -> tuple[Path, ...]:
    """Return the provider files of a project, in order."""
    return tuple(sorted((root / FOLDER).glob("*.yaml")))


def provider_of(way: str, catalogue: Catalogue) -> str:
    """Return the provider of a channel or way out: the one its settings name, else the one of the same name."""
    return catalogue.channels.get(way, {}).get("provider", way)


def read_way(name: Scalar, node: Node, report: Report) -> dict[str, str] | None:
    """Return the settings of a way out, by key; passwords and tokens only as ``env.NAME``."""
    block = one_block(node, name.text, report)
    if block is None:
        return None
    if name.text in BUILT_IN:
        check_keys(block, BUILT_IN[name.text], f'to the way out "{name.text}"', report)
    found: dict[str, str] = {}
    for entry in block.entries:
        if entry.key.text in PACING and name.text not in NO_WAYS_OUT:
            continue
        value = _setting(name.text, entry.key.text, entry.value, report)
        if value is not None:
            found[entry.key.text] = value
    return found


def read_pacings(channels: Node | None, report: Report) -> dict[str, Pacing]:
    """Return how fast each way out may be used, by name; what it is not said of is left out."""
    entries = channels.entries if isinstance(channels, Map) else ()
    found = {
        entry.key.text: read_pacing(entry.value, report)
        for entry in entries
        if isinstance(entry.value, Map) and entry.key.text not in NO_WAYS_OUT
    }
    return {name: pacing for name, pacing in found.items() if pacing != Pacing()}


def places_of(block: Map) -> Iterator[tuple[str, Place]]:
    """Yield where each way out and each of its settings stands: ``email``, ``channels.sms``, ``channels.sms.from``."""
    if (email := block.value("email")) is not None:
        yield "email", email.place
    node = block.value("channels")
    for entry in node.entries if isinstance(node, Map) else ():
        name = f"channels.{entry.key.text}"
        yield name, entry.key.place
        for setting in entry.value.entries if isinstance(entry.value, Map) else ():
            yield f"{name}.{setting.key.text}", setting.key.place


def check_ways(block: Map, catalogue: Catalogue, report: Report) -> None:
    """Report what is said of a way out that does not exist, and e-mail that has none."""
    known = (*MAIL_PROVIDERS, *OTHER_PROVIDERS, *(path.stem for path in provider_files(catalogue.root)))
    _check_email(block, catalogue, known, report)
    node = block.value("channels")
    check_fallbacks(node, catalogue.pacings, catalogue.channels.keys() - NO_WAYS_OUT, report)
    for entry in node.entries if isinstance(node, Map) else ():
        settings = entry.value if isinstance(entry.value, Map) else None
        said = settings.value("provider") if settings else None
        if isinstance(said, Scalar) and said.text not in known:
            _no_provider(said, known, report)
        elif entry.key.text == "email":
            label = "say it at the top of the file, as in  email: postmark, and its settings under that name"
            report.add("J105", "the way out of e-mail is not said here", entry.key.place, label=label)
        elif said is None and entry.key.text not in (*BUILT_IN, *known):
            _no_way(entry.key, (*BUILT_IN, *known), report)


def _check_email(block: Map, catalogue: Catalogue, known: Collection[str], report: Report) -> None:
    node = block.value("email")
    place = node.place if node is not None else block.place
    own = [name for name in known if name not in OTHER_PROVIDERS]
    if catalogue.email not in {"inbox", "smtp", *own}:
        near = nearest(catalogue.email, ("inbox", "smtp", *own))
        label = f'did you mean "{near}"?' if near else f"inbox keeps mail here; smtp, {', '.join(sorted(own))} send it"
        report.add("J109", f'there is no way out "{catalogue.email}" for e-mail', place, label=label)
    elif catalogue.email == "smtp" and not catalogue.channels.get("smtp", {}).get("host"):
        label = "add:  channels: {smtp: {host: mail.example.com, port: 587, user: env.SMTP_USER, …}}"
        report.add("J106", "e-mail leaves by smtp, and no host is given", place, label=label)
    said = catalogue.channels.get("smtp", {}).keys() & set(DKIM)
    if said and (missing := [name for name in DKIM if name not in said]):
        label = "write  dkim_domain: example.com, dkim_selector: s1, dkim_key: env.SMTP_DKIM_KEY"
        report.add("J106", f'mail is to be signed, and "{missing[0]}" is not said', place, label=label)


def _no_provider(said: Scalar, known: Collection[str], report: Report) -> None:
    near = nearest(said.text, known)
    label = f'did you mean "{near}"?' if near else f"there are: {', '.join(sorted(known))}"
    hint = f"or write it yourself, into {FOLDER}/{said.text}.yaml"
    fixes = (Suggestion(near),) if near else ()
    report.add("J501", f'there is no provider "{said.text}"', said.place, label=label, hint=hint, suggestions=fixes)


def _no_way(key: Scalar, known: Collection[str], report: Report) -> None:
    near = nearest(key.text, known)
    label = f'did you mean "{near}"?' if near else f"say who carries it, as in  {key.text}: {{provider: twilio, …}}"
    fixes = (Suggestion(near),) if near else ()
    report.add("J105", f'there is no way out "{key.text}"', key.place, label=label, suggestions=fixes)


def _setting(way: str, key: str, node: Node, report: Report) -> str | None:
    if key == "tls":
        return one_of(node, "tls", TLS, report)
    text = one_text(node, key, report)
    if text is None:
        return None
    if is_secret(key):
        return check_secret(text, f"{_shout(way)}_{_shout(key)}", report)
    if key == "port" and not text.text.startswith("env."):
        _check_port(text, report)
    return text.text


def _check_port(text: Scalar, report: Report) -> None:
    sound = text.text.isdigit() and 0 < int(text.text) < 65536  # noqa: PLR2004  # ports are two bytes
    if not sound:
        report.add("J184", f'"{text.text}" is not a port', text.place, label="often 587, 465 or 25")


def _shout(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
