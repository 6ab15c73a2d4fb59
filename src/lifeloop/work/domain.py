"""Whether receivers will believe mail from a domain: SPF, DKIM, DMARC, where answers go, and who writes from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from lifeloop.channel.dns import Resolver
from lifeloop.journey.catalogue import Catalogue
from lifeloop.work.checking import Finding
from lifeloop.work.dkim_key import bits_of

MOST_LOOKUPS = 10
"""Questions that a receiver asks for one SPF record before it gives up (RFC 7208)."""
SHORTEST, ADVISED = 1024, 2048
_ASKS = frozenset({"a", "mx", "ptr", "exists"})
_POLICIES = {"none", "quarantine", "reject"}


def check_domain(domain: str, ask: Resolver, catalogue: Catalogue | None, selectors: Sequence[str]) -> list[Finding]:
    """Return what speaks for and against mail from this domain.

    Raises:
        Unasked: the name service could not be asked.
    """
    name = domain.strip().rstrip(".").lower()
    found = [*_spf(name, ask), *_dkim(name, ask, selectors), *_dmarc(name, ask), *_exchanges(name, ask)]
    return [*found, *_alignment(name, catalogue)] if catalogue is not None else found


def _spf(domain: str, ask: Resolver) -> Iterator[Finding]:
    records = _spf_records(domain, ask)
    if not records:
        yield Finding("wrong", f"{domain} has no SPF record", 'add a TXT record such as  "v=spf1 include:… -all"')
        return
    if len(records) > 1:
        yield Finding("wrong", f"{domain} has {len(records)} SPF records, so none counts", "join them into one")
        return
    lookups, broken = _lookups(domain, ask, frozenset())
    for each in broken:
        yield Finding("wrong", f"SPF of {domain} includes {each}, which has no SPF record", "take it out")
    if lookups > MOST_LOOKUPS:
        yield Finding("wrong", f"SPF of {domain} asks {lookups} questions; receivers stop at 10", "take includes out")
    terms = records[0].lower().split()[1:]
    if terms[-1:] and terms[-1] in ("+all", "all"):
        yield Finding("wrong", f"SPF of {domain} lets everybody send in its name", "end it with  -all")
    elif not any(term in ("-all", "~all") or term.startswith("redirect=") for term in terms):
        yield Finding("look", f"SPF of {domain} does not say what to do with others", "end it with  -all")
    elif lookups <= MOST_LOOKUPS and not broken:
        yield Finding("fine", f"SPF: one record, {lookups} of 10 questions")


def _spf_records(domain: str, ask: Resolver) -> list[str]:
    return [text for text in ask.ask(domain, "TXT") if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def _lookups(domain: str, ask: Resolver, above: frozenset[str]) -> tuple[int, list[str]]:
    """Return how many questions a record costs, with those of all it includes, and includes that lead nowhere."""
    count, broken = 0, []
    for term in (_spf_records(domain, ask) or [""])[0].lower().split()[1:]:
        word, _, target = re.sub(r"^[+~?-]", "", term).replace("=", ":", 1).partition(":")
        if word in ("include", "redirect") and target:
            count += 1
            if "%" in target or target in above or count > MOST_LOOKUPS:
                continue
            if not _spf_records(target, ask):
                broken.append(target)
            more, also = _lookups(target, ask, above | {domain, target})
            count, broken = count + more, broken + also
        elif word.partition("/")[0] in _ASKS:
            count += 1
    return count, broken


def _dkim(domain: str, ask: Resolver, selectors: Sequence[str]) -> Iterator[Finding]:
    if not selectors:
        yield Finding(
            "look", "DKIM was not checked: which selector signs is not known from outside", "--selector NAME, from the "
            "DKIM-Signature line of a mail of yours (s=NAME)",
        )  # fmt: skip
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        yield _key(selector, name, ask.ask(name, "TXT"))


def _key(selector: str, name: str, records: Sequence[str]) -> Finding:
    keys = [tags for text in records if "p" in (tags := _tags(text))]
    if not keys:
        return Finding("wrong", f"{name} holds no DKIM key", "add the TXT record that your provider shows")
    if len(keys) > 1:
        return Finding("wrong", f"{name} holds {len(keys)} DKIM keys; one belongs there", "take the old one out")
    tags = keys[0]
    if not tags["p"]:
        return Finding("wrong", f"the DKIM key {selector} is revoked", "sign with another selector")
    if tags.get("k", "rsa").lower() == "ed25519":
        return Finding("fine", f"DKIM {selector}: an Ed25519 key")
    bits = bits_of(tags["p"])
    if bits is None:
        return Finding("wrong", f"the DKIM key {selector} cannot be read", "copy the TXT record again, in one piece")
    if bits < SHORTEST:
        return Finding(
            "wrong", f"the DKIM key {selector} has {bits} bits; receivers want 1024", "make one of 2048 bits"
        )
    if bits < ADVISED:
        return Finding("look", f"the DKIM key {selector} has {bits} bits; 2048 are advised", "make one of 2048 bits")
    return Finding("fine", f"DKIM {selector}: a key of {bits} bits")


def _dmarc(domain: str, ask: Resolver) -> Iterator[Finding]:
    where, records = domain, _dmarc_records(domain, ask)
    while not records and where.count(".") > 1:
        where = where.partition(".")[2]
        records = _dmarc_records(where, ask)
    if len(records) != 1:
        said = "no DMARC record" if not records else f"{len(records)} DMARC records, so none counts"
        yield Finding("wrong", f"{domain} has {said}", f'one TXT record at _dmarc.{domain}:  "v=DMARC1; p=none; rua=…"')
        return
    tags = _tags(records[0])
    policy = tags.get("sp", tags.get("p", "")) if where != domain else tags.get("p", "")
    if policy.lower() not in _POLICIES:
        yield Finding("wrong", f"DMARC of {where} does not say what to do", "p=none, p=quarantine or p=reject")
    elif policy.lower() == "none":
        yield Finding("look", f"DMARC of {where} only watches (p=none)", "when reports look well:  p=quarantine")
    else:
        yield Finding("fine", f"DMARC of {where}: p={policy.lower()}")
    if "rua" not in tags:
        yield Finding("look", f"DMARC of {where} sends you no reports", "add  rua=mailto:dmarc@…")


def _dmarc_records(domain: str, ask: Resolver) -> list[str]:
    return [text for text in ask.ask(f"_dmarc.{domain}", "TXT") if _tags(text).get("v", "").upper() == "DMARC1"]


def _exchanges(domain: str, ask: Resolver) -> Iterator[Finding]:
    found = [record.split()[-1].rstrip(".") for record in ask.ask(domain, "MX") if record.split()]
    if not found:
        yield Finding("wrong", f"{domain} takes no mail: answers to yours get lost", "add an MX record")
    elif not any(found):
        yield Finding("wrong", f"{domain} says that it takes no mail", "take the empty MX record out")
    else:
        yield Finding("fine", f"answers arrive at {', '.join(sorted(found))}")


def _alignment(domain: str, catalogue: Catalogue) -> Iterator[Finding]:
    """Compare with who writes: DMARC asks that the address people see belongs to the domain that is checked."""
    ours = [one for one in catalogue.senders.values() if _belongs(one.domain, domain)]
    if not ours:
        yield Finding("wrong", f"no sender of this project writes from {domain}", "compare  senders:  in lifeloop.yaml")
    else:
        yield Finding("fine", f"senders that write from it: {', '.join(sorted(one.name for one in ours))}")
    for one in ours:
        other = (one.reply_to or one.address).rpartition("@")[2].lower()
        if not _belongs(other, domain):
            yield Finding("look", f'answers to "{one.name}" go to another domain, {other}')
    host = urlsplit(catalogue.web.address).hostname if catalogue.web.address else None
    if host and not _belongs(host, domain):
        yield Finding("look", f"links in mails lead to {host}, which is not part of {domain}", "web: {address: …}")


def _belongs(name: str, domain: str) -> bool:
    plain = name.lower().rstrip(".")
    return plain == domain or plain.endswith(f".{domain}")


def _tags(text: str) -> dict[str, str]:
    pairs: Iterable[tuple[str, str, str]] = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, equals, value in pairs if equals}
