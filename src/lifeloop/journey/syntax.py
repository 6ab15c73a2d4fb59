"""The YAML parser's complaints in plain words: what an author did, not what a grammar expected."""

from __future__ import annotations

import re

import yaml

from lifeloop.journey.diagnostic import Place, Related, Suggestion
from lifeloop.journey.source import Report

_WORDS = (
    ("mapping values are not allowed", "there is a second colon in this line", 'put the text in quotes: "…"'),
    ("could not find expected ':'", "this line has no colon", "write  word: value"),
    ("did not find expected key", "this line does not line up with the ones above it", "check its indentation"),
    ("did not find expected '-' indicator", "this line does not line up with the list above it", "a dash is missing"),
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
    quote = _open_quote(error)
    if quote is not None:
        place = Place(file, quote[0] + 1, quote[1] + 1, quote[0] + 1, quote[1] + 2)
        report.add("J001", "a quote is opened here and never closed", place, label="add the closing quote")
        return
    if "second colon" in (words := _words(error))[0]:
        _report_colon(lines[row], row, column, file, report)
        return
    while row and column == 0 and not lines[row].strip():
        row, column = row - 1, len(lines[row - 1])  # the end of the file: show the last line that says something
    place = Place(file, row + 1, column + 1, row + 1, column + 2)
    report.add("J001", words[0], place, label=words[1], related=_context(error, file))


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


def _open_quote(error: yaml.MarkedYAMLError) -> tuple[int, int] | None:
    if "quoted scalar" in (error.context or "") and "end of" in (error.problem or "") and error.context_mark:
        return error.context_mark.line, error.context_mark.column
    return None


def _report_colon(line: str, row: int, column: int, file: str, report: Report) -> None:
    """A second ``: `` in a line is nearly always a text that needs quotes."""
    place = Place(file, row + 1, column + 1, row + 1, column + 2)
    value = re.match(r"\s*(?:- )*[\w.-]+:\s+(?=\S)", line)
    if value is None or column < value.end():
        report.add(
            "J001", "this line is indented deeper than the line above allows", place, label="check the indentation"
        )
        return
    start, text = value.end(), line[value.end() :].rstrip()
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    whole = Place(file, row + 1, start + 1, row + 1, start + 1 + len(text))
    message = "a text with a colon in it needs quotes"
    report.add("J001", message, whole, label=f"write {quoted}", suggestions=(Suggestion(quoted, certain=True),))


def _context(error: yaml.MarkedYAMLError, file: str) -> tuple[Related, ...]:
    mark, problem = error.context_mark, error.problem_mark
    if mark is None or problem is None or mark.line == problem.line:
        return ()
    place = Place(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    return (Related(place, "it belongs to what begins here"),)
