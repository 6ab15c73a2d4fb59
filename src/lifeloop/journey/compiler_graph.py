"""Lays written steps out as nodes: ``use`` expanded, ``repeat`` unrolled, ``when`` in front, every target known.

Two passes. The first makes *pieces*: one per node-to-be, in reading order, with its id. The second links them:
each piece goes on to the entry of the piece behind it, or to what comes after its list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lifeloop.journey import plan as p
from lifeloop.journey.compiler_names import Names
from lifeloop.journey.condition import ALWAYS
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.moment import FromAnchor, OnDate
from lifeloop.journey.plan import Json, Node, NodeId, Policy, Target
from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    CallStep,
    ChooseStep,
    Clause,
    EnterStep,
    IfStep,
    MilestoneStep,
    RecordStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    StopStep,
    UseStep,
    WaitForStep,
    WaitStep,
)

_ROUND = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """One written step on its way to a node. ``rounds``: the numbers of the repeats around it, outermost first."""

    id: NodeId
    step: AnyStep
    rounds: tuple[int, ...]
    blocks: tuple[tuple[AnyPiece, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """``until`` of a repeat: when it holds, the repeat is over."""

    id: NodeId
    clause: Clause


@dataclass(frozen=True, slots=True)
class Paused:
    """``every`` of a repeat, before one of its rounds."""

    id: NodeId
    step: RepeatStep
    repeat: NodeId
    round: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """A repeat, unrolled."""

    pieces: tuple[AnyPiece, ...]


AnyPiece = Piece | Asked | Paused | Rounds


@dataclass(frozen=True, slots=True)
class After:
    """Where a list of steps goes on. ``ahead``: the next dated wait behind it; ``out``: behind the repeat around it."""

    next: Target = None
    ahead: Target = None
    out: Target = None


@dataclass(slots=True)
class Layout:
    """Collects the nodes of one journey. What a send needs from the project comes in as functions."""

    names: Names
    policy_of: Callable[[SendStep], Policy]
    channels_of: Callable[[SendStep], tuple[str, ...]]
    uses_of: Callable[[AnyStep], tuple[str, ...]]
    nodes: list[Node] = field(default_factory=list)
    places: dict[NodeId, Place] = field(default_factory=dict)

    def lay(self, steps: tuple[AnyStep, ...]) -> tuple[Target, Target]:
        """Add the nodes of a list of steps; return its first node, and its first dated wait."""
        pieces = self._pieces(steps, ())
        self._link(pieces, After())
        return _entry(pieces, None), _dated(pieces, None)

    def _pieces(self, steps: tuple[AnyStep, ...], rounds: tuple[int, ...]) -> tuple[AnyPiece, ...]:
        found: list[AnyPiece] = []
        for step in steps:
            found += self._pieces_of(step, rounds)
        return tuple(found)

    def _pieces_of(self, step: AnyStep, rounds: tuple[int, ...]) -> tuple[AnyPiece, ...]:
        match step:
            case UseStep(when=None):
                return self._pieces(step.steps, rounds)
            case UseStep():
                return (Piece(self._id(step, rounds), step, rounds, (self._pieces(step.steps, rounds),)),)
            case RepeatStep(when=None):
                return (self._unrolled(step, rounds),)
            case RepeatStep():
                return (Piece(self._id(step, rounds), step, rounds, ((self._unrolled(step, rounds),),)),)
            case _:
                blocks = tuple(self._pieces(block, rounds) for block in arms_of(step))
                return (Piece(self._id(step, rounds), step, rounds, blocks),)

    def _unrolled(self, step: RepeatStep, rounds: tuple[int, ...]) -> Rounds:
        name = self._id(step, rounds)
        found: list[AnyPiece] = []
        for number in range(1, step.times + 1):
            if step.until:
                found.append(Asked(f"{name}.{number}.until", step.until))
            found.append(Paused(f"{name}.{number}.wait", step, name, number))
            if step.until:
                found.append(Asked(f"{name}.{number}.still", step.until))
            found += self._pieces(step.steps, (*rounds, number))
        return Rounds(tuple(found))

    def _id(self, step: AnyStep, rounds: tuple[int, ...]) -> NodeId:
        return ".".join((self.names[id(step)], *map(str, rounds)))

    def _link(self, pieces: tuple[AnyPiece, ...], after: After) -> None:
        for index, piece in enumerate(pieces):
            rest = pieces[index + 1 :]
            here = After(_entry(rest, after.next), _dated(rest, after.ahead), after.out)
            match piece:
                case Piece():
                    self._place(piece, here)
                case Asked():
                    case = p.Case(piece.clause.tree, here.out)
                    self._add(p.Branch(piece.id, (case,), here.next, verb="until"), piece.clause.place)
                case Paused():
                    every = piece.step.places.get("every", piece.step.place)
                    wait = p.Wait(piece.id, piece.step.every, here.next, repeat=piece.repeat, round=piece.round)
                    self._add(wait, every)
                case Rounds():
                    self._link(piece.pieces, replace(here, out=here.next))

    def _place(self, piece: Piece, here: After) -> None:
        step = piece.step
        if step.when:
            target = _entry(piece.blocks[0], here.next) if isinstance(step, UseStep | RepeatStep) else piece.id
            case = p.Case(step.when.tree, target)
            self._add(p.Branch(f"{piece.id}.when", (case,), here.next, verb="when"), step.when.place)
        if not isinstance(step, UseStep | RepeatStep):
            self._add(self._node(piece, here), step.place)
        for block in piece.blocks:
            self._link(block, here)

    def _add(self, node: Node, place: Place) -> None:
        self.nodes.append(node)
        self.places[node.id] = place

    def _node(self, piece: Piece, here: After) -> Node:
        match piece.step:
            case SendStep() | CallStep() | AskStep():
                return self._said(piece, piece.step, here)
            case WaitStep() as step:
                ahead = here.ahead if is_dated(step) else None
                return p.Wait(piece.id, step.until, here.next, step.missed, ahead)
            case WaitForStep() | IfStep() | ChooseStep() | SplitStep() as step:
                return _forked(piece, step, here)
            case SetStep() as step:
                return p.Set(piece.id, step.assignments, here.next)
            case RecordStep() as step:
                return p.Record(piece.id, step.event, step.args, here.next)
            case EnterStep() as step:
                return p.Enter(piece.id, step.journey, step.args, here.next)
            case MilestoneStep() as step:
                return p.Milestone(piece.id, step.milestone, here.next)
            case StopStep() as step:
                return p.Stop(piece.id, step.reason)
            case UseStep() | RepeatStep():
                raise AssertionError("these are expanded before they are placed")

    def _said(self, piece: Piece, step: SendStep | CallStep | AskStep, here: After) -> Node:
        uses = self.uses_of(step)
        match step:
            case SendStep():
                args = _with_round(step.args, piece.rounds)
                policy, channels = self.policy_of(step), self.channels_of(step)
                return p.Send(
                    piece.id, step.message, channels, policy, here.next, step.sender, step.subject, args, uses
                )
            case CallStep():
                args = _with_round(step.args, piece.rounds)
                return p.Call(piece.id, step.connection, step.action, args, step.answer_as, step.max, uses, here.next)
            case AskStep():
                then, otherwise = _two(piece.blocks, here.next)
                return p.Ask(piece.id, step.who, step.question, step.max, uses, then, otherwise)


def arms_of(step: AnyStep) -> tuple[tuple[AnyStep, ...], ...]:
    """Return the lists of steps a step chooses between; an ``else`` that was not written is an empty list."""
    match step:
        case IfStep() | WaitForStep() | AskStep():
            return (step.then, step.otherwise or ())
        case ChooseStep():
            return (*(arm.then for arm in step.arms), step.otherwise or ())
        case SplitStep():
            return tuple(path.steps for path in step.into)
        case _:
            return ()


def is_dated(step: AnyStep) -> bool:
    """Tell whether a step waits for a moment that may already be over."""
    return isinstance(step, WaitStep) and isinstance(step.until, FromAnchor | OnDate)


def _forked(piece: Piece, step: WaitForStep | IfStep | ChooseStep | SplitStep, here: After) -> Node:
    targets = tuple(_entry(block, here.next) for block in piece.blocks)
    match step:
        case WaitForStep():
            where = step.where.tree if step.where else ALWAYS
            return p.WaitFor(piece.id, step.event, step.max, where, step.since_now, targets[0], targets[1])
        case IfStep():
            return p.Branch(piece.id, (p.Case(step.condition.tree, targets[0]),), targets[1], verb="if")
        case ChooseStep():
            cases = tuple(p.Case(arm.when.tree, target) for arm, target in zip(step.arms, targets, strict=False))
            return p.Branch(piece.id, cases, targets[-1], verb="choose")
        case SplitStep():
            paths = (p.Path(path.name, path.share, t) for path, t in zip(step.into, targets, strict=True))
            return p.Split(piece.id, step.experiment, tuple(paths))


def _two(blocks: tuple[tuple[AnyPiece, ...], ...], after: Target) -> tuple[Target, Target]:
    return _entry(blocks[0], after), _entry(blocks[1], after)


def _entry(pieces: tuple[AnyPiece, ...], after: Target) -> Target:
    """Return the first node of a list of pieces: a ``when`` stands in front of its step."""
    if not pieces:
        return after
    match pieces[0]:
        case Piece(id=name, step=step):
            return f"{name}.when" if step.when else name
        case Rounds(pieces=inner):
            return _entry(inner, after)
        case first:
            return first.id


def _dated(pieces: tuple[AnyPiece, ...], after: Target) -> Target:
    """Return the first dated wait that surely comes: not inside a branch, not under a ``when``."""
    for piece in pieces:
        if isinstance(piece, Piece) and piece.step.when is None and is_dated(piece.step):
            return piece.id
        if isinstance(piece, Rounds) and (found := _dated(piece.pieces, None)):
            return found
    return after


def _with_round(args: Mapping[str, Json], rounds: tuple[int, ...]) -> Mapping[str, Json]:
    """Bind ``round``, the number of the innermost repeat, in the texts handed on."""
    if not rounds:
        return args
    return {"round": rounds[-1], **{key: _numbered(value, rounds[-1]) for key, value in args.items()}}


def _numbered(value: Json, number: int) -> Json:
    if isinstance(value, str):
        return _ROUND.sub(lambda found: re.sub(r"\bround\b(?!\s*\()", str(number), found[0]), value).replace(
            f"{{{{ {number} }}}}", str(number)
        )
    if isinstance(value, dict):
        return {key: _numbered(part, number) for key, part in value.items()}
    if isinstance(value, list):
        return [_numbered(part, number) for part in value]
    return value
