"""The inbox of facts: once, in order, and a body that differs is refused."""

from __future__ import annotations

from lifeloop.store import events
from lifeloop.store.values import EventRow


def test_events_are_written_once_in_the_order_given(world) -> None:
    ana, bo = world.customers(2)
    rows = [EventRow("shop", f"e{number}", who, "order.placed", 9 - number) for number, who in enumerate([bo, ana, bo])]
    with world.store.transaction() as tx:
        first = events.add(tx, rows, 10)
        again = events.add(tx, rows, 11)
        assert events.after(tx, 0, 10) == first.new
    assert [event.message_id for event in first.new] == ["e0", "e1", "e2"]
    assert (first.duplicates, first.conflicts) == ((), ())
    assert (again.new, again.duplicates) == ((), tuple(range(len(rows))))


def test_the_same_id_with_another_body_is_refused_and_reported(world) -> None:
    (ana,) = world.customers(1)
    row = EventRow("shop", "e1", ana, "order.placed", 5, {"total": 10})
    other = row._replace(data={"total": 11})
    with world.store.transaction() as tx:
        inside = events.add(tx, [row, other, row], 10)
        later = events.add(tx, [other], 11)
        found = events.find(tx, "shop", "e1")
    assert (len(inside.new), inside.conflicts, inside.duplicates) == (1, (1,), (2,))
    assert (later.new, later.conflicts) == ((), (0,))
    assert found is not None
    assert found.data == {"total": 10}


def test_the_same_id_from_another_source_is_another_event(world) -> None:
    (ana,) = world.customers(1)
    rows = [EventRow(source, "e1", ana, "order.placed", 5) for source in ("shop", "till")]
    with world.store.transaction() as tx:
        assert len(events.add(tx, rows, 10).new) == 2


def test_a_guessed_time_is_no_part_of_the_body(world) -> None:
    (ana,) = world.customers(1)
    row = EventRow("shop", "e1", ana, "order.placed", 5, guessed_at=True)
    with world.store.transaction() as tx:
        events.add(tx, [row], 10)
        assert events.add(tx, [row._replace(at=6)], 11).duplicates == (0,)
        assert events.add(tx, [row._replace(guessed_at=False)], 12).duplicates == (0,)


def test_a_thousand_take_as_many_statements_as_ten(world, counted) -> None:
    (ana,) = world.customers(1)
    taken = []
    for size in (10, 1000):
        rows = [EventRow("shop", f"{size}-{number}", ana, "x.y", number) for number in range(size)]
        with counted(world.store) as seen, world.store.transaction() as tx:
            assert len(events.add(tx, [*rows, rows[0]], 1).new) == size
        taken.append(len(seen))
    assert taken[0] == taken[1]
