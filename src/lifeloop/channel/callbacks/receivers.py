"""Who may report what: for each way out, how its provider proves itself and how its words are read."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from lifeloop.channel.callbacks import (
    brevo,
    declared,
    mailgun,
    mailjet,
    postmark,
    proof,
    public_keys,
    resend,
    sendgrid,
    ses,
    sparkpost,
)
from lifeloop.channel.callbacks.public_keys import Fetch
from lifeloop.channel.callbacks.values import Post, Report
from lifeloop.channel.declared import Callbacks
from lifeloop.channel.declared_files import declared as declared_provider
from lifeloop.channel.secret import Secret, Unset, looked_up
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.ways import BUILT_IN, provider_of

Check = Callable[[Post, Instant], None]
Read = Callable[[Post], tuple[Report, ...]]

READERS: Mapping[str, Read] = {
    "brevo": brevo.read, "mailgun": mailgun.read, "mailjet": mailjet.read, "postmark": postmark.read,
    "resend": resend.read, "sendgrid": sendgrid.read, "ses": ses.read, "sparkpost": sparkpost.read,
}  # fmt: skip


class NotReady(Exception):  # noqa: N818  # said of a receiver, it is the word
    """Something is missing without which nothing can be proved; the text says what to set."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One way out, as far as it reports back."""

    way: str
    provider: str
    channel: str
    check: Check = field(repr=False)
    """Raises ``Refused`` unless a request comes from the provider."""
    read: Read
    """Raises ``Malformed`` when it comes from there and cannot be read."""
    handshake: str | None = field(default=None, repr=False)
    """The word that Meta asks for before it begins."""

    def answers(self, query: Mapping[str, str]) -> str | None:
        """Return what a provider wants to hear back when it tries the address first; None: it did not prove itself."""
        if query.get("hub.mode") != "subscribe" or self.handshake is None:
            return None
        fits = hmac.compare_digest(query.get("hub.verify_token", "").encode(), self.handshake.encode())
        return query.get("hub.challenge", "")[:200] if fits else None


def receiver(name: str, catalogue: Catalogue, environ: Mapping[str, str], fetch: Fetch) -> Receiver | None:
    """Return who reports under a name: that of a way out, or of the provider that only one way out takes.

    Raises:
        NotReady: its secret is not set.
    """
    way = _way(name, catalogue)
    if way is None:
        return None
    given, provider = catalogue.channels.get(way, {}), provider_of(way, catalogue)
    channel = "email" if way == catalogue.email else way
    try:
        if provider in READERS:
            return Receiver(way, provider, channel, _built_in(provider, given, environ, fetch), READERS[provider])
        found = declared_provider(provider, catalogue.root)
        if found is None or found.callbacks is None:
            return None
        check = _declared(found.callbacks, {**found.takes, **given}, environ)
        word = _handshake(found.callbacks, given, environ)
        return Receiver(way, provider, channel, check, partial(declared.read, found.callbacks), word)
    except Unset as problem:
        raise NotReady(f"{way}: {problem}; put it into the environment") from problem
    except NotReady as problem:
        raise NotReady(f"{way}: {problem}") from problem


def reports_back(way: str, catalogue: Catalogue) -> bool:
    """Tell whether the project takes what a way out reports: it says what proves it, or has a mailbox for SMTP."""
    given, name = catalogue.channels.get(way, {}), provider_of(way, catalogue)
    if way == "smtp":
        return "mailbox" in catalogue.channels
    if name in READERS:
        return bool(given.get("callback_topic" if name == "ses" else "callback_secret"))
    found = None if way == "inbox" else declared_provider(name, catalogue.root)
    return (
        found is not None
        and found.callbacks is not None
        and bool(given.get(found.callbacks.proof.get("secret", "callback_secret")))
    )


def _way(name: str, catalogue: Catalogue) -> str | None:
    ways = [way for way in {catalogue.email: None, **dict.fromkeys(catalogue.channels)} if way not in BUILT_IN]
    ways = [way for way in ways if way != "inbox"]
    if name in ways:
        return name
    of_provider = [way for way in ways if provider_of(way, catalogue) == name]
    return of_provider[0] if len(of_provider) == 1 else None


def _built_in(provider: str, given: Mapping[str, str], environ: Mapping[str, str], fetch: Fetch) -> Check:
    if provider == "ses":
        topics = [topic.strip() for topic in looked_up(given.get("callback_topic", ""), environ).split(",")]
        if not any(topics):
            raise NotReady("say under 'callback_topic' which SNS topic reports")
        return lambda post, now: public_keys.sns(post, [topic for topic in topics if topic], now, fetch)
    secrets = _secrets("callback_secret", given, environ)
    if provider == "sendgrid":
        keys = [Secret(key.strip()) for one in secrets for key in one.reveal().split(",")]
        return lambda post, now: public_keys.sendgrid(post, keys, now)
    if provider == "mailgun":
        return lambda post, now: proof.mailgun(post, secrets, now)
    if provider == "resend":
        return lambda post, now: proof.standard_webhooks(post, secrets, now, "svix")
    return lambda post, _now: proof.shared(post, secrets)


def _declared(callbacks: Callbacks, given: Mapping[str, str | None], environ: Mapping[str, str]) -> Check:
    how = callbacks.proof
    known = {name: text for name, text in given.items() if text}
    secrets = _secrets(how.get("secret", "callback_secret"), known, environ)
    match callbacks.scheme:
        case "header":
            return lambda post, _now: proof.header(post, secrets, how.get("header", proof.OWN_HEADER))
        case "basic":
            return lambda post, _now: proof.shared(post, secrets)
        case "hmac":
            return lambda post, now: proof.signed(post, secrets, now, how, callbacks.parts)
        case "twilio":
            return lambda post, _now: proof.twilio(post, secrets)
        case "meta":
            return lambda post, _now: proof.meta(post, secrets)
        case "bird":
            return lambda post, now: proof.bird(post, secrets, now)
        case "standard-webhooks":
            prefix = how.get("prefix", "webhook")
            return lambda post, now: proof.standard_webhooks(post, secrets, now, prefix)
        case _:
            return lambda post, _now: proof.in_address(post, secrets)


def _secrets(name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Secret, ...]:
    """Return the secret that a setting holds, and the one before it where a rotation is under way."""
    said = [given[key] for key in (name, f"former_{name}") if given.get(key)]
    if not said:
        raise NotReady(f"say '{name}', for example  {name}: env.CALLBACK_SECRET")
    return tuple(Secret(looked_up(each, environ)) for each in said)


def _handshake(callbacks: Callbacks, given: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    said = given.get(callbacks.proof.get("handshake", ""), "")
    return looked_up(said, environ) if said else None
