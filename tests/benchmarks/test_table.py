"""The table and the picture of docs/performance.md: what is written there is what was measured."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "benchmarks"))

import curve  # noqa: E402
import page  # noqa: E402
from bars import draw  # noqa: E402
from goals import GOALS  # noqa: E402
from job_figures import LIFELOOP, run  # noqa: E402
from measure import Figure  # noqa: E402
from run import SETS  # noqa: E402
from table import as_markdown, as_text, number  # noqa: E402

FIGURES = (
    Figure("no goal of its own", "", 12_345, "people/s"),
    Figure("claimed", "SQLite", 12, "ms", "of 20,000", 1.3, "claim, ordered"),
    Figure("enrolled", "SQLite", 20_000, "people/s", "driver", 0.9, "enroll"),
    Figure("moved", "SQLite", 1_000, "people/s", "by hand", 0.49, "move, by hand"),
)


def test_goals_come_first_in_their_order_and_what_is_below_its_floor_is_loud():
    enrolled, moved, claimed, other = as_markdown(FIGURES).splitlines()[2:]
    assert enrolled == "| enrolled | SQLite | 20,000 people/s | driver | 0.9 | 0.5 | 0.8 | yes, and more |"
    assert moved.endswith("| 0.49 | 0.5 | 0.75 | **no** |")
    assert claimed.endswith("| 1.3 | ≤ 1.5 | ≤ 1.2 | yes |")
    assert other == "| no goal of its own |  | 12,300 people/s |  |  |  |  |  |"


@pytest.mark.parametrize(
    ("value", "verdict"), [(20.1, "below"), (20, "met"), (10.1, "met"), (10, "reached"), (1, "reached")]
)
def test_where_less_is_better_less_is_better(value, verdict):
    assert GOALS["engine"].verdict(Figure("engine", "", value, "µs", goal="engine")) == verdict


@pytest.mark.parametrize(("value", "said"), [(0.4321, "0.432"), (17.54, "17.5"), (123.4, "123"), (57_321, "57,300")])
def test_three_digits_count(value, said):
    assert number(value) == said


def test_columns_of_the_terminal_stand_below_each_other():
    lines = as_text(FIGURES).splitlines()
    assert len({line.index(word) for line, word in zip(lines, ("store", "SQLite"), strict=False)}) == 1
    assert len(lines) == 1 + len(FIGURES)


def test_the_picture_has_a_bar_for_each_figure_with_a_goal():
    picture = ET.fromstring(draw(FIGURES))  # noqa: S314  # written by ourselves
    kinds = [one.get("class") for one in picture.iter("{http://www.w3.org/2000/svg}rect")]
    assert kinds == ["paper", "reached", "below", "met"]


def test_the_page_shows_what_was_kept():
    assert page.with_table(page.PAGE.read_text(), page.kept_figures()) == page.PAGE.read_text()
    assert draw(page.kept_figures()) == page.PICTURE.read_text()
    assert curve.draw(page.kept_figures()) == page.CURVE.read_text()


def test_the_curve_has_a_line_for_each_way_to_work_and_a_point_for_each_number_of_workers():
    rates = [(f"{count} {who}", 100 * count) for who in ("runners", "pool workers") for count in (1, 2, 4)]
    drawn = ET.fromstring(curve.draw([Figure(f"journeys by {who}", "", rate, "/s") for who, rate in rates]))  # noqa: S314
    lines = [one.get("points").split() for one in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(points) for points in lines] == [3, 3]
    heights = [float(point.split(",")[1]) for point in lines[0]]
    assert heights == sorted(heights, reverse=True)  # more is higher
    assert curve.draw(FIGURES) == ""


def test_what_was_measured_names_goals_that_exist():
    kept = page.kept_figures()
    assert kept
    assert {one.goal for one in kept} <= {*GOALS, ""}


def test_every_set_of_figures_has_a_name_that_can_be_asked_for():
    assert {"pure", "store", "moving", "waiting", "ingest", "job", "workers"} <= set(SETS)


def test_the_journey_job_really_calls_twice_for_everybody(tmp_path):
    ran = run(LIFELOOP, "SQLite", tmp_path, 5)
    assert ran.per_second > 0
    assert ran.cpu > 0
