"""Texts written in processes of their own: the same texts, and no text ends anything but its own process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lifeloop.journey.catalogue import Rendering
from lifeloop.message.apart import Apart, DefectError
from lifeloop.message.errors import MessageError, RenderProblemError
from lifeloop.message.render import Reader

ANA, BO = {"customer": {"first_name": "Ana"}}, {"customer": {"first_name": "Bo"}}
READER = Reader(now=1_700_000_000)


class Deed:
    """What no data can be: a deed of the process that reads it, as a mistake in a library would be."""

    def __init__(self, deed: str) -> None:
        self.deed = deed

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (self.deed,)


DEEDS = {
    "sum(iter(int, 1))": "writing this text took longer than 1 second, so it was stopped",
    "'x' * 2**31": "it took more than 64 MB of memory",
    "__import__('os').kill(__import__('os').getpid(), 9)": "writing this text ended its process: it took more than",
}


@pytest.fixture
def apart(desk) -> Iterator[Apart]:
    desk.message("Hello {{ customer.first_name }} {{ 1 / customer.zero }}", name="hello/zero.md")
    desk.message("Hello {{ customer.first_name }}")
    made = Apart(desk.renderer(), Rendering(processes=2, seconds=1, megabytes=64))
    yield made
    made.close()


def job(context, name: str = "hello/there"):
    return "render", (name,), {"context": context, "reader": READER}


def test_the_same_text_comes_of_it(apart, desk) -> None:
    method, args, named = job(ANA)
    assert apart.write(method, *args, **named) == desk.renderer().render(*args, **named)
    assert apart.write("render_text", "{{ customer.first_name }}!", ANA) == "Ana!"
    assert apart.write("render_args", {"name": ["{{ customer.first_name }}"]}, ANA) == {"name": ["Ana"]}


def test_what_is_wrong_is_said_as_ever(apart) -> None:
    method, args, named = job({"customer": {"first_name": "Ana", "zero": 0}}, "hello/zero")
    with pytest.raises(MessageError, match="the text divides by zero"):
        apart.write(method, *args, **named)


@pytest.mark.parametrize(("deed", "said"), DEEDS.items())
def test_whoever_ends_a_process_ends_no_other_text(apart, deed: str, said: str) -> None:
    jobs = {"ana": job(ANA), "deed": job({"customer": Deed(deed)}), "bo": job(BO)}
    done = apart.write_all(jobs)
    assert isinstance(done["deed"], RenderProblemError)
    assert said in str(done["deed"])
    assert [done[key].text for key in ("ana", "bo")] == ["Hello Ana\n", "Hello Bo\n"]


def test_a_process_that_hangs_is_given_up(desk) -> None:
    desk.message("Hello {{ customer.first_name }}")
    apart = Apart(desk.renderer(), Rendering(processes=1, seconds=0.1, megabytes=64))
    with pytest.raises(RenderProblemError, match="took longer"):
        apart.write(*job(ANA)[:1], "hello/there", context=Deed("__import__('time').sleep(60)"))
    apart.close()


def test_an_error_of_ours_tells_its_kind_only(apart) -> None:
    with pytest.raises(DefectError, match="KeyError"):
        apart.write("render", "hello/there", context=Deed("{}['a word about somebody']"))


def test_it_can_be_closed_and_used_again(apart) -> None:
    assert apart.write("render_text", "{{ customer.first_name }}", ANA) == "Ana"
    apart.close()
    assert apart.write("render_text", "{{ customer.first_name }}", BO) == "Bo"
