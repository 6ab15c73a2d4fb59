"""A small catalogue, and readers that take a text and give back the value and the mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.scope import Scope, names_of, project_scope
from lifeloop.journey.source import Place, Report, Scalar

PROJECT = """
project: sunny
timezone: Europe/Lisbon
topics:
  service: {basis: contract, counts: false}
  inspiration: {basis: consent}
customer:
  first_name: text
  last_name: text?
  plan: free | plus | premium
  contract_end: date?
  competitor_end: date?
  left_at: date?
  since: date?
  seen_at: datetime?
  auto_renews: boolean?
  yearly_value: money?
  last_score: 0..10?
  left_because: text?
  next_year_wish: text?
  status: active | former
  notice: length?
events:
  order.placed: {order_id: text, total: money}
  order.delivered: {order_id: text, total: money}
  order.returned: {order_id: text?}
  survey.answered: {order_id: text?, score: 0..10, comment: text?}
  setup.finished: {}
  contract.started: {date: date}
  contract.renewed: {}
  contract.cancelled: {}
  review.posted: {stars: 1..5}
  ticket.opened: {}
  complaint.opened: {}
objects:
  contract:
    key: contract_id
    holder: ours | competitor
    ends: date?
segments:
  lapsed-customers:
    - customer.status is active
    - order.placed did not happen in the last 180 days
predicates:
  churn-risk: sunny.predicates:churn_risk
"""
MESSAGES = ("renewal/offer", "renewal/reminder", "welcome/need-a-hand", "reactivation/story")


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    root: Path = tmp_path_factory.mktemp("sunny")
    (root / "lifeloop.yaml").write_text(PROJECT)
    report = Report()
    found = read_catalogue(root, report)
    assert report.found == []
    return found


@pytest.fixture(scope="session")
def scope(catalogue: Catalogue) -> Scope:
    return (
        project_scope(catalogue, MESSAGES)
        .having("start", catalogue.events["order.delivered"].attributes)
        .having("event", catalogue.events["survey.answered"].attributes)
        .having("values", names_of({"offer": "10%", "threshold": 7}))
        .having("journey", None)
    )


Reader = Callable[..., tuple[Any, list[Diagnostic]]]


@pytest.fixture(scope="session")
def reading() -> Reader:
    """Return a function that calls a reader with a text as a scalar, and a report at the place that it wants."""

    def run(read: Callable[..., Any], text: str, *rest: Any, report_last: bool = False) -> tuple[Any, list[Diagnostic]]:
        report = Report()
        scalar = Scalar(text, Place("journeys/x.yaml", 7, 11, 7, 11 + len(text)))
        value = read(scalar, *rest, report) if report_last else read(scalar, report, *rest)
        return value, report.found

    return run
