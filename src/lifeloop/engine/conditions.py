"""The Python reading of conditions. The table below binds the SQL reading too; a property test compares the two.

**What data is.** A record is JSON. A name that is absent and a name that holds ``null`` are both *unknown*; an empty
text is known. ``customer.`` is the customer's record, ``start.``, ``event.``, ``values.`` and ``journey.`` what the
scope holds, a kind (``contract.``) this run's object, or inside ``any contract … where`` the object looked at.

**How a value is read**, by the comparison's ``as_kind``. A value of any other shape is unknown:

=========  ===========================================================================================================
text       a JSON text, compared letter by letter: capitals matter, nothing is trimmed
number     a JSON number; true and false are not numbers; 10 and 10.0 are the same
boolean    a JSON true or false
date       a text that begins ``DDDD-DD-DD`` (digits): its first ten characters, compared as text. Of a date-time that
           is the date as written; no zone is applied
datetime   ``YYYY-MM-DD``, then optionally ``T`` or a blank, ``HH:MM``, ``:SS``, ``.fraction`` (dropped), ``Z`` or
           ``±HH:MM``: an instant in whole seconds. Without an offset it is on the customer's clock; a mere date is
           its midnight there
=========  ===========================================================================================================

**Operators.** ``x`` is the subject, ``a b …`` the operands: written values of the same kind, or data names read the
same way. Unknown makes every comparison false, also ``is not``; ``not ( … )`` turns a plain true or false round.

===================  =================================================================================================
is, is not           ``x`` and ``a`` are known, and equal or not equal
is one of            ``x`` equals a known operand (an unknown operand equals nothing)
is not one of        ``x`` and all operands are known and ``x`` equals none: SQL's ``NOT IN`` with nulls, made false
at least … below     ``>= <= > <``, both known; *is between*: ``a <= x <= b``; *is before*, *is after*: ``< >``
contains             ``x`` a text: ``a`` is a text inside it (case matters, the empty text is inside all);
                     ``x`` a list: one member, read by the kind, equals ``a``
starts with          ``x`` begins with ``a``, case matters
is present           known, of whatever shape; *is missing*: unknown. The only operators that ignore the kind
is more than L ago   date: ``x < day(now - L)``; datetime: ``x < now - L``
is less than L ago   date: ``day(now - L) < x <= today``; datetime: ``now - L < x <= now``
is within L          date: ``today <= x <= day(now + L)``; datetime: ``now <= x <= now + L``
===================  =================================================================================================

``now ± L`` is ``timing.add_length`` on the customer's clock (months and days on the calendar, hours exact); ``day()``
and ``today`` are the customer's local dates as text. SQL works these cut-offs out beforehand, once per zone
(``timing.add_length``, ``timing.day_text``), and asks for the customers of that zone: the two cannot differ.

**Questions about the past.** An event counts when its name is the one asked for, its time lies in the span and its
``where`` holds of its data; ``happened`` means: at least that many count. ``did not`` is the plain opposite.

===================  =================================================================================================
in the last L        ``now - L < at <= now``
since the start      ``started_at <= at``, without the event that started the run; in a segment, without a run: none
within L             ``started_at <= at <= started_at + L``, without the start event; without a run: none
ever                 all
default              in a run's steps, stop and goal *since the start*; in audiences, starts and segments *ever*
===================  =================================================================================================

``<message> was sent|opened|clicked|replied|bounced``: some message fits (``*`` stands for any letters, none as well)
and has that time, and the time lies in the span. In a run only the run's own messages are asked, elsewhere all of the
customer's. ``was not`` is the plain opposite, so it is true of a message never sent. ``customer is in``: membership as
loaded. ``any <kind> is present where``: one object of that kind fits; ``is missing``: none does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from lifeloop.engine.condition_source import source_of
from lifeloop.engine.condition_words import WORDS
from lifeloop.engine.scope import Scope, audience_scope
from lifeloop.engine.values import Record
from lifeloop.journey.condition import Condition
from lifeloop.journey.segments import with_inner

__all__ = ["Reading", "Scope", "audience_scope", "holds", "members_of", "reading_of"]

_NOTHING: Record = {}
_CACHED = 8192

Reading = Callable[[Scope, Record, Record], bool]
"""A condition made ready: scope, the event and the object it looks at (empty outside a ``where``)."""


@lru_cache(maxsize=_CACHED)
def reading_of(condition: Condition, kind: str | None = None) -> Reading:
    """Turn a condition into Python code, once. Only our own words become code; what authors wrote become literals.

    ``kind``: the condition is the ``where`` of ``any <kind>``, whose name then means the object looked at.
    """
    source, constants = source_of(condition, kind)
    room: dict[str, Any] = {**WORDS, **constants, "__builtins__": {}}
    for name, constant in constants.items():
        if name.startswith("where_"):
            room[name] = reading_of(*constant)
    exec(compile(source, "<condition>", "exec"), room)  # noqa: S102  # made from the tree alone, without builtins
    return cast("Reading", room["condition"])


def holds(condition: Condition, scope: Scope) -> bool:
    """Tell whether a condition holds."""
    known = _at_hand.get(id(condition))
    reading = known[1] if known is not None and known[0] is condition else _keep(condition)
    return reading(scope, scope.event, _NOTHING)


def members_of(names: Collection[str], scope: Scope, segments: Mapping[str, Condition]) -> frozenset[str]:
    """Return those of these segments that the scope's customer is in.

    ``segments`` come in the project's order, in which each follows those it asks about.
    """
    wanted = with_inner(names, segments)
    inside: set[str] = set()
    scope = replace(scope, segments=inside)
    for name in segments:
        if name in wanted and holds(segments[name], scope):
            inside.add(name)
    return frozenset(inside.intersection(names))


_at_hand: dict[int, tuple[Condition, Reading]] = {}
"""The same readings by identity: hashing a whole tree takes ten times as long as asking it."""


def _keep(condition: Condition) -> Reading:
    if len(_at_hand) >= _CACHED:
        _at_hand.clear()
    reading = reading_of(condition)
    _at_hand[id(condition)] = (condition, reading)
    return reading
