"""The map of a journey as a value: a tree of what happens, with the words to show.

Drawn by ``map_text``, ``map_svg`` and ``map_mermaid``.
The language has no ``goto``, so every journey is nested sequences and branches, and its map is a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.journey import prose_time as words
from lifeloop.journey.compiler_names import Names, name_steps
from lifeloop.journey.map_words import Kind, asked_by_all, item_words, share_words, start_words
from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    ChooseStep,
    IfStep,
    JourneySpec,
    RepeatStep,
    SplitStep,
    UseStep,
    WaitForStep,
)


@dataclass(frozen=True, slots=True)
class Arm:
    """One way on from a fork: what must hold, and what happens then."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the map. ``label`` is its short line, ``detail`` the smaller one, ``note`` the author's remark."""

    kind: Kind
    label: str
    detail: str = ""
    note: str = ""
    id: str = ""
    line: int = 0
    arms: tuple[Arm, ...] = ()


@dataclass(frozen=True, slots=True)
class Early:
    """A rule that ends the journey early, with what is still said then."""

    label: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """Everything there is to draw."""

    name: str
    title: str
    phase: str
    starts: tuple[Item, ...]
    items: tuple[Item, ...]
    stops: tuple[Early, ...] = ()
    goal: str = ""
    audience: str = ""


def chart(spec: JourneySpec) -> JourneyMap:
    """Return the map of a journey."""
    drawn = _Drawing(name_steps(spec))
    return JourneyMap(
        name=spec.name,
        title=spec.title or spec.name,
        phase=spec.phase,
        starts=tuple(Item("start", start_words(start.trigger), line=start.place.line) for start in spec.starts),
        items=drawn.items(spec.steps),
        stops=tuple(
            Early(rule.when.text if rule.when else "goal reached", drawn.items(rule.then)) for rule in spec.stops
        ),
        goal=spec.goal.text if spec.goal else "",
        audience=spec.audience.text if spec.audience else "",
    )


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Turns steps into items. ``names``: the id of each step, the same that the plan uses."""

    names: Names

    def items(self, steps: tuple[AnyStep, ...] | None) -> tuple[Item, ...]:
        return tuple(item for step in steps or () for item in self.guarded(step))

    def guarded(self, step: AnyStep) -> tuple[Item, ...]:
        inner = self.items(step.steps) if isinstance(step, UseStep) else (self.item(step),)
        if step.when is None:
            return inner
        return (Item("if", step.when.text, line=step.when.place.line, arms=(Arm("yes", inner), Arm("no", ()))),)

    def item(self, step: AnyStep) -> Item:
        kind, label, detail = item_words(step)
        name = self.names.get(id(step), "")
        return Item(kind, step.name or label, detail, step.note or "", name, step.place.line, self.arms(step))

    def arms(self, step: AnyStep) -> tuple[Arm, ...]:
        match step:
            case WaitForStep():
                return self.pair(step, "it came", "time is up")
            case IfStep():
                return self.pair(step, "yes", "no")
            case AskStep():
                return self.pair(step, "yes", "no, or time is up")
            case ChooseStep():
                subject = asked_by_all(step)
                arms = (Arm(arm.when.text.removeprefix(subject).strip(), self.items(arm.then)) for arm in step.arms)
                return (*arms, Arm("otherwise", self.items(step.otherwise)))
            case SplitStep():
                return tuple(
                    Arm(f"{path.name} {share_words(path.share)}", self.items(path.steps)) for path in step.into
                )
            case RepeatStep():
                first = Item("wait", words.length_words(step.every), line=step.place.line)
                return (Arm("each time", (first, *self.items(step.steps))),)
            case _:
                return ()

    def pair(self, step: WaitForStep | IfStep | AskStep, yes: str, no: str) -> tuple[Arm, ...]:
        return Arm(yes, self.items(step.then)), Arm(no, self.items(step.otherwise))
