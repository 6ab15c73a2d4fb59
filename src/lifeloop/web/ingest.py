"""The door for events: HTTP in, 202 after the commit. Bare ASGI, because one request is one event, and there are many.

A request is read, proved, understood, and then waits with all others for the next commit (``work.committing``). What
cannot be taken is said to whoever sent it, and never keeps anything else from being taken.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.types import Receive, Scope, Send

from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.write_keys import WriteKeyRow
from lifeloop.web import ingest_cloudevents as cloudevents
from lifeloop.web import ingest_page
from lifeloop.web.ingest_answers import settle, told, told_of_many
from lifeloop.web.ingest_calls import Alias, AnyCall, Batch, Call, Group, Identify, Reader, Track, check, data_of, needs
from lifeloop.web.ingest_wire import (
    ALWAYS,
    HARDEST,
    MOST_BATCH,
    MOST_CLOUDEVENT,
    MOST_EVENT,
    MOST_EVENTS,
    Answer,
    Gone,
    Header,
    Problem,
    check_size,
    check_type,
    decoded,
    read_body,
    refused,
    send_answer,
)
from lifeloop.web.keys import Denied, Keys, said_in
from lifeloop.work.arriving import Item, Removal, Taken
from lifeloop.work.cleaning import clean_text
from lifeloop.work.committing import Full, Writer
from lifeloop.work.ingesting import Person
from lifeloop.work.keys import Scope as KeyScope
from lifeloop.work.keys import allows
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.understanding import Understanding, Unfit, customer_key
from lifeloop.work.workspace import Workspace

SOON = 1
OBJECTS = "/v1/customers/"
PREFLIGHT: list[Header] = [
    (b"access-control-allow-methods", b"POST, PUT, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, x-write-key, content-encoding"),
    (b"access-control-max-age", b"600"),
    *ALWAYS,
]
Headers = Mapping[bytes, bytes]
Handler = Callable[[Scope, dict[bytes, bytes], bytes], Any]
log = logging.getLogger(__name__)


class Ingest:
    """The application. ``wake`` hears of journeys that have something to do; ``close`` writes what still waits."""

    def __init__(
        self,
        space: Workspace,
        *,
        environ: Mapping[str, str] = os.environ,
        wake: Callable[[Iterable[str]], None] = lambda _journeys: None,
    ) -> None:
        self._space = space
        self._keys = Keys(space, environ)
        self._reader = Reader(Understanding(space.catalogue), space.catalogue.timezone)
        self._writer: Writer[asyncio.Future[Taken]] = Writer(space, settle, wake)
        self._routes: dict[str, dict[str, Handler]] = {
            "/v1/track": {"POST": self._call(Track)},
            "/v1/identify": {"POST": self._call(Identify)},
            "/v1/group": {"POST": self._call(Group)},
            "/v1/alias": {"POST": self._call(Alias)},
            "/v1/batch": {"POST": self._batch},
            "/v1/events": {"POST": self._cloudevents},
            "/v1/openapi.json": {"GET": ingest_page.document},
            "/": {"GET": ingest_page.page},
        }
        self._objects: dict[str, Handler] = {"PUT": self._put_object, "DELETE": self._delete_object}

    def close(self) -> None:
        """Write what waits, and end."""
        self._writer.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive)
        except Gone:
            return
        origin = headers.get(b"origin")
        await send_answer(send, answer, self._cors(origin) if origin else ())

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Answer:
        try:
            handler = self._handler(scope)
            body = await read_body(receive, headers)
            answer: Answer = await handler(scope, headers, body)
        except Problem as problem:
            return refused(problem)
        except Denied as problem:
            return refused(Problem(problem.status, problem.code, problem.detail, problem.again_in))
        except Unfit as problem:
            return refused(Problem(422, problem.code, problem.detail))
        except (Full, StoreBusy, StoreUnreachable):
            return refused(Problem(503, "busy", "more comes than can be written just now", SOON))
        except (Gone, asyncio.CancelledError):
            raise
        except Exception as problem:  # noqa: BLE001  # whoever sent it is told that it is not theirs, and no more
            log.error("a request was not answered: %s", kind_and_place(problem))  # noqa: TRY400  # no data in logs
            return refused(Problem(500, "defect", "a mistake of ours; it was not taken in"))
        return answer

    def _handler(self, scope: Scope) -> Handler:
        path, method = scope["path"], scope["method"]
        methods = self._objects if path.startswith(OBJECTS) else self._routes.get(path)
        if methods is None:
            raise Problem(404, "no_such_page", "there is nothing at this address; what there is, / says")
        if method == "OPTIONS":
            return self._preflight
        found = methods.get("GET" if method == "HEAD" else method)
        if found is None:
            raise Problem(405, "method", f"this address takes {', '.join(methods)}")
        return found

    # --- one call at a time -------------------------------------------------------------------------------------

    def _call(self, kind: type[Call]) -> Handler:
        decode = msgspec.json.Decoder(kind).decode
        scope: KeyScope = "track" if kind is Track else "identify"

        async def take(_scope: Scope, headers: dict[bytes, bytes], body: bytes) -> Answer:
            check_type(headers)
            check_size(body, MOST_EVENT)
            key = await self._keys.admit(headers, body, scope) if said_in(headers) is not None else None
            call: Call = decoded(decode, body)
            check(data_of(call), body)
            if key is None:
                key = await self._keys.admit(headers, body, scope, said=call.write_key)
            _check_scopes(key, call)
            self._keys.pace(key, 1)
            return told(await self._write(self._reader.items(call, key.name, self._space.clock.now())))

        return take

    async def _put_object(self, scope: Scope, headers: dict[bytes, bytes], body: bytes) -> Answer:
        customer, kind, thing = _object_path(scope)
        check_type(headers)
        check_size(body, MOST_EVENT)
        key = await self._keys.admit(headers, body, "identify")
        fields = decoded(_decode_object, body)
        check(fields, body)
        self._keys.pace(key, 1)
        kind, known = self._reader.understanding.thing(kind, thing, fields)
        person = Person(customer_key(customer, None), things={kind: (known,)})
        return told(await self._write([Item(person, key.name)]))

    async def _delete_object(self, scope: Scope, headers: dict[bytes, bytes], body: bytes) -> Answer:
        customer, kind, thing = _object_path(scope)
        key = await self._keys.admit(headers, body, "identify")
        self._keys.pace(key, 1)
        gone = Removal(customer_key(customer, None), self._reader.understanding.kind(kind), clean_text(thing))
        return told(await self._write([Item(gone, key.name)]))

    # --- many ---------------------------------------------------------------------------------------------------

    async def _batch(self, _scope: Scope, headers: dict[bytes, bytes], body: bytes) -> Answer:
        check_type(headers)
        check_size(body, MOST_BATCH, "a batch")
        key = await self._keys.admit(headers, body, "track") if said_in(headers) is not None else None
        batch: Batch = decoded(_decode_batch, body)
        if key is None:
            key = await self._keys.admit(headers, body, "track", said=batch.write_key)
        now = self._space.clock.now()

        def read(raw: msgspec.Raw) -> list[Item]:
            check_size(memoryview(raw), MOST_EVENT)
            call: Call = decoded(_decode_any_call, bytes(raw))
            check(data_of(call), bytes(raw))
            _check_scopes(key, call)
            return self._reader.items(call, key.name, now, sent_at=batch.sent_at)

        return await self._many(key, batch.batch, read)

    async def _cloudevents(self, _scope: Scope, headers: dict[bytes, bytes], body: bytes) -> Answer:
        kind = headers.get(b"content-type", b"").strip().lower()
        key = await self._keys.admit(headers, body, "track")
        now = self._space.clock.now()
        if kind.startswith(cloudevents.BATCH):

            def read(raw: msgspec.Raw) -> list[Item]:
                check_size(memoryview(raw), MOST_CLOUDEVENT)
                event: cloudevents.CloudEvent = decoded(cloudevents.decode_one, bytes(raw))
                check(event.data, bytes(raw))
                return [cloudevents.item(event, self._reader, key.name, now)]

            check_size(body, HARDEST, "a batch")
            return await self._many(key, decoded(_decode_list, body), read)
        check_size(body, MOST_CLOUDEVENT)
        is_structured = kind.startswith(cloudevents.ONE)
        event = decoded(cloudevents.decode_one, body) if is_structured else cloudevents.binary(headers, body)
        check(event.data, body)
        self._keys.pace(key, 1)
        return told(await self._write([cloudevents.item(event, self._reader, key.name, now)]))

    async def _many(
        self, key: WriteKeyRow, raws: Sequence[msgspec.Raw], read: Callable[[msgspec.Raw], list[Item]]
    ) -> Answer:
        if len(raws) > MOST_EVENTS:
            raise Problem(413, "too_many", f"a batch has at most {MOST_EVENTS:,} events")
        self._keys.pace(key, len(raws))
        items: list[Item] = []
        spans: list[tuple[int, int]] = []
        rejected: dict[int, tuple[str, str]] = {}
        for index, raw in enumerate(raws):
            start = len(items)
            try:
                items += read(raw)
            except (Problem, Unfit) as problem:
                rejected[index] = (problem.code, problem.detail)
            spans.append((start, len(items)))
        words = (await self._write(items)).words if items else []
        return told_of_many([words[start:end] for start, end in spans], rejected)

    # --- the rest -----------------------------------------------------------------------------------------------

    async def _write(self, items: Sequence[Item]) -> Taken:
        """Wait until these are committed; what somebody waits for is written even if they go away."""
        ticket: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._writer.put(items, ticket)
        return await ticket

    async def _preflight(self, _scope: Scope, _headers: dict[bytes, bytes], _body: bytes) -> Answer:
        await self._keys.refresh()
        return Answer(204, headers=PREFLIGHT)

    def _cors(self, origin: bytes) -> Iterable[Header]:
        if origin.decode("latin-1") in self._keys.origins():
            return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        return ()


_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_any_call = msgspec.json.Decoder(AnyCall).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def _check_scopes(key: WriteKeyRow, call: Call) -> None:
    for scope in needs(call):
        if not allows(key, scope):
            raise Problem(403, "scope", f'this key may not do that: it lacks the scope "{scope}"')


def _object_path(scope: Scope) -> tuple[str, str, str]:
    """Return customer, kind and key of ``/v1/customers/{customer}/objects/{kind}/{key}``, each as it was meant."""
    raw = scope.get("raw_path") or scope["path"].encode()
    parts = raw.partition(b"?")[0].decode("latin-1").removeprefix(OBJECTS).split("/")
    try:
        customer, word, kind, key = (unquote(part, errors="strict") for part in parts)
    except (ValueError, UnicodeDecodeError):
        word = ""
    if word != "objects" or not (customer and kind and key):
        raise Problem(404, "no_such_page", f"it reads  {OBJECTS}CUSTOMER/objects/KIND/KEY")
    return customer, kind, key
