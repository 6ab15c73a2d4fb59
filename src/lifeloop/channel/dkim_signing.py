"""DKIM for mail that leaves by SMTP, where the mail server does not sign: the last thing that is done to a mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from lifeloop.channel.providers.settings import Incomplete
from lifeloop.channel.secret import looked_up

Sign = Callable[[bytes], bytes]
"""A mail's bytes to the same with a signature before them."""
SETTINGS = ("dkim_domain", "dkim_selector", "dkim_key")
SIGNED = (
    b"from", b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"content-language", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
    b"feedback-id", b"auto-submitted",
)  # fmt: skip
"""Said in full, for the library leaves out ``List-Unsubscribe-Post``, which RFC 8058 wants covered. Twice ``from``, so
that nobody can add another; a header that is not there is covered as well: it cannot be added either."""
TRIED = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\nHello\r\n"


def signer(settings: Mapping[str, str], environ: Mapping[str, str]) -> Sign:
    """Return what signs a mail with the project's key; without the settings a mail stays as it is.

    Raises:
        Incomplete: a setting or the library is missing, or the key is none.
        Unset: the key's variable is not set.
    """
    if not any(name in settings for name in SETTINGS):
        return bytes  # the same bytes
    if missing := [name for name in SETTINGS if name not in settings]:
        raise Incomplete(f"smtp: say '{missing[0]}' as well: domain, selector and key sign together")
    if find_spec("dkim") is None:
        raise Incomplete("smtp: signing needs a library; install it with Lifeloop:  pip install 'lifeloop[dkim]'")
    domain, selector, key = (looked_up(settings[name], environ) for name in SETTINGS)
    sign = _signing(domain.encode("idna"), selector.encode("ascii", "replace"), _pem(key))
    try:
        sign(TRIED)
    except Exception as problem:  # the library raises errors of many kinds, and each says that the key is none
        raise Incomplete("smtp: what 'dkim_key' leads to is no RSA private key in PEM form") from problem
    return sign


def _signing(domain: bytes, selector: bytes, key: bytes) -> Sign:
    dkim = import_module("dkim")
    relaxed = (b"relaxed", b"relaxed")

    def sign(raw: bytes) -> bytes:
        made: bytes = dkim.sign(
            raw, selector, domain, key, canonicalize=relaxed, include_headers=list(SIGNED), linesep=b"\r\n"
        )
        return made + raw

    return sign


def _pem(said: str) -> bytes:
    r"""Return the key: the variable holds it, its lines perhaps joined by ``\\n``, or names the file that does."""
    if said.startswith("-----BEGIN"):
        return said.replace("\\n", "\n").encode()
    try:
        return Path(said).read_bytes()
    except (OSError, ValueError) as problem:
        raise Incomplete("smtp: 'dkim_key' leads to neither a key in PEM form nor a file that can be read") from problem
