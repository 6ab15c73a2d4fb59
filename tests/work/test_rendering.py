"""Texts written apart: by the project's wish, or because a process died over them before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifeloop.channel.values import Abilities
from lifeloop.journey.catalogue import Rendering
from lifeloop.message.apart import Apart
from lifeloop.work import wording

ONE = "start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n"
CALL = "start: {event: order.placed}\nsteps:\n  - call: crm.create\n    with: {name: '{{ 1 + 1 }}'}\n"


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """How many texts were asked for at a time, apart from this process."""
    sizes: list[int] = []
    whole = Apart.write_all

    def write_all(self, jobs):
        sizes.append(len(jobs))
        return whole(self, jobs)

    monkeypatch.setattr(Apart, "write_all", write_all)
    return sizes


def test_a_project_may_have_all_texts_written_apart(shop, asked: list[int]) -> None:
    shop.publish(one=ONE, call=CALL)
    catalogue = replace(shop.space.catalogue, render=Rendering(processes=2))
    shop.space.project = replace(shop.space.project, catalogue=catalogue)
    way, calls = shop.mail_by(), shop.calls_by()
    shop.events(shop.people(6), "order.placed")
    shop.wave()
    assert (len(way.handed), len(calls.handed)) == (6, 6)
    assert sum(asked) == 12


def test_texts_are_written_here_otherwise(shop, asked: list[int]) -> None:
    shop.publish(one=ONE)
    shop.events(shop.people(3), "order.placed")
    shop.wave()
    assert [word for _, word in shop.said()] == ["sent"] * 3
    assert asked == []


def test_what_a_process_died_over_is_written_apart_the_second_time(shop, asked: list[int], monkeypatch) -> None:
    """The next process would die of it as well, for ever; apart, only its own message is held."""
    shop.publish(one=ONE)
    shop.mail_by(Abilities(key_window=86_400, batch=8))
    shop.events(shop.people(3), "order.placed")
    monkeypatch.setattr(shop.space.renderer, "render", die)
    with pytest.raises(Died):
        shop.wave()
    assert [word for _, word in shop.said()] == ["attempting"] * 3
    shop.go(shop.space.lease + 1)
    assert [word for _, word in shop.said()] == ["sent"] * 3
    assert asked == [3]


class Died(BaseException):
    """As if the process had ended here: nobody catches it."""


def die(*_args: object, **_named: object) -> None:
    raise Died


def test_what_cannot_be_written_apart_is_held_with_the_reason(shop, monkeypatch) -> None:
    shop.publish(one=ONE)
    catalogue = replace(shop.space.catalogue, render=Rendering(processes=1))
    shop.space.project = replace(shop.space.project, catalogue=catalogue)
    whole = wording._job

    def heavy(space, one, now):
        method, args, named = whole(space, one, now)
        return method, args, named | ({"context": Endless()} if one.message.key == "c00001" else {})

    monkeypatch.setattr(wording, "_job", heavy)
    shop.events(shop.people(3), "order.placed")
    shop.wave()
    assert [word for _, word in shop.said()] == ["sent", "held", "sent"]
    (held,) = shop.messages("c00001")
    assert held.reason == "writing this text took longer than 1 second, so it was stopped"


class Endless:
    """Data that no process ever comes to the end of."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, ("sum(iter(int, 1))",)
