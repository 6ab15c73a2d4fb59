"""The mail providers that are written in Python, by the name a project calls them; loaded when one is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from lifeloop.channel.providers.provider import MailProvider

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
    return _class(name).TAKES


def provider(name: str, said: Mapping[str, str]) -> MailProvider:
    """Return a provider with its settings.

    Raises:
        Incomplete: a setting cannot be used, or a library is missing.
    """
    return _class(name)(said)


def _class(name: str) -> type[MailProvider]:
    found: type[MailProvider] = getattr(import_module(f"lifeloop.channel.providers.{name}"), CLASSES[name])
    return found
