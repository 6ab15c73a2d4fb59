"""Candidates: known once, re-timed, claimed when due."""

from __future__ import annotations

from lifeloop.engine.values import Candidate
from lifeloop.store import candidates, enrollments
from lifeloop.store.values import NewCandidate


def by_date(who: int, due: int, key: str = "K1") -> NewCandidate:
    return NewCandidate(who, Candidate("renewal", due, "date", object_key=key), key)


def test_a_known_candidate_is_ignored_or_retimed(world) -> None:
    (ana,) = world.customers(1)
    with world.store.transaction() as tx:
        assert candidates.add(tx, [by_date(ana, 100), by_date(ana, 200)]) == 1
        assert candidates.add(tx, [by_date(ana, 300), by_date(ana, 50, "K2")]) == 1
        assert [row.candidate.due_at for row in candidates.claim_due(tx, ["renewal"], 500, 9)] == [50, 100]
        candidates.retime(tx, [by_date(ana, 400), by_date(ana, 450), by_date(ana, 20, "K3")])
        assert [row.candidate.due_at for row in candidates.claim_due(tx, ["renewal"], 500, 9)] == [20, 50, 450]
        assert enrollments.next_due(tx, "renewal") == 20
        candidates.remove(tx, [("renewal", ana, "date", "K3"), ("renewal", ana, "date", "K9")])
        assert candidates.count_due(tx, None, 500) == 2


def test_a_candidate_comes_back_as_it_was_and_goes_once_decided(world) -> None:
    (ana,) = world.customers(1)
    first = NewCandidate(ana, Candidate("renewal", 100, "event", {"total": 1.5}, 7, None), "7")
    with world.store.transaction() as tx:
        candidates.add(tx, [first, first._replace(subject="8")])
        one, two = candidates.claim_due(tx, None, 100, 9, customer="c0")
        assert (one.customer_id, one.key, one.subject, one.candidate) == (ana, "c0", "7", first.candidate)
        candidates.delete(tx, [one.id])
        assert [row.id for row in candidates.claim_due(tx, None, 100, 9)] == [two.id]
        assert candidates.claim_due(tx, None, 100, 9, customer="nobody") == ()


def test_a_thousand_take_as_many_statements_as_ten(world, counted) -> None:
    people = world.customers(1010)
    taken = []
    for part in (people[:10], people[10:]):
        with counted(world.store) as seen, world.store.transaction() as tx:
            candidates.add(tx, [by_date(who, 5) for who in part])
            candidates.retime(tx, [by_date(who, 6) for who in part])
            claimed = candidates.claim_due(tx, None, 6, 1000)
            assert len(claimed) == len(part)
            candidates.delete(tx, [row.id for row in claimed])
        taken.append(len(seen))
    assert taken[0] == taken[1]
