"""The Jinja environment that texts run in: an allow-list of words, plain data only, and a budget.

Three walls, each enough for what the others miss: the syntax allow-list (``refusals``) is asked for every template
that is compiled; at run time names lead to keys of plain data and nowhere else; and loops, joins and repetitions
draw on a budget. What is written between the private delimiters is code; every other character of a template is
text, whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NoReturn, cast

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from lifeloop.message.allowed import refusals
from lifeloop.message.filters import FILTERS
from lifeloop.message.limits import Budget, within, within_list, within_number
from lifeloop.message.links import Link

OLDEST_SAFE_JINJA = (3, 1, 6)
"""Older ones let a template out of the sandbox: CVE-2024-56201, CVE-2024-56326, CVE-2025-27516."""

_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"})
_DATE = frozenset({"year", "month", "day", "hour", "minute"})
_TESTS = ("defined", "undefined", "number", "string", "even", "odd", "divisibleby", "in", "==", "!=", ">", "<")


class Unknown(StrictUndefined):
    """Data we do not have. Writing it is an error; asking about it is not, and every comparison with it is false."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        """The name alone: who catches the error knows where it stood."""
        return str(self._undefined_name or "")

    def _no(self, *_others: object) -> bool:
        return False

    # Jinja declares all of these as "always raises"; that is the very rule that is changed here.
    __bool__ = __contains__ = _no  # type: ignore[assignment]
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _no  # type: ignore[assignment]
    __hash__ = object.__hash__  # type: ignore[assignment]


class _Guarded(NodeTransformer):
    """Sends loops, ``~`` and lists through filters that draw on the budget."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  # the visitor's own naming
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "counted")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802  # the visitor's own naming
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "joined")

    def visit_List(self, node: nodes.List) -> nodes.Filter:  # noqa: N802  # the visitor's own naming
        self.generic_visit(node)
        return _filtered(node, "listed")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802  # the visitor's own naming
        self.generic_visit(node)
        return _filtered(node, "listed") if node.ctx == "load" else node


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, [], [], None, None, lineno=node.lineno)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without ways out. Build one with ``sandbox``."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for refusal in refusals(tree):
            raise SecurityError(refusal.message)
        return tree

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(_Guarded().visit(source), name, filename, defer_init=defer_init)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what stands behind a dot: a key of plain data, never an attribute of a Python object."""
        if isinstance(obj, Mapping):
            value = obj.get(attribute)
            return self.undefined(obj=obj, name=attribute) if value is None else value
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, date) and attribute in _DATE:
            return getattr(obj, attribute, 0)
        if attribute.startswith("_"):
            raise SecurityError(f'a text cannot look inside things: "{attribute}"')
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return what stands in brackets: a place in a list, or a key of plain data."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a text may call it: only ``link``."""
        return isinstance(obj, Link)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002  # Jinja's own
        """Calculate with numbers; ``+`` also joins texts, within limits."""
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            _fail(left if isinstance(left, Undefined) else right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return within(left + right)
        if operator == "**" or not (_is_number(left) and _is_number(right)):
            raise SecurityError(f'"{operator}" is for numbers')
        return within_number(self.binop_table[operator](left, right))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fail(unknown: Undefined) -> NoReturn:
    raise jinja2.UndefinedError(str(unknown._undefined_name or ""))  # noqa: SLF001  # the name is what we report


@jinja2.pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterable[Any]:
    if isinstance(items, Undefined):
        _fail(items)
    budget: Budget = context.parent["_budget"]
    return budget.counted(items)


def _joined(parts: list[Any]) -> str:
    text = "".join([str(part) for part in parts])
    return within(text)


def require_safe_jinja(version: str) -> None:
    """Refuse to start with a Jinja that is known to leak."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < OLDEST_SAFE_JINJA:
        wanted = ".".join(str(part) for part in OLDEST_SAFE_JINJA)
        raise RuntimeError(f"Jinja {version} lets templates out of their sandbox; install {wanted} or newer")


def sandbox() -> Sandbox:
    """Return an environment: HTML is escaped in templates whose name ends in ``.html``, and nothing else is."""
    require_safe_jinja(jinja2.__version__)
    env = Sandbox(
        autoescape=_is_html,
        undefined=Unknown,
        keep_trailing_newline=True,
        variable_start_string=EXPRESSION[0],
        variable_end_string=EXPRESSION[1],
        block_start_string=STATEMENT[0],
        block_end_string=STATEMENT[1],
        comment_start_string="\ue004",
        comment_end_string="\ue005",
    )
    env.globals.clear()
    env.filters = {**FILTERS, "counted": _counted, "joined": _joined, "listed": within_list}
    env.tests = {name: env.tests[name] for name in _TESTS}
    return env


def _is_html(name: str | None) -> bool:
    return name is None or name.endswith(".html")


EXPRESSION = ("\ue000", "\ue001")
STATEMENT = ("\ue002", "\ue003")
PRIVATE = "\ue000\ue001\ue002\ue003\ue004\ue005"
"""Characters of Unicode's private area, which no text needs: they are the only delimiters that mean anything."""
