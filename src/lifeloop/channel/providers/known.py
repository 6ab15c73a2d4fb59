"""The mail providers that are written in Python, by the name a project calls them; loaded when one is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from lifeloop.channel.providers.provider import Provider

CLASSES = {
    "brevo": "Brevo",
    "mailgun": "Mailgun",
    "mailjet": "Mailjet",
    "postmark": "Postmark",
    "resend": "Resend",
    "sendgrid": "SendGrid",
    "ses": "Ses",
    "sparkpost": "SparkPost",
}


def takes(name: str) -> Mapping[str, str | None]:
    """Return the settings of a provider."""
    found: Mapping[str, str | None] = _class(name).TAKES
    return found


def provider(name: str, said: Mapping[str, str]) -> Provider:
    """Return a provider with its settings.

    Raises:
        Incomplete: a setting cannot be used, or a library is missing.
    """
    make: Callable[[Mapping[str, str]], Provider] = _class(name)
    return make(said)


def _class(name: str) -> type[Provider]:
    found: type[Provider] = getattr(import_module(f"lifeloop.channel.providers.{name}"), CLASSES[name])
    return found
