"""The YAML parser's complaints in plain words: what an author did, not what a grammar expected."""

from __future__ import annotations

import re

import yaml

from lifeloop.journey.diagnostic import Place, Related, Suggestion
from lifeloop.journey.source import Report

_COLON = "there is a second colon in this line"
_NO_COLON = "this line has no colon"
_WORDS = (
    ("mapping values are not allowed", _COLON, 'put the text in quotes: "…"'),
    ("could not find expected ':'", _NO_COLON, "write  word: value"),
    ("did not find expected key", "this line does not line up with the ones above it", "check its indentation"),
    (
        "did not find expected '-' indicator",
        "this line does not line up with the list above it",
        "indent it like the line above, or put a dash in front",
    ),
    ("block sequence entries are not allowed", "a list cannot begin here", "begin the list on the next line"),
    ("found unexpected end of stream", "a quote is opened and never closed", "add the closing quote"),
    (
        "found unknown escape character",
        "a backslash in double quotes must be doubled",
        "write \\\\ or use single quotes",
    ),
    ("did not find expected ',' or ']'", "a comma or the closing ] is missing", "here at the latest"),
    ("did not find expected ',' or '}'", "a comma or the closing } is missing", "here at the latest"),
    ("did not find expected alphabetic or numeric", "a * or & begins a name in YAML", "put the text in quotes"),
    ("found character that cannot start any token", "a text cannot begin with this sign", "put the text in quotes"),
    ("did not find expected node content", "something is missing or too much here", "put the text in quotes"),
    (
        "did not find expected <document start>",
        "this line does not belong to what stands above it",
        "check its indentation",
    ),
    ("mapping keys are not allowed", "a word with a colon cannot begin here", "check the indentation"),
    ("found a tab character", "there is a tab in the indentation", "use spaces"),
)


def explain_syntax(error: yaml.MarkedYAMLError, text: str, file: str, report: Report) -> None:
    """Report what the parser stumbled over."""
    mark = error.problem_mark or error.context_mark
    lines = text.split("\n")
    row = min(mark.line if mark else 0, len(lines) - 1)
    column = mark.column if mark else 0
    if (tab := _tab(lines, row)) is not None:
        _report_tab(tab, lines[tab], file, report)
        return
    if _report_quote(error, lines, row, column, file, report):
        return
    words = _words(error)
    if words[0] == _COLON:
        _report_colon(lines, row, column, file, report)
        return
    sign = lines[row][column : column + 1]
    if words[0].startswith("a comma") and sign in ("[", "{") and re.search(r"[^\s,:\[{]$", lines[row][:column]):
        words = f"a text with {sign} in it needs quotes here", "put the whole text in quotes"
    if words[0] == _NO_COLON and error.context_mark:
        row, column = error.context_mark.line, error.context_mark.column
    while row and column == 0 and not lines[row].strip():
        row, column = row - 1, len(lines[row - 1])  # the end of the file: show the last line that says something
    place = _spot(file, row, column)
    report.add("J001", words[0], place, label=words[1], related=_context(error, place))


def _spot(file: str, row: int, column: int) -> Place:
    return Place(file, row + 1, column + 1, row + 1, column + 2)


def _words(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = error.problem or ""
    for sign, message, label in _WORDS:
        if sign in problem:
            return message, label
    return "this is not readable as YAML", "check quotes, colons and indentation around here"


def _tab(lines: list[str], row: int) -> int | None:
    """Return the row, here or one above, whose indentation has a tab in it."""
    for candidate in (row, row - 1):
        if 0 <= candidate < len(lines) and re.match(r" *\t", lines[candidate]):
            return candidate
    return None


def _report_tab(row: int, line: str, file: str, report: Report) -> None:
    at = line.index("\t") + 1
    end = len(line) - len(line.lstrip()) + 1
    place = Place(file, row + 1, at, row + 1, end)
    spaces = Suggestion("  " * (end - at), certain=True)
    report.add("J002", "there is a tab in the indentation", place, label="use two spaces", suggestions=(spaces,))


def _report_quote(
    error: yaml.MarkedYAMLError, lines: list[str], row: int, column: int, file: str, report: Report
) -> bool:
    """A quote that is never closed, or closed before the text ends: ``'it's'``."""
    opened = error.context_mark
    if opened and "quoted scalar" in (error.context or "") and "end of" in (error.problem or ""):
        place = _spot(file, opened.line, opened.column)
        report.add("J001", "a quote is opened here and never closed", place, label="add the closing quote")
        return True
    closed = re.search(r"([\"'])\s*$", lines[row][:column])
    if closed is None or not lines[row][column:].strip() or lines[row][column] in ",]}":
        return False
    sign = closed[1]
    label = f"inside the text write {sign * 2}" if sign == "'" else 'inside the text write \\"'
    report.add("J001", "the text goes on behind its closing quote", _spot(file, row, column), label=label)
    return True


def _report_colon(lines: list[str], row: int, column: int, file: str, report: Report) -> None:
    """A second ``: `` in a line is nearly always a text that needs quotes."""
    line = lines[row]
    value = re.match(r"\s*(?:- )*[\w.-]+:\s+(?=\S)", line)
    if value is None or column < value.end():
        _report_key(lines, row, file, report)
        return
    start, text = value.end(), line[value.end() :].rstrip()
    place = Place(file, row + 1, start + 1, row + 1, start + 1 + len(text))
    if text.endswith(":"):
        fix = (Suggestion(text[:-1].rstrip(), certain=True),)
        report.add("J001", "a colon too many", place, label=f"write {fix[0].text}", suggestions=fix)
        return
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    fix = (Suggestion(quoted, certain=True),)
    report.add("J001", "a text with a colon in it needs quotes", place, label=f"write {quoted}", suggestions=fix)


def _report_key(lines: list[str], row: int, file: str, report: Report) -> None:
    """A key that cannot stand here: the line above is no key, or this one is too deep."""
    above = next((n for n in range(row - 1, -1, -1) if lines[n].strip()), None)
    if above is not None and _indent(lines[above]) == _indent(lines[row]) and ":" not in lines[above]:
        place = Place(file, above + 1, _indent(lines[above]) + 1, above + 1, len(lines[above].rstrip()) + 1)
        report.add("J001", "this line has no colon", place, label="write  word: value")
        return
    key = re.match(r"\s*(?:- )*([\w.-]*)", lines[row])
    start, end = key.span(1) if key else (0, 1)
    place = Place(file, row + 1, start + 1, row + 1, max(end, start + 1) + 1)
    message = "this line is indented deeper than the line above allows"
    report.add("J001", message, place, label="check the indentation")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _context(error: yaml.MarkedYAMLError, place: Place) -> tuple[Related, ...]:
    mark = error.context_mark
    if mark is None or mark.line + 1 == place.line:
        return ()
    return (Related(_spot(place.file, mark.line, mark.column), "it belongs to what begins here"),)
