"""The OpenAPI of the ingest API, tried out by Schemathesis: whatever is sent, no 5xx, and answers as promised."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lifeloop.web.beside import served_beside
from lifeloop.web.ingest import Ingest
from lifeloop.web.ingest_page import openapi
from lifeloop.work import keys
from lifeloop.work.workspace import open_workspace

PROJECT = """
project: small-shop
company: {name: Small Shop, address: Street 1, email: hello@example.com}
topics: {news: {basis: consent}}
customer: {first_name: text?, email: email?}
events: {order.placed: {order_id: text?, total: money?}}
objects: {contract: {key: contract_id, ends: date?}}
"""
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 12
"""Of each of eight operations; enough to find what is carelessly read, and over in a few seconds."""


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    (root / "journeys").mkdir()
    (root / "lifeloop.yaml").write_text(PROJECT)
    space = open_workspace(root, environ={})
    app, key = Ingest(space), keys.add(space, "tester", scopes=("admin",))
    with served_beside(app, port=0) as address:
        yield {"base_url": address.rstrip("/"), "headers": {"X-Write-Key": key}}
    app.close()
    space.close()


def promised():
    """The document, with real words in it, so that some of what is made up gets past the door."""
    document = openapi()
    for name in ("Track", "TrackInBatch"):
        document["components"]["schemas"][name]["properties"]["event"] = {"enum": ["order.placed", "Order Placed", "x"]}
    document["components"]["schemas"]["CloudEvent"]["properties"]["type"] = {"enum": ["order.placed", "x"]}
    return document


OPERATIONS = {found.ok().label: found.ok() for found in schemathesis.openapi.from_dict(promised()).get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_sent_is_answered_as_promised(label, mode, api):
    seen = set()

    @given(OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def whatever(case):
        response = case.call(**api)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    whatever()
    assert seen


def test_what_is_not_promised_would_be_noticed(api):
    operation = OPERATIONS["POST /v1/track"]
    case = operation.Case(body={"event": "order.placed", "userId": "ana"}, media_type="application/json")
    response = case.call(**api)
    assert response.status_code == 202
    response.status_code = 500
    with pytest.raises(FailureGroup):
        case.validate_response(response, checks=CHECKS)
