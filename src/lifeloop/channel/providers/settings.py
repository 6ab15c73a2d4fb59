"""The settings of a way out, looked up: secrets from the environment, the rest from the project or a default."""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.channel.secret import looked_up
from lifeloop.journey.secrets import is_secret

EVERYWHERE = ("provider", "callback_secret", "former_callback_secret", "callback_topic", "callback_word")
"""Settings that every way out may have: which provider it is, and what proves that a callback comes from there.

``callback_topic``: the SNS topics that report for SES. ``callback_word``: what Meta asks for before it begins.
"""


class Incomplete(Exception):  # noqa: N818  # said of settings, it is the word
    """A setting is missing, or is none that the way out knows; the text says which and where."""


def resolved(
    way: str, takes: Mapping[str, str | None], given: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return every setting that the way out takes.

    Raises:
        Incomplete: a needed one is missing, or one cannot be used.
        Unset: one points to a variable that is not set.
    """
    found: dict[str, str] = {}
    for name, otherwise in takes.items():
        said = given.get(name, otherwise)
        if said is None:
            raise Incomplete(f"{way}: say '{name}' under 'channels' in lifeloop.yaml")
        found[name] = looked_up(said, environ)
        if is_secret(name) and not (found[name].isascii() and found[name].isprintable()):
            raise Incomplete(f"{way}: what the environment holds for '{name}' has characters that no key has")
    if unknown := [name for name in given if name not in takes and name not in EVERYWHERE]:
        raise Incomplete(f"{way}: '{unknown[0]}' is not one of its settings: {', '.join(takes)}")
    return found
