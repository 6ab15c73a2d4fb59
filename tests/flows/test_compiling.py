"""One flow per journey file, whatever the files say."""

import asyncio

import pytest

from lifeloop.flows.compiling import BrokenJourneyError, compile_folder
from lifeloop.flows.running import read_instant, read_shard
from lifeloop.store.values import Shard
from lifeloop.work.project import open_project


def test_each_file_becomes_an_async_flow_that_looks_as_if_it_stood_in_the_file(shop):
    found = compile_folder(shop.root / "journeys", module="journeys")
    made = found[shop.hello.replace("-", "_")]
    assert set(found) == {shop.hello.replace("-", "_"), shop.timer.replace("-", "_")}
    assert (made.name, made.fn.__module__, made.isasync) == (shop.hello, "journeys", True)
    assert made.version == open_project(shop.root).plans[shop.hello].digest
    assert set(made.parameters.properties) == {"batch_size", "as_of", "dry_run", "shard", "customer_id", "budget"}


def test_no_task_and_no_flow_tries_again_by_itself(shop):
    from lifeloop.flows.tasks import StepTasks

    tasks = StepTasks.of(open_project(shop.root).plans[shop.hello])
    assert [one.retries for one in (tasks.admit, tasks.deliver, *tasks.steps.values())] == [0] * 5
    assert shop.flow(shop.hello).retries == 0


def test_a_broken_file_becomes_a_flow_that_says_where_and_the_other_works(shop):
    shop.file(shop.hello).write_text(shop.file(shop.hello).read_text().replace("a/hello", "a/helo"))
    found = compile_folder(shop.root / "journeys", module="journeys")
    with pytest.raises(BrokenJourneyError, match=r"(?s)has mistakes.*J\d+.*a/helo.*a/hello"):
        asyncio.run(found[shop.hello.replace("-", "_")].fn())
    assert found[shop.timer.replace("-", "_")].version != "broken"


def test_a_file_that_is_no_yaml_at_all_takes_no_other_down(shop):
    shop.file(shop.hello).write_bytes(b"\xff\xfe{[")
    assert len(compile_folder(shop.root / "journeys", module="journeys")) == 2


def test_parts_are_counted_from_one():
    assert read_shard("2/4") == Shard(1, 4)


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", ""])
def test_what_is_no_part_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="is not a part of the customers"):
        read_shard(text)


def test_a_moment_needs_a_zone():
    assert read_instant("2026-12-01T09:00+01:00") == 1_796_112_000
    with pytest.raises(ValueError, match="does not say its zone"):
        read_instant("2026-12-01T09:00")
