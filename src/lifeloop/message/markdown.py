"""Markdown with hidden Jinja to HTML: CommonMark, tables, and ``[text](address){.button}``.

A statement on a line of its own between the items of a list or the rows of a table belongs to that list or table;
anywhere else it stands between paragraphs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from mdit_py_plugins.attrs import attrs_plugin

from lifeloop.message.syntax import keyword
from lifeloop.message.tokens import Tokens

_ATTRIBUTES = ("class", "width", "height", "align", "title", "lang")
_ALONE = re.compile(r"[ \t]*((?:qj\d+zx[ \t]*)+)\Z")
_ITEM = re.compile(r"([ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\S")
_LI = re.compile(r"<li>\s*(?:<p>)?\s*((?:qj\d+zx\s*)+)(?:</p>)?\s*</li>")
_TR = re.compile(r"<tr>\s*<td[^>]*>((?:qj\d+zx\s*)+)</td>(?:\s*<td[^>]*></td>)*\s*</tr>")
_WHOLE = re.compile(r"<p>qj(\d+)zx((?:(?!<p>|</p>).)*)qj(\d+)zx</p>", re.DOTALL)
_BUTTON = re.compile(r'<p>(<a\b[^>]*class="[^"]*\bbutton\b[^"]*"[^>]*>.*?</a>)</p>')


def to_html(text: str, tokens: Tokens) -> str:
    """Return the HTML of a Markdown text."""
    html: str = _markdown().render(_place_statements(text, tokens))
    html = _LI.sub(lambda found: _bare(found, tokens), html)
    html = _TR.sub(lambda found: _bare(found, tokens), html)
    html = _WHOLE.sub(lambda found: _around(found, tokens), html).replace("<table>", '<table class="figures">')
    return _BUTTON.sub(r'<table role="presentation" class="button-box"><tr><td>\1</td></tr></table>', html)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True, "breaks": True})
    return markdown.enable(["table", "strikethrough"]).use(attrs_plugin, allowed=_ATTRIBUTES)


def _bare(found: re.Match[str], tokens: Tokens) -> str:
    """Return an item or row that held nothing but statements as those statements."""
    numbers = re.findall(r"qj(\d+)zx", found[1])
    if not all(tokens.is_statement(number) for number in numbers):
        return found.group()
    return "".join(f"<!--qj{number}zx-->" for number in numbers)


def _around(found: re.Match[str], tokens: Tokens) -> str:
    """Return a paragraph that is one whole ``if`` as an ``if`` around the paragraph, so that none is left empty."""
    depth, numbers = 0, re.findall(r"qj(\d+)zx", found.group())
    for index, number in enumerate(numbers):
        piece = tokens.piece(number)
        word = keyword(piece) if piece else ""
        depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(word, 0)
        is_last = index == len(numbers) - 1
        if (depth == 0) != is_last or (depth == 1 and word in {"else", "elif"}):
            return found.group()
    return f"<!--qj{numbers[0]}zx--><p>{found[2]}</p><!--qj{numbers[-1]}zx-->"


@dataclass(slots=True)
class _Line:
    """One line of Markdown: its text, and what it is for the statements around it."""

    text: str
    kind: str
    words: tuple[str, ...] = ()
    marker: str = ""


def _place_statements(text: str, tokens: Tokens) -> str:
    lines = [_line(line, tokens) for line in text.split("\n")]
    inside = _inside(lines, tokens)
    return "\n".join(_written(line, inside.get(index)) for index, line in enumerate(lines))


def _line(text: str, tokens: Tokens) -> _Line:
    alone = _ALONE.match(text)
    numbers = tuple(re.findall(r"qj(\d+)zx", alone[1])) if alone else ()
    if numbers and all(tokens.is_statement(number) for number in numbers):
        return _Line(text, "statement", numbers)
    if text.lstrip().startswith("|"):
        return _Line(text, "row")
    item = _ITEM.match(text)
    if item:
        return _Line(text, "item", marker=item[1])
    return _Line(text, "blank" if not text.strip() else "indented" if text[0] in " \t" else "text")


def _written(line: _Line, inside: str | None) -> str:
    if line.kind != "statement":
        return line.text
    words = "".join(f"qj{word}zx" for word in line.words)
    if inside is None:
        return "".join(f"<!--qj{word}zx-->" for word in line.words)
    return f"| {words} |" if inside == "|" else f"{inside}{words}"


def _inside(lines: list[_Line], tokens: Tokens) -> dict[int, str]:
    """Return the statement lines that stand inside a list or a table, with the marker to write before them."""
    inside: dict[int, str] = {}
    for block in _blocks(lines, tokens):
        first, last = block[0], block[-1]
        marker = _marker(lines, first, last, tokens)
        if marker is not None:
            inside.update(dict.fromkeys(block, marker))
    # A line with several statements is inside only when all of their blocks are.
    outside = {index for block in _blocks(lines, tokens) if block[0] not in inside for index in block}
    return {index: marker for index, marker in inside.items() if index not in outside}


def _blocks(lines: list[_Line], tokens: Tokens) -> list[list[int]]:
    """Return each ``if`` or ``for`` block as the numbers of the lines that its statements stand on."""
    open_: list[list[int]] = []
    closed: list[list[int]] = []
    for index, line in enumerate(lines):
        for number in re.findall(r"qj(\d+)zx", line.text):
            piece = tokens.piece(number)
            word = keyword(piece) if piece else ""
            where = index if line.kind == "statement" else -1
            if word in {"if", "for"}:
                open_.append([where])
            elif word in {"elif", "else"} and open_:
                open_[-1].append(where)
            elif word in {"endif", "endfor"} and open_:
                closed.append([*open_.pop(), where])
    return [block for block in closed if -1 not in block]


def _marker(lines: list[_Line], first: int, last: int, tokens: Tokens) -> str | None:
    """Return the marker of the list or table that a block is inside of; None when it is around, or elsewhere."""
    before = _near(lines, first, -1)
    kinds = {line.kind for line in lines[first : last + 1]} - {"statement"}
    if before is not None and before.kind == "row" and kinds <= {"row"}:
        return "|"
    if not kinds <= {"item", "indented"} or "item" not in kinds:
        return None
    if before is not None and before.kind in {"item", "indented"}:
        return next((line.marker for line in lines[first:last] if line.marker), None)
    piece = tokens.piece(lines[first].words[-1])
    after = _near(lines, first, 1)
    return after.marker if piece and keyword(piece) == "for" and after and after.kind == "item" else None


def _near(lines: list[_Line], index: int, step: int) -> _Line | None:
    """Return the next line in one direction that is not a statement."""
    index += step
    while 0 <= index < len(lines) and lines[index].kind == "statement":
        index += step
    return lines[index] if 0 <= index < len(lines) else None
