"""Whether letters can be read on their background: the contrast of WCAG, from colours written into the elements."""

from __future__ import annotations

import re

LEAST = 4.5
"""What WCAG asks of text of ordinary size."""
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\Z", re.IGNORECASE)
_NAMED = {"white": "#ffffff", "black": "#000000"}
Colour = tuple[int, int, int]


def colour(text: str | None) -> Colour | None:
    """Return a colour written as ``#abc``, ``#aabbcc``, white or black; None for any other way to write one."""
    written = _NAMED.get((text or "").strip().lower(), (text or "").strip())
    found = _HEX.match(written)
    if found is None:
        return None
    digits = found[1] if len(found[1]) == len("aabbcc") else "".join(digit * 2 for digit in found[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, from 1 (the same) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(of: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in of)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  # the formula's own
