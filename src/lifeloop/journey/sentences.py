"""One sentence to a tree of its words, or to a diagnostic that says which word did not fit, and why."""

from __future__ import annotations

import re

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.grammar import KEYWORDS, sentence_parser
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report, Scalar, inside

LONGEST_SENTENCE = 4000
"""Letters; a longer sentence is no sentence."""

_PHRASES = {
    "more": "is more than … ago",
    "less": "is less than … ago",
    "at": "is at least …",
    "one": "is one of …",
    "above": "is above …",
    "below": "is below …",
    "between": "is between … and …",
    "in": "is in …",
    "within": "is within …",
    "before": "is before …",
    "after": "is after …",
    "not": "is not …",
    "present": "is present",
    "missing": "is missing",
    "where": "… where …",
    "ago": "is more than … ago",
}
_MEANINGS = {
    **dict.fromkeys(("equals", "equal", "eq", "are", "be", "being", "matches"), "is"),
    **dict.fromkeys(("has", "have", "includes", "include", "containing", "like"), "contains"),
    **dict.fromkeys(("exists", "exist", "known", "set"), "is present"),
    **dict.fromkeys(("occurred", "happens", "happen", "occurs", "came"), "happened"),
    **dict.fromkeys(("begins", "startswith"), "starts with"),
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
}
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_PREDICATES = ("is", "contains", "starts", "happened", "did", "was")


def read_sentence(scalar: Scalar, report: Report) -> Tree[Token] | None:
    """Return the tree of one sentence; None, with a diagnostic, when it is not one."""
    text = scalar.text
    if not text.strip():
        report.add("J119", "a condition is missing here", scalar.place, label="for example  customer.plan is premium")
        return None
    if len(text) > LONGEST_SENTENCE:
        label = "make it a list: one line for each part"
        report.add("J119", "this condition is too long to be read", scalar.place, label=label)
        return None
    if _foreign_joiner(scalar, report):
        return None
    try:
        return sentence_parser().parse(text)
    except UnexpectedInput as error:
        _explain(scalar, error, report)
        return None


def _explain(scalar: Scalar, error: UnexpectedInput, report: Report) -> None:
    if _contraction(scalar, report):
        return
    if isinstance(error, UnexpectedCharacters):
        _explain_character(scalar, error, report)
        return
    if not isinstance(error, UnexpectedToken):
        report.add("J119", "this condition cannot be understood", scalar.place)
        return
    before = _word_before(error)
    if _word_as_text(scalar, error.token, before, report):
        return
    _explain_word(scalar, error.token, before, report)


def _foreign_joiner(scalar: Scalar, report: Report) -> bool:
    bare = _QUOTED.sub(lambda quoted: "-" * len(quoted[0]), scalar.text)
    found = re.search(r"(?<!\S)(&&?|\|\|?)(?!\S)", bare)
    if found is None:
        return False
    word = _MEANINGS[found[1]]
    place = inside(scalar, found.start(), found.end())
    message = f'conditions are sentences: "{found[1]}" is written "{word}"'
    report.add("J119", message, place, label=f"write {word}", suggestions=(Suggestion(word, certain=True),))
    return True


def _contraction(scalar: Scalar, report: Report) -> bool:
    found = re.search(r"(?<!\S)(is|was|did)n['\u2019]t(?!\S)", scalar.text, re.IGNORECASE)
    if found is None:
        return False
    words = f"{found[1].lower()} not"
    place = inside(scalar, found.start(), found.end())
    fix = (Suggestion(words, certain=True),)
    report.add("J119", f'"{found[0]}" is written in full here', place, label=f"write {words}", suggestions=fix)
    return True


def _explain_character(scalar: Scalar, error: UnexpectedCharacters, report: Report) -> None:
    lines = scalar.text.split("\n")
    at = sum(len(line) + 1 for line in lines[: error.line - 1]) + error.column - 1
    sign = scalar.text[at : at + 1]
    place = inside(scalar, at, at + 1)
    if re.search(r"\w$", scalar.text[:at]) and re.match(r"['\u2019]\w", scalar.text[at:]):
        report.add("J119", "an apostrophe cannot stand in the middle of a word", place, label="put the text in quotes")
    elif sign in "\"'\u201c\u201d":
        report.add("J119", "a quote is opened here and never closed", place, label="add the closing quote")
    else:
        report.add("J119", f'"{sign}" has no meaning in a condition', place, label="put a text in quotes")


def _word_before(error: UnexpectedToken) -> list[Token]:
    """Return the words read so far, the last one last."""
    words: list[Token] = []
    for item in error.interactive_parser.parser_state.value_stack:
        words += item.scan_values(lambda leaf: isinstance(leaf, Token)) if isinstance(item, Tree) else [item]
    return words


def _word_as_text(scalar: Scalar, token: Token, before: list[Token], report: Report) -> bool:
    """``is more`` where a text was meant: a word of the language needs quotes to be one (J114)."""
    at = max((i for i, word in enumerate(before) if word.type == "IS"), default=-1)
    value = before[at + 1 :]
    if at < 0 or any(word.type in {"AND", "OR", "QUOTED", "SIGN"} for word in value):
        return False
    words = value if value and value[-1].end_pos != token.start_pos else value[:-1]
    if token.type in _KEYWORD_TYPES and token.type not in {"AND", "OR", "IS", "NOT"} and value:
        words = [*value, token]
    own = next((word for word in words if word.lower() in _PHRASES and word.type != "WORD"), None)
    if own is None or not _could_be_text(token, words):
        return False
    end = _end_of_value(scalar.text, words[-1].end_pos or 0)
    start = next(word for word in value if word.type != "NOT" or len(value) == 1).start_pos or 0
    quoted = f'"{scalar.text[start:end].strip()}"'
    message = f'I read "{own}" as part of "{_PHRASES[own.lower()]}"'
    label = f"if you mean the text, put it in quotes: {quoted}"
    if own.type == "IN":
        label = f"write  is one of {scalar.text[own.end_pos or 0 :].strip()}  or, for the text, {quoted}"
    fix = (Suggestion(quoted, certain=not scalar.quoted and own.type != "IN"),)
    report.add("J114", message, inside(scalar, start, end), label=label, suggestions=fix)
    return True


_KEYWORD_TYPES = {word.upper() for word in KEYWORDS}


def _could_be_text(token: Token, words: list[Token]) -> bool:
    """A length or number that lacks its end (``is more than 30 and …``) is another mistake than a text."""
    return token.type in {"$END", "AND", "OR", "RPAR", "WORD", "COMMA"} or token in words


def _end_of_value(text: str, position: int) -> int:
    found = re.compile(r"\s+(?:and|or|where)\s|\)|,|$", re.IGNORECASE).search(text, position)
    return found.start() if found else len(text)


def _explain_word(scalar: Scalar, token: Token, before: list[Token], report: Report) -> None:
    last = before[-1] if before else None
    if token.type == "$END":
        end = len(scalar.text.rstrip())
        message, label = _unfinished(last, before)
        report.add("J119", message, inside(scalar, max(end - 1, 0), end), label=label)
        return
    place = inside(scalar, token.start_pos or 0, token.end_pos or len(scalar.text))
    word = nearest(str(token), _PREDICATES, _MEANINGS) or _MEANINGS.get(token.lower())
    if last is not None and last.type == "WORD" and word and token.type == "WORD":
        message = f'"{token}" is not a word of conditions'
        report.add("J119", message, place, label=f'did you mean "{word}"?', suggestions=(Suggestion(word),))
    elif last is not None and last.type == "NOT":
        report.add("J119", 'what "not" denies stands in brackets', place, label="write  not (…)")
    elif last is not None and last.type in {"AND", "OR"}:
        message = f'after "{last}" a whole condition must follow'
        report.add("J119", message, place, label="for example  customer.plan is premium")
    elif token.type == "RPAR":
        report.add("J119", "this bracket closes nothing", place, label="remove it, or open one before")
    elif last is not None and last.type == "WORD":
        label = "here may stand: is, is not, is one of, contains, happened, was sent, …"
        report.add("J119", f'I do not understand "{token}" here', place, label=label)
    else:
        report.add("J119", f'I do not understand "{token}" here', place)


def _unfinished(last: Token | None, before: list[Token]) -> tuple[str, str]:
    kinds = [word.type for word in before]
    match last.type if last else "":
        case "WORD" if "OR" in kinds[-2:]:
            return "this condition stops too early", "or, when two values are meant:  is one of a, b"
        case "WORD" if len(kinds) == 1 or kinds[-2] in {"AND", "LPAR"}:
            return f"what about {last}?", f"for example  {last} is present"
        case "AND" | "OR":
            return f'after "{last}" a whole condition must follow', "it is missing here"
        case "MORE" | "LESS" | "THAN":
            return "this condition stops too early", "than what?"
        case "IS" | "CONTAINS" | "WITH" | "SIGN" | "LEAST" | "MOST" | "OF":
            return "a value is missing at the end", "for example  customer.plan is premium"
        case _ if kinds.count("LPAR") > kinds.count("RPAR"):
            return "a bracket is opened and never closed", "add the closing bracket"
        case _:
            return "this condition stops too early", "something is missing at the end"
