"""What the ingest API takes and answers, as OpenAPI and as a page to read. Made from the types that read the wire."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.types import Scope

from lifeloop.web.ingest_calls import Alias, Batch, Group, Identify, Track
from lifeloop.web.ingest_cloudevents import CloudEvent
from lifeloop.web.ingest_wire import ALWAYS, MOST_BATCH, MOST_CLOUDEVENT, MOST_EVENT, MOST_EVENTS, TITLES, Answer

REFERENCE = "#/components/schemas/{name}"
POLICY = b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
KEYS: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}, {"header": []}]
ANSWER = {
    "type": "object",
    "properties": {
        "accepted": {"type": "integer", "minimum": 0},
        "known": {"type": "integer", "minimum": 0},
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["index", "code", "detail"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["accepted", "known", "rejected"],
    "additionalProperties": False,
}
PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
}
CALLS: Mapping[str, tuple[type[msgspec.Struct], str, str]] = {
    "/v1/track": (Track, "Something happened", "An event of the project, to one customer."),
    "/v1/identify": (Identify, "Who a customer is", "What is known of them, and what they said yes or no to."),
    "/v1/group": (Group, "What a customer has", "A contract, an order, a subscription; fields add up."),
    "/v1/alias": (Alias, "Who turned out to be whom", "Everything of the former goes under the customer."),
}
PARAMETERS = [
    {"name": name, "in": "path", "required": True, "description": what, "schema": {"type": "string", "minLength": 1}}
    for name, what in (
        ("customer", "The customer's id"),
        ("kind", "What it is, as the project declares it: contract"),
        ("key", "Which one it is"),
    )
]


async def document(_scope: Scope, _headers: Mapping[bytes, bytes], _body: bytes) -> Answer:
    """Answer with the OpenAPI document."""
    return Answer(200, _text(), [(b"content-type", b"application/json"), *ALWAYS])


async def page(_scope: Scope, _headers: Mapping[bytes, bytes], _body: bytes) -> Answer:
    """Answer with the page."""
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY), *ALWAYS]
    return Answer(200, _page(), headers)


def openapi() -> dict[str, Any]:
    """Return the document as a value."""
    types = [*(kind for kind, _, _ in CALLS.values()), CloudEvent]
    _, schemas = msgspec.json.schema_components(types, ref_template=REFERENCE)
    for name in ("Track", "Identify", "Group", "Alias"):
        # Only a call inside a batch must say what it is: elsewhere the address does.
        schemas[f"{name}InBatch"] = {**schemas[name], "title": f"{name}InBatch"}
        schemas[name] = {
            **schemas[name],
            "required": [one for one in schemas[name].get("required", ()) if one != "type"],
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lifeloop ingest API", "version": "1", "description": _about()},
        "paths": {**_calls(), "/v1/batch": _batch(), "/v1/events": _events(), **_objects()},
        "components": {
            "schemas": {**schemas, "Batch": _batch_schema(), "Answer": ANSWER, "Problem": PROBLEM},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "The key as user, and no password."},
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
            },
        },
    }


def _about() -> str:
    return (
        "Everything is answered after it is written: 202 means that it is safe. The same id with the same words is"
        " taken as the same, however often it comes; with other words it is refused (409)."
        f" An event has at most {MOST_EVENT // 1024} KB ({MOST_CLOUDEVENT // 1024} KB as CloudEvent), a batch"
        f" {MOST_BATCH // 1024} KB and {MOST_EVENTS:,} events."
    )


def _calls() -> dict[str, Any]:
    return {
        path: {"post": _operation(path, title, what, {"application/json": {"schema": _ref(kind.__name__)}})}
        for path, (kind, title, what) in CALLS.items()
    }


def _batch() -> dict[str, Any]:
    what = "Each is taken or refused for itself; the answer says which were refused, and why."
    content = {"application/json": {"schema": _ref("Batch")}}
    return {"post": _operation("/v1/batch", "Several calls at once", what, content)}


def _batch_schema() -> dict[str, Any]:
    calls = [_ref(f"{kind.__name__}InBatch") for kind, _, _ in CALLS.values()]
    found: dict[str, Any] = msgspec.json.schema(Batch)["$defs"]["Batch"]
    batch = {"type": "array", "maxItems": MOST_EVENTS, "items": {"anyOf": calls}}
    return {**found, "properties": {**found["properties"], "batch": batch}}


def _events() -> dict[str, Any]:
    content = {
        "application/cloudevents+json": {"schema": _ref("CloudEvent")},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "items": _ref("CloudEvent")}},
    }
    what = "CloudEvents 1.0: structured, batched, or binary with headers that begin with ce-. subject is the customer."
    return {"post": _operation("/v1/events", "CloudEvents", what, content)}


def _objects() -> dict[str, Any]:
    path = "/v1/customers/{customer}/objects/{kind}/{key}"
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        path: {
            "parameters": PARAMETERS,
            "put": _operation(path + " put", "Write a thing", "Fields add up; null takes one away.", content),
            "delete": _operation(path + " delete", "A thing is gone", "Gone twice is gone.", None),
        }
    }


def _operation(name: str, title: str, what: str, content: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": "-".join(part for part in name.replace("{", "").replace("}", "").replace("/", " ").split()),
        "summary": title,
        "description": what,
        "security": KEYS,
        "responses": _answers(),
    }
    if content is not None:
        found["requestBody"] = {"required": True, "content": content}
    return found


def _answers() -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    others = {
        str(status): {"description": title, "content": problem}
        for status, title in TITLES.items()
        if status != 500  # noqa: PLR2004  # not promised
    }
    return {"202": {"description": "Written", "content": {"application/json": {"schema": _ref("Answer")}}}, **others}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=name)}


@cache
def _text() -> bytes:
    return msgspec.json.encode(openapi())


@cache
def _page() -> bytes:
    templates = Environment(
        loader=PackageLoader("lifeloop.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("ingest.html").render(api=openapi(), fields=_fields).encode()


def _fields(api: Mapping[str, Any], reference: str) -> list[tuple[str, str, bool]]:
    """Return the fields of a schema as the page lists them: name, kind, whether it must be there."""
    schema = api["components"]["schemas"][reference.rpartition("/")[2]]
    required = schema.get("required", ())
    return [(name, _kind(field), name in required) for name, field in schema["properties"].items()]


def _kind(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(one) for one in field["anyOf"] if one.get("type") != "null"))
    if "enum" in field:
        return f'"{field["enum"][0]}"'
    return str(field.get("format") or field.get("type", "anything"))
