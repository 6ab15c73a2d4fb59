"""Questions to colleagues for other programs: a list of what waits, and an answer, with a key that may answer.

    GET  /v1/asks                    {"questions": [{"id", "who", "question", "customer", "journey", "step", …}]}
    POST /v1/asks/{id}/answer        {"answer": "approved" | "declined", "note": "…", "by": "…"}

Instants are ISO 8601 in UTC. What cannot be done is a problem document (RFC 9457).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lifeloop.clock import Instant
from lifeloop.web.keys import Denied, Keys
from lifeloop.web.recipient_pages import Wake, apart
from lifeloop.work.asking import Answerer, Look, Question, answer_one, open_questions
from lifeloop.work.workspace import Workspace

MOST_BODY = 16_384
QUIET = {"Cache-Control": "no-store"}
WORDS = {"approved": True, "declined": False}


class AsksApi:
    """``/v1/asks``. Every request brings its key; there is no cookie and no session."""

    def __init__(self, space: Workspace, keys: Keys, wake: Wake) -> None:
        self._space = space
        self._keys = keys
        self._wake = wake

    def routes(self) -> list[Route]:
        """Return the addresses, for an application to take in."""
        return [
            Route("/v1/asks", self.listed, methods=["GET"]),
            Route("/v1/asks/{id}/answer", self.answer, methods=["POST"]),
        ]

    async def listed(self, request: Request) -> Response:
        """Return what waits for an answer, the oldest first; ``?who=``: only what this approver was asked."""
        try:
            await self._keys.admit(dict(request.headers.raw), b"", "answer")
        except Denied as denied:
            return _problem(denied)
        found = await apart(self._open, request.query_params.get("who"))
        return JSONResponse({"questions": [_document(one) for one in found]}, headers=QUIET)

    async def answer(self, request: Request) -> Response:
        """Answer one question: 200 with how it stands, 409 when it was answered before, 410 when its time is up."""
        try:
            body = await _body(request)
            key = await self._keys.admit(dict(request.headers.raw), body, "answer")
            said = _said(body)
            by = Answerer(f"{said['by']} ({key.name})" if said["by"] else key.name, "api")
            look = await apart(lambda: self._answer(request.path_params["id"], by, said))
            if look.new:
                self._wake([look.question.message.journey])
            return JSONResponse(_outcome(look), 200 if look.new else 409, headers=QUIET)
        except Denied as denied:
            return _problem(denied)

    def _open(self, who: str | None) -> tuple[Question, ...]:
        with self._space.store.reading() as tx:
            return open_questions(self._space, tx, who)

    def _answer(self, message_id: str, by: Answerer, said: dict[str, Any]) -> Look:
        approved = WORDS[said["answer"]]
        look = answer_one(self._space, message_id, by, approved=approved, note=said["note"])
        if look is None:
            raise Denied(404, "no_question", "there is no question of that id")
        if look.state != "answered":
            raise Denied(410, "time_is_up", "nobody answered in time, so it counted as no; or the journey has ended")
        return look


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise Denied(413, "too_long", f"an answer is at most {MOST_BODY:,} bytes")
    return body


def _said(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    said = found if isinstance(found, dict) else {}
    known = {"answer": said.get("answer"), "note": said.get("note", ""), "by": said.get("by", "")}
    if not all(isinstance(value, str) for value in known.values()) or known["answer"] not in WORDS:
        raise Denied(422, "not_an_answer", 'say {"answer": "approved"} or {"answer": "declined"}, with a "note" if any')
    return known


def _outcome(look: Look) -> dict[str, Any]:
    message = look.question.message
    said = message.answer or {}
    word = "approved" if said.get("approved") is True else "declined"
    told = {"answer": word, "note": said.get("note", ""), "by": said.get("by", message.name)}
    return {"id": message.id, **told, "answered": _iso(message.answered_at), "journey": message.journey}


def _document(one: Question) -> dict[str, Any]:
    message = one.message
    return {
        "id": message.id,
        "who": message.name,
        "question": one.words,
        "customer": one.customer.key,
        "journey": message.journey,
        "step": message.node,
        "asked": _iso(message.made_at),
        "until": _iso(message.expires_at),
    }


def _iso(at: Instant | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _problem(denied: Denied) -> Response:
    told = {"type": "about:blank", "status": denied.status, "code": denied.code, "detail": denied.detail}
    wait = {"Retry-After": str(denied.again_in)} if denied.again_in is not None else {}
    return JSONResponse(told, denied.status, headers={**QUIET, **wait}, media_type="application/problem+json")
