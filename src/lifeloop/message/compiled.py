"""One message in one language, compiled: what is left is to fill it in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Template as Code
from jinja2 import TemplateError, UndefinedError
from jinja2.exceptions import SecurityError

from lifeloop.message.errors import RenderProblemError
from lifeloop.message.filters import FilterProblemError
from lifeloop.message.flatten import Flat, inlined
from lifeloop.message.limits import Budget, TooMuchError, joined
from lifeloop.message.links import LinkProblemError
from lifeloop.message.pieces import Piece
from lifeloop.message.sandbox import Sandbox
from lifeloop.message.template import Template
from lifeloop.message.tokens import Restored

_FAILURES = (
    TemplateError,
    TooMuchError,
    FilterProblemError,
    LinkProblemError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
    AssertionError,
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_GAPS = re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}")


class Part:
    """One part of a message: a text with holes, and which piece of the source each line of it came from."""

    __slots__ = ("_code", "_lines", "_literal", "_loops")

    def __init__(self, env: Sandbox, restored: Restored, name: str, *, loops: bool = False) -> None:
        self._lines = restored.lines
        self._loops = loops
        self._literal = None if restored.lines else restored.source
        self._code: Any = None if self._literal is not None else _code(env, restored.source, name)

    def fill(self, values: dict[str, Any]) -> str:
        """Return the text with the values put in. The values are shared between parts, never copied."""
        if self._literal is not None:
            return self._literal
        values["_budget"] = Budget()
        try:
            pieces: Iterator[str] = self._code.root_render_func(self._code.new_context(values, shared=True))
            return joined(pieces) if self._loops else within_limits("".join(pieces))
        except _FAILURES as error:
            raise self._problem(error) from None

    def _problem(self, error: Exception) -> RenderProblemError:
        piece = self._lines.get(_line(error))
        return RenderProblemError(_words(error, piece), piece.place if piece else None)


def within_limits(text: str) -> str:
    """Return a finished part, or refuse it when it is too large."""
    return joined((text,))


def _code(env: Sandbox, source: str, name: str) -> Code:
    code = env.compile(source, name=name, filename=name)
    return env.template_class.from_code(env, code, env.globals)


def _line(error: Exception) -> int:
    """Return the line of the flat source that a rendering failed at; 0 when it is not known."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _words(error: Exception, piece: Piece | None) -> str:
    """Return what went wrong, without a word of the customer's data."""
    if isinstance(error, UndefinedError):
        return f"{_full_name(error.message or '', piece)} is unknown for this customer, and the text needs it"
    if isinstance(error, SecurityError | TooMuchError | FilterProblemError | LinkProblemError):
        return str(error)
    if isinstance(error, ZeroDivisionError):
        return "the text divides by zero"
    return "the data do not fit what the text does with them"


def _full_name(name: str, piece: Piece | None) -> str:
    found = re.search(rf"[\w.]*\b{re.escape(name)}\b", piece.text) if piece and name else None
    return found.group() if found else name or "something"


@dataclass(frozen=True, slots=True)
class Compiled:
    """One message in one language, ready to be filled in."""

    template: Template
    locale: str
    subject: Part
    preheader: Part
    text: Part
    html: Part | None
    inline_later: bool = False

    def page(self, values: dict[str, Any]) -> str | None:
        """Return the HTML part; None for channels that have none."""
        if self.html is None:
            return None
        page = self.html.fill(values)
        return inlined(page) if self.inline_later else page

    def plain(self, values: dict[str, Any]) -> str:
        """Return the plain text part, without the gaps that empty blocks leave."""
        return _GAPS.sub("\n\n", self.text.fill(values)).strip() + "\n"


def compiled(template: Template, flat: Flat, env: Sandbox, locale: str) -> Compiled:
    """Return a flat message as code."""
    name = f"{template.name}.{locale}"
    return Compiled(
        template=template,
        locale=locale,
        subject=Part(env, flat.subject, f"{name}.subject.txt"),
        preheader=Part(env, flat.preheader, f"{name}.preheader.txt"),
        text=Part(env, flat.text, f"{name}.txt", loops=flat.loops),
        html=Part(env, flat.html, f"{name}.html", loops=flat.loops) if flat.html else None,
        inline_later=flat.inline_later,
    )


def one_line(text: str) -> str:
    """Return a text as a mail header may carry it; a control character in it is refused."""
    line = " ".join(text.split())
    if _CONTROL.search(line):
        raise RenderProblemError("the subject holds an invisible control character, which no mail may carry")
    return line


Values = Mapping[str, Any]
