import shutil
from pathlib import Path

import pytest

from lifeloop.rehearse.accepting import accepted
from lifeloop.rehearse.suite import run_tests
from lifeloop.work.project import open_project

PROJECT = """\
project: small
timezone: Europe/Lisbon
company: {name: Small, address: 1 Street}
customer: {first_name: text, plan: free | plus?}
events: {order.placed: {}}
topics: {service: {basis: contract}}
senders: {us: Us <us@example.com>}
"""
JOURNEY = """\
journey: one
phase: welcome
name: One   # a name
start:
  event: order.placed
delivery: {topic: service}
steps:
  - wait: 3 days
  - send: a/hello
  - set: {customer.plan: plus}
  - send: a/bye
tests:
  - name: All of it      # the only one
    given: ana
    clock: 2026-03-02 08:00
    when:
      - {at: day 0 08:00, event: order.placed}
    EXPECT
# the end
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lifeloop.yaml").write_text(PROJECT)
    for part in ("journeys", "templates/a", "people"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "people" / "ana.yaml").write_text("first_name: Ana\nemail: ana@example.com\n")
    for name in ("hello", "bye"):
        (tmp_path / "templates" / "a" / f"{name}.md").write_text("---\nsubject: Hi\nfrom: us\n---\nHi!\n")
    return tmp_path


def update(folder, expect):
    """Write a journey whose test expects that, accept what happened, and return the text from ``expect`` on."""
    file = folder / "journeys" / "one.yaml"
    head, tail = JOURNEY.split("EXPECT")
    file.write_text(head + expect.lstrip() + tail)
    (tested,) = run_tests(open_project(folder), ["one"])
    after = accepted(file.read_text(), tested.failures)
    file.write_text(after)
    (again,) = run_tests(open_project(folder), ["one"])
    assert again.failures == ()
    assert after.startswith(head)
    assert after.endswith(tail)
    return after.removeprefix(head).removesuffix(tail) + "\n"


HELLO = "      - at: day 3 08:00\n        send: a/hello\n"
BYE_AT = "day 4 04:00, "
BYE = "      - at: day 4 04:00\n        send: a/bye\n"


def test_only_the_time_of_a_step_changes_and_its_comments_stay(folder):
    expect = """expect:
      # first a hello
      - at: day 2 08:00   # early
        send: a/hello  # warm
      # then a bye
      - {at: day 3 08:00, send: a/bye}  # dry"""
    assert update(folder, expect) == expect.replace("day 2", "day 3").replace("day 3 08:00, ", BYE_AT) + "\n"


def test_what_is_missing_is_written_and_what_never_comes_goes(folder):
    written = update(folder, "expect:\n      - at: day 3 08:00\n        send: a/hello\n      - stop: never")
    assert written == "expect:\n" + HELLO + BYE


def test_nothing_becomes_a_list(folder):
    assert update(folder, "expect: nothing   # yet") == "expect: # yet\n" + HELLO + BYE


def test_a_list_on_one_line_becomes_lines(folder):
    assert update(folder, "expect: [{at: day 1 08:00, send: a/hello}]") == "expect:\n" + HELLO + BYE


def test_a_list_becomes_nothing(folder):
    (folder / "people" / "ana.yaml").write_text("first_name: Ana\n")
    assert update(folder, "expect:\n" + HELLO.rstrip("\n")) == "expect: nothing\n"


def test_set_data_are_kept_where_a_test_looks_at_them(folder):
    written = update(folder, "expect:\n" + HELLO + "      - at: day 1 08:00\n        set: {customer.plan: plus}")
    assert written == "expect:\n" + HELLO + "      - at: day 3 08:00\n        set: {customer.plan: plus}\n" + BYE


def test_the_starter_is_accepted_as_it_is(tmp_path):
    top = Path(__file__).parents[2]
    for part in ("lifeloop.yaml", "journeys", "templates", "people"):
        source = top / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / part)
    file = tmp_path / "journeys" / "satisfaction.yaml"
    file.write_text(file.read_text().replace("wait: 3 days", "wait: 2 days"))
    (tested,) = run_tests(open_project(tmp_path), ["satisfaction"])
    before = file.read_text()
    after = accepted(before, tested.failures)
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) > len(tested.failures)
    assert all(day(new) == day(old) - 1 for old, new in changed)


def day(line):
    return int(line.partition("- at: day ")[2].partition(" ")[0])
