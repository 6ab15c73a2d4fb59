"""Text in a mail: words of headers (RFC 2047) and bodies (RFC 2045), in ASCII and in lines that every relay lets be."""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp

LONGEST = 998
WORD = 63
"""Encoded letters in one word of a header: with what stands around them it has no more than 75."""
NOT_IN_WORDS = re.compile(rb"[^A-Za-z0-9!*+/ -]")
BREAKS = re.compile(r"\r\n?")
NOT_AS_IT_IS = re.compile(r"[^\t\n -~]")


def words(text: str) -> str:
    """Encode a text for a header, each word the shorter way; characters are never cut.

    Raises:
        UnicodeError: the text holds half a character.
    """
    if len(whole := _word(text)) <= WORD + 12:
        return whole
    found, begun = [], ""
    for letter in text:
        if len(_word(begun + letter)) > WORD + 12:
            found.append(_word(begun))
            begun = ""
        begun += letter
    return " ".join([*found, _word(begun)])


def body(text: str) -> tuple[bytes, bytes]:
    """Return how a body is encoded, and its bytes: as it is if it can be, else quoted-printable.

    Raises:
        UnicodeError: the text holds half a character.
    """
    lines = _breaks(text)
    if not NOT_AS_IT_IS.search(lines) and max(map(len, lines.split("\n"))) <= LONGEST:
        return b"7bit", lines.replace("\n", "\r\n").encode()
    return b"quoted-printable", _quoted(lines)


def quoted(text: str) -> bytes:
    """Return a body as quoted-printable, whatever it holds."""
    return _quoted(_breaks(text))


def _breaks(text: str) -> str:
    lines = BREAKS.sub("\n", text) if "\r" in text else text
    return lines if lines.endswith("\n") else f"{lines}\n"


def _quoted(lines: str) -> bytes:
    return b2a_qp(lines.replace("\n", "\r\n").encode())


def _word(text: str) -> str:
    raw = text.encode()
    odd = len(NOT_IN_WORDS.findall(raw))
    if len(raw) + 2 * odd <= (len(raw) + 2) // 3 * 4:
        spelt = NOT_IN_WORDS.sub(lambda found: b"=%02X" % found[0][0], raw).replace(b" ", b"_")
        return f"=?utf-8?q?{spelt.decode()}?="
    return f"=?utf-8?b?{b2a_base64(raw, newline=False).decode()}?="
