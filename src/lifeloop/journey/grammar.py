"""The grammar of a condition, as a sentence: words in, a tree of words out. It knows no types and no catalogue.

A word of the language counts as such only where it can stand (the lexer is contextual), so most texts need no
quotes; where it can, it wins: ``is more`` begins ``is more than … ago``.
"""

from __future__ import annotations

from functools import cache

from lark import Lark

# A word goes on until a blank, a comma, a bracket, a quote or a sign of comparison.
_WORD = r"""[^\s,()"'\u201c\u201d=<>!]"""
KEYWORDS = frozenset((
    "above", "after", "ago", "and", "any", "at", "before", "below", "between", "bounced", "clicked",
    "contains", "did", "ever", "happen", "happened", "in", "is", "last", "least", "less", "missing", "more", "most",
    "not", "of", "one", "opened", "or", "present", "replied", "sent", "since", "start", "starts", "than", "the",
    "time", "times", "was", "where", "with", "within",
))  # fmt: skip

_RULES = r"""
?start: expression
?expression: primary | joined
joined: primary (joiner primary)+
joiner: AND | OR
?primary: "(" expression ")" -> grouped
    | NOT "(" expression ")" -> denied
    | ANY WORD IS PRESENT where? -> any_present
    | ANY WORD IS MISSING where? -> any_missing
    | subject IS value -> is_value
    | subject IS NOT value -> is_not_value
    | subject IS ONE OF values -> one_of
    | subject IS NOT ONE OF values -> not_one_of
    | subject IS AT LEAST value -> at_least
    | subject IS AT MOST value -> at_most
    | subject IS ABOVE value -> above
    | subject IS BELOW value -> below
    | subject IS BETWEEN value AND value -> between
    | subject IS PRESENT -> present
    | subject IS NOT MISSING -> present
    | subject IS MISSING -> missing
    | subject IS NOT PRESENT -> missing
    | subject IS MORE THAN words AGO -> more_ago
    | subject IS LESS THAN words AGO -> less_ago
    | subject IS MORE THAN value -> above
    | subject IS LESS THAN value -> below
    | subject IS WITHIN words -> within
    | subject IS BEFORE value -> before
    | subject IS AFTER value -> after
    | subject IS IN words -> in_segment
    | subject IS NOT IN words -> not_in_segment
    | subject CONTAINS value -> contains
    | subject STARTS WITH value -> starts_with
    | subject SIGN value -> signed
    | subject HAPPENED times? span? where? -> happened
    | subject DID NOT HAPPEN times? span? where? -> not_happened
    | subject WAS deed span? -> was
    | subject WAS NOT deed span? -> was_not
subject: WORD
deed: SENT | OPENED | CLICKED | REPLIED | BOUNCED
where: WHERE primary
times: AT LEAST WORD (TIMES | TIME)
span: IN THE LAST words -> last
    | WITHIN words -> within_start
    | SINCE THE START -> since_start
    | EVER -> ever
values: value ("," value)*
value: words | QUOTED
words: WORD+
SIGN: /==|!=|<>|>=|<=|=|>|</
QUOTED: /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\u201c[^\u201d]*\u201d/
%ignore /\s+/
"""


@cache
def sentence_parser() -> Lark:
    """Return the parser; built when the first condition is read."""
    keywords = "\n".join(f"{word.upper()}: /{word}(?!{_WORD})/i" for word in sorted(KEYWORDS))
    rules = f"{_RULES}\n{keywords}\nWORD.-1: /{_WORD}+/\n"
    return Lark(rules, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=False)
