"""When time alone may turn a condition, as SQL: so that nobody is looked at before.

It may say a moment too early, never one too late. NULL: only new facts can turn it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from lifeloop.engine.cutoffs import DAY, leeway, next_jump
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
)
from lifeloop.journey.length import Length
from lifeloop.store.conditions import TIMES, Place, Reading, Writer, words_for
from lifeloop.store.transaction import Tx

_NONE = Length()
_TWO_DAYS = 2 * DAY
"""A date ends a day after it begins, and a day may have 25 hours."""


def next_turn(tx: Tx, condition: Condition, reading: Reading) -> tuple[str, dict[str, Any]] | None:
    """Return when a condition on ``customer`` rows (alias ``c``) may turn next; None when time never turns it."""
    words = words_for(tx, reading)
    turn = _Turner(words, reading).turn(condition, Place())
    return None if turn is None else (turn, words.values)


class _Turner(Writer):
    """Writes for each node the moment at which it may turn."""

    def turn(self, condition: Condition, place: Place) -> str | None:
        """Return SQL for an instant after now, or NULL; None when the clock does not matter."""
        match condition:
            case AllOf(parts=parts):
                return self._turn_parts(parts, place, "(NOT {})")
            case AnyOf(parts=parts):
                return self._turn_parts(parts, place, "{}")
            case Not(part=part):
                return self.turn(part, place)
            case Compare():
                return self._turn_compared(condition, place)
            case Named():
                return None
            case Happened() | MessageWas() | InSegment() | AnyObject():
                return self._turn_asked(condition, replace(place, depth=place.depth + 1))
            case _:
                assert_never(condition)

    def _turn_parts(self, parts: tuple[Condition, ...], place: Place, settled: str) -> str | None:
        """Return when one of the parts turns, unless one that the clock does not turn settles it all by itself."""
        turns = [(part, self.turn(part, place)) for part in parts]
        moving = [turn for _, turn in turns if turn is not None]
        if not moving:
            return None
        still = [settled.format(self.write(part, place)) for part, turn in turns if turn is None]
        return f"CASE WHEN {' OR '.join(still)} THEN NULL ELSE {_soonest(moving)} END" if still else _soonest(moving)

    def _turn_asked(self, asked: Happened | MessageWas | InSegment | AnyObject, place: Place) -> str | None:
        match asked:
            case Happened():
                return self._turn_happened(asked, place)
            case MessageWas(span=span, what=what):
                tests = " AND ".join(self._messages(asked))
                return self._turn_latest(span, TIMES[what], f"FROM message m WHERE {tests}", 1)
            case InSegment(segment=segment):
                meaning = self.reading.segments.get(segment)
                return None if meaning is None else self.turn(meaning, self._inside(segment, place))
            case AnyObject(kind=kind, where=where):
                alias = f"o{place.depth}"
                inner = where and self.turn(where, replace(place, kind=kind, thing=f"{alias}.fields"))
                found = f"FROM object {alias} WHERE {' AND '.join(self._things(asked, alias))}"
                return f"(SELECT min({inner}) {found})" if inner else None

    # --- questions about the past -------------------------------------------------------------------------------

    def _turn_happened(self, asked: Happened, place: Place) -> str | None:
        if asked.at_least < 1:
            return None
        alias = f"e{place.depth}"
        tests, time = self._events(asked, alias), f'{alias}."at"'
        inside = replace(place, event=f"{alias}.data")
        inner = self.turn(asked.where, inside) if asked.where is not None else None
        if inner is None:
            fits = [] if asked.where is None else [self.write(asked.where, inside)]
            return self._turn_latest(
                asked.span, time, f"FROM event {alias} WHERE {' AND '.join([*tests, *fits])}", asked.at_least
            )
        # Which of them count changes as well: every one of them may matter.
        found = f"FROM event {alias} WHERE {' AND '.join(tests)}"
        turns = [f"(SELECT min({inner}) {found})"]
        if asked.span.kind == "last" and asked.span.length is not None:
            turns.append(f"(SELECT min({self._passed(time, asked.span.length, back=True)}) {found})")
            turns.append(self._to_come(time, found))
        return _soonest(turns)

    def _turn_latest(self, span: Span, time: str, found: str, at_least: int) -> str | None:
        """Return when too few are left in the span: when it leaves the one of them that is just needed behind."""
        if span.kind != "last" or span.length is None:
            return None
        until_now = f"{found} AND {time} <= {self._now()}"
        needed = f"(SELECT {time} {until_now} ORDER BY {time} DESC LIMIT 1 OFFSET {at_least - 1})"
        return _soonest([self._passed(needed, span.length, back=True), self._to_come(time, found)])

    def _to_come(self, time: str, found: str) -> str:
        """Return when the next thing happens that was told us ahead of its time: clocks differ a little."""
        return f"(SELECT min({time}) {found} AND {time} > {self._now()})"

    # --- comparisons with the clock -----------------------------------------------------------------------------

    def _turn_compared(self, asked: Compare, place: Place) -> str | None:
        length = asked.operands[0] if asked.operands else None
        if asked.operator not in ("is more than ago", "is less than ago", "is within"):
            return None
        if not isinstance(length, Length) or asked.as_kind not in ("date", "datetime"):
            return None
        data, back = self._data(asked.subject, place), asked.operator != "is within"
        value = self.words.read(data, asked.as_kind)
        if asked.as_kind == "date":
            return _soonest([self._day_passed(value, length, back=back), self._day_passed(value, _NONE, back=back)])
        return _soonest([self._passed(value, length, back=back), self._passed(value, _NONE, back=back)])

    def _passed(self, value: str, length: Length, *, back: bool) -> str:
        """Return when the cut-off may reach a moment. One just passed may be reached again: clocks are put back."""
        room, now, least = leeway(length), self._now(), "least" if self.words.tx.postgres else "min"
        jump = self._next_jump(length, back=back)
        return (
            f"(SELECT CASE WHEN ahead > {room} THEN {now} + ahead - {room}"
            f" WHEN ahead > 0 THEN {least}({now} + ahead, {jump}) WHEN ahead = 0 THEN {now} + 1"
            f" WHEN ahead >= -{room} THEN {jump} END"
            f" FROM (SELECT {value} - {self._cutoff(length, back=back)} AS ahead) AS way)"
        )

    def _day_passed(self, day: str, length: Length, *, back: bool) -> str:
        """Return when the day of the cut-off may reach a day, or leave it; a day that is none is asked every day."""
        room, jump = leeway(length) + _TWO_DAYS, self._next_jump(length, back=back, by_day=True)
        begins = f"lifeloop_instant({day}, {self.words.zone()})"
        return (
            f"(SELECT CASE WHEN day IS NULL THEN NULL WHEN ahead > {room} THEN {self._now()} + ahead - {room}"
            f" WHEN ahead < -{room} THEN NULL ELSE {jump} END"
            f" FROM (SELECT {day} AS day, {begins} - {self._cutoff(length, back=back)} AS ahead) AS way)"
        )

    def _cutoff(self, length: Length, *, back: bool) -> str:
        return self.words.per_zone(lambda zone: self._shifted(zone, length, back=back), "bigint")

    def _next_jump(self, length: Length, *, back: bool, by_day: bool = False) -> str:
        reading = self.reading
        return self.words.per_zone(
            lambda zone: next_jump(reading.now, zone, length, back=back, country=reading.country, by_day=by_day),
            "bigint",
        )

    def _now(self) -> str:
        return self.words.param(self.reading.now, "bigint")


def _soonest(moments: list[str]) -> str:
    """Return SQL for the earliest of some instants, of which any may be NULL."""
    if len(moments) == 1:
        return moments[0]
    return f"(SELECT min(column1) FROM (VALUES {', '.join(f'({moment})' for moment in moments)}) AS moments)"
