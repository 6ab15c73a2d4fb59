"""Conditions: from the nodes of a file to a typed tree. A list means all; ``any``, ``all`` and ``none`` nest.

Sentences are read by ``lifeloop.journey.sentences``; here their names are looked up and their values typed.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from lark import Token, Tree

from lifeloop.journey.comparing import read_comparison
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Condition,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
)
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.jinja_in_condition import report_template
from lifeloop.journey.lengths import read_length
from lifeloop.journey.names import some
from lifeloop.journey.nearest import nearest
from lifeloop.journey.saying import say_condition
from lifeloop.journey.scope import Scope
from lifeloop.journey.sentences import read_sentence
from lifeloop.journey.source import Items, Map, Node, Report, Scalar, inside, part

__all__ = ["read_condition", "say_condition"]

_DEEDS = {"sent", "opened", "clicked", "replied", "bounced"}
_EXAMPLE = "for example  customer.plan is premium"


def read_condition(node: Node, scope: Scope, report: Report) -> Condition | None:
    """Return the condition written there; None, with every mistake in the report, when it is not sound."""
    match node:
        case Scalar():
            return _read_text(node, scope, report)
        case Items():
            return _join(AllOf, [read_condition(item, scope, report) for item in node.items], node.place, report)
        case Map():
            parts = [_read_entry(entry.key, entry.value, scope, report) for entry in node.entries]
            return _join(AllOf, parts, node.place, report)


def _read_entry(key: Scalar, value: Node, scope: Scope, report: Report) -> Condition | None:
    if key.text not in {"any", "all", "none"}:
        near = nearest(key.text, ("any", "all", "none"), {"or": "any", "and": "all", "not": "none", "either": "any"})
        label = f'did you mean "{near}"?' if near else _EXAMPLE
        fixes = (Suggestion(near),) if near else ()
        message = "a condition is a sentence, a list of them, or any:, all: or none: with a list"
        report.add("J119", message, key.place, label=label, suggestions=fixes)
        return None
    nodes = value.items if isinstance(value, Items) else (value,)
    parts = [read_condition(part, scope, report) for part in nodes]
    joined = _join(AllOf if key.text == "all" else AnyOf, parts, value.place, report)
    return Not(joined) if joined is not None and key.text == "none" else joined


def _join(kind: type[AllOf | AnyOf], parts: list[Condition | None], place: Place, report: Report) -> Condition | None:
    if not parts:
        report.add("J119", "a condition is missing here", place, label=_EXAMPLE)
    sound = [part for part in parts if part is not None]
    if not sound or len(sound) < len(parts):
        return None
    return sound[0] if len(sound) == 1 else kind(tuple(sound))


def _read_text(scalar: Scalar, scope: Scope, report: Report) -> Condition | None:
    if re.search(r"\{\{|\{%", scalar.text):
        report_template(scalar, lambda text, quiet: _read_text(text, scope, quiet), report)
        return None
    tree = read_sentence(scalar, report)
    return _Sentence(scalar, scope, report).read(tree) if tree is not None else None


class _Sentence:
    """One sentence being given its meaning in one scope."""

    def __init__(self, scalar: Scalar, scope: Scope, report: Report) -> None:
        self.scalar = scalar
        self.scope = scope
        self.report = report

    def read(self, tree: Tree[Token]) -> Condition | None:
        """Return the meaning of one node of the parse tree."""
        match tree.data:
            case "grouped":
                return self.read(_child(tree))
            case "denied":
                denied = self.read(_child(tree))
                return Not(denied) if denied is not None else None
            case "joined":
                return self._joined(tree)
            case "any_present" | "any_missing":
                return self._any_object(tree)
            case "happened" | "not_happened":
                return self._happened(tree)
            case "was" | "was_not":
                return self._message(tree)
            case "in_segment" | "not_in_segment":
                return self._segment(tree)
            case "is_value" | "is_not_value" if self._word(tree, "subject").text == "customer":
                return self._named(tree)
            case _:
                return read_comparison(tree, self.scalar, self.scope, self.report)

    def _joined(self, tree: Tree[Token]) -> Condition | None:
        joiners = [_tokens(child)[0] for child in tree.children if isinstance(child, Tree) and child.data == "joiner"]
        if len({word.type for word in joiners}) > 1:
            self._mixed(tree, joiners)
            return None
        parts = [self.read(child) for child in tree.children if isinstance(child, Tree) and child.data != "joiner"]
        sound = [part for part in parts if part is not None]
        if len(sound) < len(parts):
            return None
        return AllOf(tuple(sound)) if joiners[0].type == "AND" else AnyOf(tuple(sound))

    def _mixed(self, tree: Tree[Token], joiners: list[Token]) -> None:
        """Show the brackets that "and before or" would mean; which ones are meant only the author knows."""
        tokens = _tokens(tree)
        start, end = tokens[0].start_pos or 0, tokens[-1].end_pos or 0
        text, groups, position = self.scalar.text, [""], start
        for joiner in joiners:
            groups[-1] += text[position : joiner.start_pos]
            position = joiner.end_pos or 0
            if joiner.type == "AND":
                groups[-1] += str(joiner)
            else:
                groups.append("")
        groups[-1] += text[position:end]
        said = " or ".join(f"({group.strip()})" if " and " in group else group.strip() for group in groups)
        label = f"write, if that is meant:  {said}"
        message = '"and" and "or" in one sentence need brackets'
        self.report.add("J115", message, inside(self.scalar, start, end), label=label, suggestions=(Suggestion(said),))

    def _any_object(self, tree: Tree[Token]) -> Condition | None:
        kind = next(token for token in _tokens(tree) if token.type == "WORD")
        objects = self.scope.catalogue.objects
        known = objects.get(str(kind)) or objects.get(str(kind).removesuffix("s"))
        if known is None:
            self._unknown("J128", f'there is no kind of thing "{kind}"', kind, list(objects), "objects")
            return None
        sound, where = self._where(tree, self.scope.having(known.name, known.attributes))
        return AnyObject(known.name, tree.data == "any_missing", where) if sound else None

    def _happened(self, tree: Tree[Token]) -> Condition | None:
        name = self._word(tree, "subject")
        event = self.scope.catalogue.events.get(name.text)
        if event is None:
            names = list(self.scope.catalogue.events)
            self._unknown("J124", f'there is no event "{name.text}"', _tokens(tree)[0], names, "events")
        times, span = self._times(tree), self._span(tree)
        sound, where = self._where(tree, self.scope.having("event", event.attributes)) if event else (False, None)
        if not sound or times is None or span is None:
            return None
        return Happened(name.text, times, tree.data == "not_happened", span, where)

    def _where(self, tree: Tree[Token], scope: Scope) -> tuple[bool, Condition | None]:
        clause = next((child for child in _trees(tree) if child.data == "where"), None)
        if clause is None:
            return True, None
        condition = _Sentence(self.scalar, scope, self.report).read(_child(clause))
        return condition is not None, condition

    def _times(self, tree: Tree[Token]) -> int | None:
        clause = next((child for child in _trees(tree) if child.data == "times"), None)
        if clause is None:
            return 1
        word = next(token for token in _tokens(clause) if token.type == "WORD")
        if word.isdigit() and int(word) > 0:
            return int(word)
        self._report("J119", f'"{word}" is not a number of times', word, "write, for example, at least 2 times")
        return None

    def _span(self, tree: Tree[Token]) -> Span | None:
        for child in _trees(tree):
            match child.data:
                case "last" | "within_start":
                    length = read_length(self._piece(_child(child)), self.report)
                    return Span("last" if child.data == "last" else "within", length) if length else None
                case "since_start":
                    return Span("start")
                case "ever":
                    return Span("ever")
                case _:
                    pass
        return Span()

    def _message(self, tree: Tree[Token]) -> Condition | None:
        pattern = self._word(tree, "subject")
        known, span = self.scope.messages, self._span(tree)
        if known is not None and not any(fnmatchcase(name, pattern.text) for name in known):
            folder = pattern.text.rpartition("/")[0]
            near = nearest(pattern.text, known)
            siblings = sorted(name.rpartition("/")[2] for name in known if name.rpartition("/")[0] == folder)
            there = f"  (templates/{folder}/ has: {some(siblings)})" if siblings else ""
            label = f'did you mean "{near}"?{there}' if near else there.strip() or "no template has this name"
            fixes = (Suggestion(near),) if near else ()
            message = f'there is no message "{pattern.text}"'
            self.report.add("J121", message, pattern.place, label=label, suggestions=fixes)
            return None
        deed = str(_tokens(_below(tree, "deed"))[0]).lower()
        assert deed in _DEEDS  # noqa: S101  # the grammar has no others
        return MessageWas(pattern.text, deed, tree.data == "was_not", span) if span else None  # type: ignore[arg-type]

    def _segment(self, tree: Tree[Token]) -> Condition | None:
        subject, name = self._word(tree, "subject"), self._piece(_below(tree, "words"))
        segments = self.scope.catalogue.segments
        if subject.text != "customer":
            label = f'write  is one of {name.text}  or, for the text, "in {name.text}"'
            message = f"only the customer can be in a segment, not {subject.text}"
            self.report.add("J114", message, name.place, label=label)
            return None
        if name.text not in segments:
            words = _below(tree, "words")
            self._unknown("J125", f'there is no segment "{name.text}"', _tokens(words)[0], list(segments), "segments")
            return None
        return InSegment(name.text, tree.data == "not_in_segment")

    def _named(self, tree: Tree[Token]) -> Condition | None:
        word = self._piece(_below(tree, "value"))
        catalogue = self.scope.catalogue
        if word.text in catalogue.predicates:
            return Named(word.text, tree.data == "is_not_value")
        if word.text in catalogue.segments:
            fixed = f"in {word.text}"
            message = f'"{word.text}" is a segment: customers are in it'
            fix = (Suggestion(fixed, certain=True),)
            self.report.add("J125", message, word.place, label=f"write {fixed}", suggestions=fix)
            return None
        message = f'"customer is {word.text}" means nothing here'
        label = "name a piece of data, for example  customer.plan is …"
        near = nearest(word.text, [*catalogue.predicates, *(f"in {name}" for name in catalogue.segments)])
        fixes = (Suggestion(near),) if near else ()
        self.report.add(
            "J125", message, word.place, label=f'did you mean "{near}"?' if near else label, suggestions=fixes
        )
        return None

    def _unknown(self, code: str, message: str, token: Token, names: list[str], section: str) -> None:
        near = nearest(str(token), names)
        label = f'did you mean "{near}"?' if near else f"{section} are: {some(sorted(names))}" if names else ""
        fixes = (Suggestion(near),) if near else ()
        hint = "" if near else f"or declare it in lifeloop.yaml, under {section}:"
        place = inside(self.scalar, token.start_pos or 0, token.end_pos or 0)
        self.report.add(code, message, place, label=label, suggestions=fixes, hint=hint)

    def _report(self, code: str, message: str, token: Token, label: str) -> None:
        place = inside(self.scalar, token.start_pos or 0, token.end_pos or 0)
        self.report.add(code, message, place, label=label)

    def _word(self, tree: Tree[Token], name: str) -> Scalar:
        return self._piece(_below(tree, name))

    def _piece(self, tree: Tree[Token]) -> Scalar:
        tokens = _tokens(tree)
        return part(self.scalar, tokens[0].start_pos or 0, tokens[-1].end_pos)


def _tokens(tree: Tree[Token]) -> list[Token]:
    found = tree.scan_values(lambda leaf: isinstance(leaf, Token))
    return sorted(found, key=lambda token: token.start_pos or 0)


def _below(tree: Tree[Token], name: str) -> Tree[Token]:
    return next(child for child in _trees(tree) if child.data == name)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _child(tree: Tree[Token]) -> Tree[Token]:
    return _trees(tree)[0]
