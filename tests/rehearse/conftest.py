"""The same life twice: once in a rehearsal, once through the live engine on a clock that is set."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.engine.values import SendMessage, Visited
from lifeloop.journey.catalogue import MessageInfo
from lifeloop.journey.project import load_project
from lifeloop.rehearse.living import data_name
from lifeloop.rehearse.world import World
from lifeloop.store import customers, enrollments, messages, visits
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.living import RECEIPTS
from lifeloop.work.project import open_project
from lifeloop.work.publishing import publish
from lifeloop.work.receipts import note_receipts
from lifeloop.work.tidying import tidy
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

TOP = Path(__file__).parents[2]
FIVE = TOP / "tests" / "journeys"


@pytest.fixture(scope="session")
def starter():
    return open_project(TOP)


@pytest.fixture(scope="session")
def five():
    texts = "".join(path.read_text() for path in sorted((FIVE / "journeys").glob("*.yaml")))
    names = sorted(set(re.findall(r"send: ([a-z-]+/[a-z-]+)", texts)))
    return load_project(FIVE, {name: MessageInfo(name, digest=name) for name in names})


class Others:
    """Outside systems that hear every call: they answer at once, or say nothing and answer later, if they do."""

    abilities = Abilities(batch=100)
    answer = None

    async def send(self, batch, /):
        outcome = Outcome.UNCERTAIN if self.answer is None else Outcome.ACCEPTED
        return [Receipt(id=one.id, outcome=outcome, answer=self.answer) for one in batch]

    async def close(self):
        pass


class Live:
    """A person in the live engine: the same inputs as a rehearsal, the same trace out."""

    def __init__(self, root, person, at):
        self.clock = SetClock(at)
        self.space = open_workspace(root, clock=self.clock, url=f"sqlite:///{root / 'live.db'}", environ={})
        self.others = Others()
        self.space.ways = replace(self.space.ways, calls=self.others)
        self.person = person
        self.count = 0
        ingest(self.space, [Person(person.name, person.customer, person.things, person.consents)])
        publish(self.space, at)
        self.settle()

    def settle(self):
        tidy(self.space)
        while any(asyncio.run(Wave(self.space).run()).values()):
            tidy(self.space)

    def go(self, at):
        """Move from due to due, up to and including an instant."""
        while (due := Wave(self.space).next_due()) is not None and due <= at:
            self.clock.set(max(due, self.clock.now()))
            self.settle()
        self.clock.set(max(at, self.clock.now()))
        self.settle()

    def event(self, name, data):
        self.count += 1
        ingest(
            self.space,
            happenings=[Happening(self.person.name, name, self.clock.now(), f"e{self.count}", data=data)],
        )
        self.settle()

    def change(self, written, value):
        name = data_name(written)
        record = {name.path[0]: value}
        if name.root == "customer":
            ingest(self.space, [Person(self.person.name, record)])
        else:
            kind = self.space.catalogue.objects[name.root]
            key = self.person.things[name.root][0][kind.key]
            ingest(self.space, [Person(self.person.name, {}, {name.root: ({kind.key: key, **record},)})])
        self.settle()

    def answer(self, data):
        with self.space.store.transaction() as tx:
            waiting = tx.ask(
                "SELECT m.id FROM message m JOIN enrollment r ON r.id = m.enrollment_id WHERE m.kind <> 'mail'"
                " AND m.answered_at IS NULL AND r.status = 'waiting' AND r.node = m.node AND r.visit = m.visit"
                " ORDER BY r.id LIMIT 1"
            )
            messages.answer(tx, [(row.id, data, self.clock.now()) for row in waiting])
        self.settle()

    def hears(self, answer):
        self.others.answer = answer

    def reacts(self, message, what):
        with self.space.store.transaction() as tx:
            me = customers.find_keys(tx, [self.person.name])[self.person.name]
            latest = messages.latest(tx, [(me.id, message)]).values()
            found = messages.find(tx, list(latest)).values()
            note_receipts(self.space, tx, [(one, RECEIPTS[what], self.clock.now()) for one in found], self.clock.now())
        self.settle()

    def trace(self):
        with self.space.store.reading() as tx:
            me = customers.find_keys(tx, [self.person.name])[self.person.name]
            runs = enrollments.of_customer(tx, me.id)
            lines = {
                (run.journey, run.entry_key): [shown(visit) for visit in visits.of_run(tx, run.id)] for run in runs
            }
            said = tx.ask(
                "SELECT m.made_at, j.name AS journey, m.name, m.channel, m.status FROM message m"
                " JOIN journey j ON j.id = m.journey_id WHERE m.customer_id = :who AND m.kind = 'mail'"
                " ORDER BY m.made_at, j.name, m.name",
                who=me.id,
            )
        return lines, [(row.made_at, row.journey, row.name, row.channel) for row in said]

    def close(self):
        self.space.close()


def rehearsed(world):
    """Return the trace of a rehearsal in the same form: the lines of each run, and the messages in order."""
    lines = {(run.plan.journey, run.key): [] for run in world.runs}
    said = []
    for one in world.happened:
        if isinstance(one.effect, Visited):
            lines[one.journey, one.key].append(shown(one.effect))
        elif isinstance(one.effect, SendMessage):
            said.append((one.at, one.journey, one.effect.message, one.effect.channel))
    return lines, sorted(said, key=lambda each: (each[0], each[1], each[2]))


def shown(visited):
    # An event's place in the store differs from that in a rehearsal; all that is said about it does not.
    return (visited.at, visited.node, visited.visit, visited.what, visited.detail, dict(visited.data))


class Both:
    """One life in both worlds. The live engine is looked at whenever the rehearsal looks, and at its own dues."""

    def __init__(self, world, live):
        self.world, self.live = world, live
        world.settle()

    def go(self, at):
        while (due := self.world.next_due()) is not None and due <= at:
            self.world.run_until(due)
            self.live.go(due)
        self.world.run_until(at)
        self.live.go(at)

    def event(self, name, data):
        self.world.event(name, data)
        self.live.event(name, dict(data))

    def change(self, written, value):
        self.world.set(data_name(written), value)
        self.live.change(written, value)

    def answer(self, data):
        self.world.answer(data)
        self.live.answer(data)

    def reacts(self, message, what):
        self.world.reacts(message, what)
        self.live.reacts(message, what)

    def traces(self):
        return rehearsed(self.world), self.live.trace()


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A copy of the starter project for live runs."""
    target = tmp_path_factory.mktemp("live")
    for part in ("lifeloop.yaml", "journeys", "templates", "people"):
        source = TOP / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target / part)
    return target


@pytest.fixture
def both(root):
    """Begin one life in both worlds; every one has a database of its own."""
    begun = []

    def begin(project, person, at, where=root):
        (where / "live.db").unlink(missing_ok=True)
        world = World(project.plans, person, project.catalogue, at=at)
        begun.append(Both(world, Live(where, person, at)))
        return begun[-1]

    yield begin
    for one in begun:
        one.live.close()


@pytest.fixture
def continued():
    """Go on in both worlds from where they are."""
    return Both
