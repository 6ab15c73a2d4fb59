"""How wide words are without a font at hand: good enough to break lines and size boxes, and the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

NARROW = frozenset("iljtfrI.,:;'|!()[]/ -")
WIDE = frozenset("mwMW@%—")
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """A size in pixels, and whether it is bold, which runs a little wider."""

    size: float
    bold: bool = False

    def width(self, text: str) -> float:
        """Return about how wide a text is; fonts differ, so it reckons with a wide one."""
        return sum(_share(letter) for letter in text) * self.size * (1.08 if self.bold else 1.0)


def _share(letter: str) -> float:
    if letter in NARROW:
        return 0.38
    if letter in WIDE:
        return 0.95
    return 0.7 if letter.isupper() else 0.61


def wrapped(text: str, width: float, style: TextStyle, *, most: int) -> tuple[str, ...]:
    """Break a text into lines no wider than ``width``; what does not fit on ``most`` lines ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in _breakable(text, width, style):
        longer = f"{line} {word}".strip()
        if line and style.width(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], _shortened(" ".join(lines[most - 1 :]), width, style)]
    lines = [_shortened(said, width, style) if style.width(said) > width else said for said in lines]
    return tuple(lines)


def _breakable(text: str, width: float, style: TextStyle) -> list[str]:
    """Split at spaces; a single word that is too wide is split at its dots, dashes and slashes too."""
    words: list[str] = []
    for word in text.split():
        if style.width(word) <= width:
            words.append(word)
            continue
        for sign in "./-_":
            word = word.replace(sign, f"{sign}\0")  # noqa: PLW2901  # the word is being cut up, sign by sign
        words += _packed(word.split("\0"), width, style)
    return words


def _packed(pieces: list[str], width: float, style: TextStyle) -> list[str]:
    packed = [""]
    for piece in pieces:
        if packed[-1] and style.width(packed[-1] + piece) > width:
            packed.append("")
        packed[-1] += piece
    return packed


def _shortened(text: str, width: float, style: TextStyle) -> str:
    while text and style.width(text + ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS
