"""What a text may say in Jinja: an allow-list of constructs, filters, tests and calls. Everything else is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from lifeloop.journey.nearest import nearest
from lifeloop.message.filters import FILTERS

CALLS = frozenset({"link"})
_INNER = frozenset({"counted", "joined", "listed"})  # put in by us when a template is compiled

_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.If,
    nodes.For,
    nodes.Assign,
    nodes.List,
    nodes.Tuple,
    nodes.Keyword,
)
_TESTS = frozenset({"defined", "undefined", "number", "string", "even", "odd", "divisibleby"})
_BY_ATTRIBUTE = frozenset({"map", "sum", "sort", "min", "max", "unique"})
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Import: "a text cannot import another one; what all mails share stands in the layout",
    nodes.FromImport: "a text cannot import another one; what all mails share stands in the layout",
    nodes.Include: "a text cannot include another file; what all mails share stands in the layout",
    nodes.Extends: 'a text names its layout above, as "layout: brand", instead of {% extends %}',
    nodes.Block: "{% block %} has no meaning here; the layout holds what all mails share",
    nodes.Macro: "{% macro %} is not for texts",
    nodes.CallBlock: "{% call %} is not for texts",
    nodes.FilterBlock: "{% filter %} is not for texts; write the filter behind the name: {{ name | upper }}",
    nodes.AssignBlock: "{% set %} needs its value on the same line: {% set word = … %}",
    nodes.Pow: '"**" is not for texts',
    nodes.Dict: "a text cannot build its own records; keep the data with the customer",
    nodes.Slice: "a text cannot cut pieces out of data; use  | truncate(20)  or  | first",
    nodes.ScopedEvalContextModifier: "escaping cannot be switched off: it protects every reader of the mail",
    nodes.EvalContextModifier: "escaping cannot be switched off: it protects every reader of the mail",
}
_OTHER = {
    "safe": "escaping cannot be switched off: it protects every reader of the mail",
    "format": 'write  {{ "a" ~ b }}  to join texts, and  | number  or  | money  for figures',
    "strftime": 'write  | date("d MMMM")',
    "currency": "write  | money",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """One construct that a text may not use. ``word`` is what to look for in the source."""

    message: str
    word: str = ""
    suggestion: str | None = None


def refusals(tree: nodes.Node) -> Iterator[Refused]:
    """Return everything in a parsed template that is not on the allow-list."""
    if not isinstance(tree, _NODES):
        yield Refused(_WORDS.get(type(tree), f"{type(tree).__name__} is not for texts"))
        return
    yield from _of(tree)
    for child in tree.iter_child_nodes():
        yield from refusals(child)


def _of(node: nodes.Node) -> Iterator[Refused]:
    match node:
        case nodes.Name(name=name):
            yield from _name(name)
        case nodes.Getattr(attr=attr):
            yield from _name(attr)
        case nodes.Getitem():
            yield from _item(node)
        case nodes.Filter():
            yield from _filter(node)
        case nodes.Test(name=test):
            if test not in _TESTS:
                yield Refused(f'there is no test "is {test}"', test, nearest(test, _TESTS))
        case nodes.Call():
            yield from _call(node)
        case nodes.For():
            if node.recursive:
                yield Refused("a loop cannot call itself", "recursive")


def _name(name: str) -> Iterator[Refused]:
    if name.startswith("_"):
        yield Refused(f'a text cannot look inside things: "{name}"', name)
    elif name in {"self", "super", "caller", "varargs", "kwargs"}:
        yield Refused(f'"{name}" has no meaning in a text', name)


def _item(node: nodes.Getitem) -> Iterator[Refused]:
    if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str | int):
        yield Refused("what stands in brackets must be a written word or a number", "[")
    elif isinstance(node.arg.value, str):
        yield from _name(node.arg.value)


def _filter(node: nodes.Filter) -> Iterator[Refused]:
    if node.name in _INNER or node.name not in FILTERS:
        message = f'there is no filter "{node.name}"'
        if node.name in _OTHER:
            message += f": {_OTHER[node.name]}"
        yield Refused(message, node.name, nearest(node.name, FILTERS))
    if node.name in _BY_ATTRIBUTE:
        yield from _attributes(node)


def _attributes(node: nodes.Filter) -> Iterator[Refused]:
    """Filters that reach into records may only be told a written, public name to reach for."""
    if node.args:
        yield Refused(f'write  {node.name}(attribute="name")', node.name)
    for keyword in node.kwargs:
        value = keyword.value
        if not isinstance(value, nodes.Const):
            yield Refused(f'write  {node.name}(attribute="name")', node.name)
        elif isinstance(value.value, str):
            for part in value.value.split("."):
                yield from _name(part)


def _call(node: nodes.Call) -> Iterator[Refused]:
    called = node.node
    if isinstance(called, nodes.Name) and called.name in CALLS and not (node.dyn_args or node.dyn_kwargs):
        return
    name = called.name if isinstance(called, nodes.Name) else getattr(called, "attr", "this")
    message = f'a text can call link("…") and nothing else, so not "{name}(…)"'
    yield Refused(message, str(name), nearest(str(name), CALLS))
