"""The ingest API: what is taken, what is refused, and that 202 means written."""

import asyncio
import base64
import gzip
import json
from contextlib import contextmanager

import httpx
import msgspec
import pytest

from lifeloop.channel.secret import Secret
from lifeloop.channel.signature import signed
from lifeloop.clock import SetClock
from lifeloop.store import arrivals, consents, customers, events, objects
from lifeloop.store.opening import StoreBusy
from lifeloop.web.ingest import Ingest
from lifeloop.work import committing, keys
from lifeloop.work.project import open_project
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import open_workspace

PROJECT = """
project: small-shop
timezone: Europe/Amsterdam
company: {name: Small Shop, address: Street 1, email: hello@example.com}
topics:
  news: {basis: consent}
customer:
  first_name: text?
  email: email?
  plan: basic | plus?
events:
  order.placed: {order_id: text?, total: money?}
  video.watched: {}
objects:
  contract: {key: contract_id, ends: date?}
"""
ENVIRON = {"SHOP_SECRET": "whsec_" + base64.b64encode(b"x" * 32).decode()}
NOW = 1_772_445_600  # 2 March 2026, 10:00 UTC


class Door:
    """The API of a small shop, asked without a socket in between, all in one loop as a server would."""

    def __init__(self, space, key):
        self.space = space
        self.woken = []
        self.app = Ingest(space, environ=ENVIRON, wake=self.woken.append)
        self.key = key

    def ask(self, method, path, document=None, *, key=None, headers=None, content=None):
        return self.together((method, path, document, key, headers, content))[0]

    def post(self, path, document=None, **more):
        return self.ask("POST", path, document, **more)

    def together(self, *requests):
        return asyncio.run(self._together(requests))

    async def _together(self, requests):
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await asyncio.gather(*[self._one(client, *request) for request in requests])

    async def _one(self, client, method, path, document=None, key=None, headers=None, content=None):
        auth = (self.key if key is None else key, "")
        given = {} if content is not None else {"json": document} if document is not None else {}
        return await client.request(method, path, auth=auth, headers=headers, content=content, **given)

    def a_second_goes_by(self):
        self.app._keys._ring._read_at = -10

    def events(self, key="ana"):
        with self.space.store.reading() as tx:
            known = customers.find_keys(tx, [key])
            found = events.of_customer(tx, known[key].id, 100) if known else ()
        return [(one.name, one.at, one.data) for one in found]

    def customer(self, key="ana"):
        with self.space.store.reading() as tx:
            return customers.find_keys(tx, [key]).get(key)

    def things(self, key="ana"):
        with self.space.store.reading() as tx:
            return {one.key: one.fields for one in objects.of_customers(tx, [customers.find_keys(tx, [key])[key].id])}


@pytest.fixture
def door(tmp_path):
    with opened(tmp_path, f"sqlite:///{tmp_path / 'shop.db'}") as made:
        yield made


@pytest.fixture
def either(tmp_path, fresh_url):
    """The same on both databases, for what they do differently."""
    with opened(tmp_path, fresh_url()) as made:
        yield made


@contextmanager
def opened(tmp_path, url):
    root = tmp_path / "shop"
    (root / "journeys").mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT)
    space = open_workspace(root, url=url, clock=SetClock(NOW), environ={})
    assert open_project(root).diagnostics == ()
    made = Door(space, keys.add(space, "webshop"))
    yield made
    made.app.close()
    space.close()


def track(**more):
    return {"userId": "ana", "event": "order.placed", "messageId": "m-1", "timestamp": "2026-03-02T09:00:00Z"} | more


def test_an_event_is_written_when_it_is_answered(door):
    answer = door.post("/v1/track", track(properties={"orderId": "A-7", "total": "19.90", "colour": "red"}))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "known": 0, "rejected": []})
    assert door.events() == [("order.placed", NOW - 3600, {"order_id": "A-7", "total": 19.9, "colour": "red"})]


def test_the_same_event_again_is_fine_and_another_one_under_its_id_is_refused_and_shown(either):
    either.post("/v1/track", track(properties={"total": 5}))
    again = either.post("/v1/track", track(properties={"total": 5}))
    other = either.post("/v1/track", track(properties={"total": 6}))
    either.post("/v1/track", track(properties={"total": 6}))

    assert (again.status_code, again.json()["known"]) == (202, 1)
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert [data for *_, data in either.events()] == [{"total": 5}]
    with either.space.store.reading() as tx:
        (refused,) = arrivals.refused(tx, 10)
    assert (refused.source, refused.message_id, refused.customer, refused.times) == ("webshop", "m-1", "ana", 2)
    assert json.loads(refused.body)[3] == {"total": 6}


def test_the_same_again_and_another_body_in_one_commit(either):
    answers = either.together(
        *[("POST", "/v1/track", track(properties={"total": total})) for total in (5, 5, 6)],
        ("POST", "/v1/track", track(messageId="m-2")),
    )
    assert sorted(answer.status_code for answer in answers) == [202, 202, 202, 409]
    assert len(either.events()) == 2


def test_many_requests_share_one_commit(either, counted):
    many = [("POST", "/v1/track", track(messageId=f"m-{number}")) for number in range(40)]
    with counted(either.space.store) as seen:
        assert {answer.status_code for answer in either.together(*many)} == {202}
    assert len(either.events()) == 40
    commits = sum("INSERT INTO event" in sql for sql in seen)
    assert commits < 10


def test_one_bad_event_fails_only_itself(door, monkeypatch):
    whole = committing.take_items

    def burst(space, tx, items):
        if any(item.id == "bad" for item in items):
            raise ZeroDivisionError
        return whole(space, tx, items)

    monkeypatch.setattr(committing, "take_items", burst)
    answers = door.together(*[("POST", "/v1/track", track(messageId=one)) for one in ("m-1", "bad", "m-2")])
    assert [answer.status_code for answer in answers] == [202, 500, 202]
    assert answers[1].json()["detail"] == "a mistake of ours; it was not taken in"
    assert len(door.events()) == 2


def test_a_database_that_is_busy_is_no_mistake(door, monkeypatch):
    def busy(*_):
        raise StoreBusy("locked")

    monkeypatch.setattr(committing, "take_items", busy)
    answer = door.post("/v1/track", track())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_too_much_that_waits_is_turned_away(door, monkeypatch):
    monkeypatch.setattr(committing, "WAITING", 0)
    assert door.post("/v1/track", track()).status_code == 503


def test_identify_makes_a_customer_known(door):
    said = {
        "userId": 7,
        "traits": {"firstName": "Ana", "email": "ana@example.com", "shoe": 42},
        "consents": {"news": True},
    }
    assert door.post("/v1/identify", said).status_code == 202
    found = door.customer("7")
    assert dict(found.data) == {"id": "7", "first_name": "Ana", "email": "ana@example.com", "shoe": 42}
    with door.space.store.reading() as tx:
        assert [(one.topic, one.source) for one in consents.history(tx, found.id)] == [("news", "webshop")]


def test_identify_twice_is_once_and_another_body_is_refused(either):
    said = {"userId": "ana", "messageId": "i-1", "traits": {"firstName": "Ana"}}
    assert either.post("/v1/identify", said).json()["known"] == 0
    either.post("/v1/identify", {"userId": "ana", "traits": {"firstName": "Anna"}})
    assert either.post("/v1/identify", said).json()["known"] == 1
    assert either.post("/v1/identify", said | {"traits": {"firstName": "Bo"}}).status_code == 409
    assert either.customer().data["first_name"] == "Anna"


def test_who_was_anonymous_becomes_whom_they_say_they_are(either):
    either.post("/v1/track", track(userId=None, anonymousId="x1"))
    assert either.customer("anon:x1") is not None
    either.post("/v1/identify", {"userId": "ana", "anonymousId": "x1", "traits": {"plan": "plus"}})
    either.post("/v1/track", track(userId=None, anonymousId="x1", messageId="m-2"))
    assert either.customer("anon:x1") is None
    assert len(either.events("ana")) == 2


def test_alias_and_events_around_it_keep_their_order_in_one_batch(either):
    said = [
        track(type="track", userId=None, anonymousId="x1", messageId="m-1"),
        {"type": "alias", "previousId": "x1", "userId": "ana"},
        track(type="track", messageId="m-2"),
        track(type="track", userId=None, anonymousId="x1", messageId="m-3"),
    ]
    assert either.post("/v1/batch", {"batch": said}).json() == {"accepted": 4, "known": 0, "rejected": []}
    assert len(either.events("ana")) == 3


def test_a_former_id_of_somebody_else_is_refused(door):
    door.post("/v1/alias", {"previousId": "x1", "userId": "ana"})
    answer = door.post("/v1/alias", {"previousId": "x1", "userId": "bo"})
    assert (answer.status_code, answer.json()["code"]) == (409, "taken")
    assert door.post("/v1/identify", {"userId": "bo", "anonymousId": "x1", "traits": {}}).status_code == 202


def test_two_known_customers_are_made_one_only_by_who_may_do_all(door):
    said = {"previousUserId": "old", "userId": "ana"}
    assert door.post("/v1/alias", said).status_code == 403
    boss = keys.add(door.space, "boss", scopes=("admin",))
    door.a_second_goes_by()
    assert door.post("/v1/alias", said, key=boss).status_code == 202


def test_a_group_is_a_thing_and_things_come_and_go(either):
    either.post("/v1/group", {"userId": "ana", "groupId": "K-1", "traits": {"ends": "2027-01-31"}})
    assert either.things() == {"K-1": {"contract_id": "K-1", "ends": "2027-01-31"}}
    path = "/v1/customers/ana/objects/contract/K%2F2"
    assert either.ask("PUT", path, {"ends": "2028-01-31", "note": "new"}).status_code == 202
    assert either.ask("PUT", path, {"note": None}).status_code == 202
    assert either.things()["K/2"] == {"contract_id": "K/2", "ends": "2028-01-31"}
    for _ in range(2):
        assert either.ask("DELETE", path).status_code == 202
    assert list(either.things()) == ["K-1"]
    assert either.ask("PUT", "/v1/customers/ana/objects/car/1", {}).json()["code"] == "unknown_object"
    assert either.ask("PUT", "/v1/customers/ana/things/contract/1", {}).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"event": "order.plcaed"}, 422, "unknown_event"),
        ({"properties": {"total": "much"}}, 422, "bad_value"),
        ({"userId": None}, 422, "no_customer"),
        ({"userId": "anon:7"}, 422, "bad_id"),
        ({"event": 7}, 422, "schema"),
        ({"timestamp": "yesterday"}, 422, "schema"),
        ({"messageId": "x" * 201}, 422, "schema"),
        ({"properties": {"a": {str(number): 1 for number in range(1001)}}}, 422, "too_many"),
        ({"properties": {"a": "x" * 32_000}}, 202, None),
        ({"properties": {"a": "x" * 33_000}}, 413, "too_big"),
    ],
)
def test_what_does_not_fit_is_said(door, change, status, code):
    answer = door.post("/v1/track", track(**change))
    assert answer.status_code == status
    if code:
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["status"]) == (code, status)
        assert door.events() == []


def test_what_no_database_can_keep_is_marked_as_unreadable(either):
    odd = "a\x00b"
    calls = [
        track(type="track", userId=odd, messageId=odd, properties={odd: odd}),
        {"type": "identify", "userId": odd, "anonymousId": odd, "messageId": f"i{odd}", "traits": {odd: odd}},
        {"type": "alias", "previousId": odd, "userId": odd, "messageId": f"a{odd}"},
        {"type": "group", "userId": odd, "groupId": odd, "traits": {odd: odd}},
    ]
    for _ in range(2):
        assert either.post("/v1/batch", {"batch": calls}).json()["accepted"] == 4
    other = track(userId=odd, messageId=odd, event="video.watched")
    assert either.post("/v1/track", other).status_code == 409
    assert either.ask("DELETE", "/v1/customers/a%00b/objects/contract/a%00b").status_code == 202
    content = json.dumps(cloudevent(subject=odd, id=odd, source=odd)).encode()
    typed = {"content-type": "application/cloudevents+json"}
    assert either.post("/v1/events", content=content, headers=typed).status_code == 202


def test_a_near_word_is_named(door):
    assert door.post("/v1/track", track(event="order.plcaed")).json()["detail"] == (
        'there is no event "order.plcaed", did you mean "order.placed"?'
    )


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b"\xff\xfe", 400),
        (b'{"userId":"ana","event":"order.placed","properties":' + b'{"a":' * 21 + b"1" + b"}" * 22, 422),
        (b"[" * 20_000, 422),
        (b'{"userId":"ana","event":"order.placed","properties":{"a":"\\ud800"}}', 400),
        (b"x" * (1024 * 1024 + 1), 413),
    ],
)
def test_bytes_that_are_no_event_are_refused(door, content, status):
    answer = door.post("/v1/track", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status


def test_a_body_may_be_packed_but_not_to_burst(door):
    packed = {"content-encoding": "gzip", "content-type": "application/json"}
    fine = door.post("/v1/track", content=gzip.compress(json.dumps(track()).encode()), headers=packed)
    bomb = door.post("/v1/track", content=gzip.compress(b" " * 50_000_000), headers=packed)
    none = door.post("/v1/track", content=b"no gzip", headers=packed)
    half = door.post("/v1/track", content=gzip.compress(json.dumps(track()).encode())[:-9], headers=packed)
    odd = door.post("/v1/track", content=b"{}", headers={"content-encoding": "br"})
    assert [one.status_code for one in (fine, bomb, none, half, odd)] == [202, 413, 400, 400, 415]


def test_a_batch_takes_what_fits_and_names_the_rest(door):
    said = [
        track(type="track", messageId="m-1"),
        track(type="track", messageId="m-2", event="nothing"),
        {"type": "dance"},
        track(type="track", messageId="m-1", properties={"total": 1}),
        track(type="track", messageId="m-3", properties={"a": "x" * 33_000}),
        {"type": "identify", "userId": "bo", "traits": {"first_name": "Bo"}},
    ]
    answer = door.post("/v1/batch", {"batch": said})
    assert answer.status_code == 202
    found = answer.json()
    assert (found["accepted"], found["known"]) == (2, 0)
    assert [(one["index"], one["code"]) for one in found["rejected"]] == [
        (1, "unknown_event"),
        (2, "schema"),
        (3, "conflict"),
        (4, "too_big"),
    ]
    assert door.customer("bo") is not None


def test_a_batch_has_an_end(door):
    small = {"type": "track", "userId": "a", "event": "video.watched"}
    assert door.post("/v1/batch", {"batch": [small] * 2501}).json()["code"] == "too_many"
    assert door.post("/v1/batch", {"batch": [track(properties={"a": "x" * 30_000})] * 20}).json()["code"] == "too_big"
    assert door.post("/v1/batch", {"batch": []}).json() == {"accepted": 0, "known": 0, "rejected": []}


def test_a_clock_that_is_wrong_is_set_right(door):
    said = track(timestamp="2026-03-02T12:00:00Z", sentAt="2026-03-02T12:00:30Z")
    door.post("/v1/track", said)
    door.space.clock.set(NOW + 7)
    again = door.post("/v1/track", said | {"sentAt": "2026-03-02T12:00:36Z"})
    assert again.json()["known"] == 1
    assert [at for _, at, _ in door.events()] == [NOW - 30]


def test_without_an_id_the_same_words_are_the_same_event_if_they_say_when(door):
    timed, timeless = track(messageId=None), track(messageId=None, timestamp=None)
    assert [door.post("/v1/track", timed).json()["known"] for _ in range(2)] == [0, 1]
    assert [door.post("/v1/track", timeless).json()["known"] for _ in range(2)] == [0, 0]


def test_a_time_without_an_offset_is_on_the_projects_clock(door):
    door.post("/v1/track", track(timestamp="2026-03-02T10:00:00"))
    assert [at for _, at, _ in door.events()] == [NOW - 3600]


# --- who may ---------------------------------------------------------------------------------------------------------


def basic(key):
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def test_a_key_may_come_in_four_ways(door):
    ways = [
        ({"x-write-key": door.key}, {}),
        ({"authorization": f"Bearer {door.key}"}, {}),
        (basic(door.key), {}),
        ({}, {"writeKey": door.key}),
    ]
    for headers, more in ways:
        content = json.dumps(track() | more).encode()
        answer = asyncio.run(bare(door, "/v1/track", content, {"content-type": "application/json"} | headers))
        assert answer.status_code == 202


async def bare(door, path, content, headers, method="POST"):
    transport = httpx.ASGITransport(door.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize("key", ["", "wk_test_wrong", "x" * 500, "é", "wk_test_"])
def test_without_a_key_that_holds_nothing_is_taken(door, key):
    answer = door.post("/v1/track", track(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (401, "no_key")
    assert "basic" in answer.headers["www-authenticate"].lower()
    assert door.events() == []


def test_a_key_taken_back_opens_nothing_a_second_later(door):
    assert door.post("/v1/track", track()).status_code == 202
    keys.revoke(door.space, "webshop")
    door.a_second_goes_by()
    assert door.post("/v1/track", track()).status_code == 401


def test_a_key_does_only_what_it_may(door):
    narrow = keys.add(door.space, "clicks", scopes=("track",))
    said = {"batch": [track(type="track"), {"type": "identify", "userId": "ana", "traits": {}}]}
    assert door.post("/v1/identify", {"userId": "ana"}, key=narrow).status_code == 403
    assert door.ask("DELETE", "/v1/customers/ana/objects/contract/1", key=narrow).status_code == 403
    assert [one["code"] for one in door.post("/v1/batch", said, key=narrow).json()["rejected"]] == ["scope"]


def test_a_key_that_is_too_fast_is_told_when_to_come_again(door, monkeypatch):
    monkeypatch.setattr("lifeloop.web.keys.monotonic", lambda: 1000.0)  # all within one moment
    slow = keys.add(door.space, "slow", rate=3)
    answers = door.together(*[("POST", "/v1/track", track(messageId=str(n)), slow) for n in range(5)])
    assert sorted(answer.status_code for answer in answers) == [202, 202, 202, 429, 429]
    late = next(answer for answer in answers if answer.status_code == 429)
    assert late.headers["retry-after"] == late.headers["x-ratelimit-reset"] == "1"


def test_a_key_that_asks_for_a_signature_takes_nothing_without_it(door):
    key = keys.add(door.space, "signed", signing="env.SHOP_SECRET")
    lost = keys.add(door.space, "lost", signing="env.NOWHERE")
    content = json.dumps(track()).encode()
    right = signed("m-1", content, NOW, [Secret(ENVIRON["SHOP_SECRET"])])
    typed = {"content-type": "application/json"}

    def post(body, headers):
        return door.post("/v1/track", content=body, headers=typed | dict(headers), key=key).status_code

    assert post(content, {}) == 401
    assert post(content + b" ", right) == 401
    assert post(content, signed("m-1", content, NOW - 301, [Secret(ENVIRON["SHOP_SECRET"])])) == 401
    assert post(content, right) == 202
    assert door.post("/v1/track", content=content, headers=typed | dict(right), key=lost).status_code == 503


def test_a_web_page_may_use_only_its_own_key(door):
    page = "https://www.example.com"
    key = keys.add(door.space, "page", origins=(page,))
    mine = door.post("/v1/track", track(), key=key, headers={"origin": page})
    theirs = door.post("/v1/track", track(), key=key, headers={"origin": "https://evil.example"})
    servers = door.post("/v1/track", track(), headers={"origin": page})
    asked = door.ask("OPTIONS", "/v1/track", headers={"origin": page, "access-control-request-method": "POST"})
    assert (mine.status_code, mine.headers["access-control-allow-origin"]) == (202, page)
    assert (theirs.status_code, servers.status_code) == (403, 403)
    assert "access-control-allow-origin" not in theirs.headers
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, page)


def test_what_is_not_there_is_not_there(door):
    assert door.post("/v1/dance", {}).status_code == 404
    assert door.ask("GET", "/v1/track").status_code == 405
    assert door.post("/v1/track", content=b"{}", headers={"content-type": "text/html"}).status_code == 415


# --- CloudEvents -----------------------------------------------------------------------------------------------------


def cloudevent(**more):
    return {
        "specversion": "1.0",
        "id": "c-1",
        "source": "/till/3",
        "type": "com.example.order.placed",
        "subject": "ana",
        "time": "2026-03-02T09:00:00Z",
        "data": {"order_id": "A-7"},
    } | more


def test_cloudevents_come_structured_binary_and_batched(door):
    one = {"content-type": "application/cloudevents+json; charset=utf-8"}
    many = {"content-type": "application/cloudevents-batch+json"}
    structured = door.post("/v1/events", content=json.dumps(cloudevent()).encode(), headers=one)
    headers = {f"ce-{name}": value for name, value in cloudevent().items() if name != "data"}
    binary = door.post("/v1/events", {"order_id": "A-7"}, headers=headers)
    batch = [
        cloudevent(id="c-2", data_base64=base64.b64encode(b'{"total": 5}').decode(), data=None),
        cloudevent(type="x"),
    ]
    batched = door.post("/v1/events", content=json.dumps(batch).encode(), headers=many)
    assert (structured.json()["known"], binary.json()["known"]) == (0, 1)
    assert (batched.json()["accepted"], [one["code"] for one in batched.json()["rejected"]]) == (1, ["unknown_event"])
    assert door.events() == [
        ("order.placed", NOW - 3600, {"order_id": "A-7"}),
        ("order.placed", NOW - 3600, {"total": 5}),
    ]


def test_a_header_of_a_cloudevent_is_read_as_it_is_written(door):
    headers = {f"ce-{name}": value for name, value in cloudevent().items() if name not in ("data", "subject")}
    door.post("/v1/events", {}, headers=headers | {"ce-subject": '"Euro%20%E2%82%AC%20%F0%9F%98%80"'})
    assert len(door.events("Euro € 😀")) == 1
    assert door.post("/v1/events", {}, headers=headers | {"ce-subject": "%C0%AF"}).status_code == 422


@pytest.mark.parametrize("lacking", ["specversion", "id", "source", "type", "subject"])
def test_a_cloudevent_without_what_it_needs_is_refused(door, lacking):
    said = {name: value for name, value in cloudevent().items() if name != lacking}
    answer = door.post(
        "/v1/events", content=json.dumps(said).encode(), headers={"content-type": "application/cloudevents+json"}
    )
    assert answer.status_code == 422


def test_no_key_speaks_for_the_source_of_another(door):
    other = keys.add(door.space, "other")
    for key in (door.key, other):
        content = json.dumps(cloudevent(data={"by": key})).encode()
        answer = door.post(
            "/v1/events", content=content, headers={"content-type": "application/cloudevents+json"}, key=key
        )
        assert answer.status_code == 202
    assert len(door.events()) == 2


def test_what_is_promised_is_what_the_types_read(door):
    document = door.ask("GET", "/v1/openapi.json").json()
    page = door.ask("GET", "/").text
    assert {"/v1/track", "/v1/identify", "/v1/group", "/v1/alias", "/v1/batch", "/v1/events"} < set(document["paths"])
    assert document["components"]["schemas"]["Track"]["required"] == ["event"]
    assert all(path in page for path in document["paths"])
    assert "http://www" not in page
    assert "src=" not in page
    assert msgspec.json.encode(document)


def test_who_is_concerned_is_woken(door):
    (door.space.root / "journeys" / "hello.yaml").write_text(
        "journey: hello\nphase: welcome\nstart: {event: order.placed}\nsteps:\n  - wait: 1 day\n"
    )
    door.space.project = open_project(door.space.root)
    publish(door.space, NOW)
    door.post("/v1/track", track())
    door.app.close()
    assert door.woken == [["hello"]]


def test_the_order_of_one_customer_is_the_order_in_which_it_came(either):
    either.post("/v1/track", track(messageId="first", properties={"order_id": "-1"}))

    async def one_after_another():
        transport = httpx.ASGITransport(either.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x", auth=(either.key, "")) as client:
            tasks = []
            for number in range(30):
                said = track(messageId=f"m-{number}", properties={"order_id": str(number)})
                tasks.append(asyncio.create_task(client.post("/v1/track", json=said)))
                await asyncio.sleep(0.0003)
            return await asyncio.gather(*tasks)

    asyncio.run(one_after_another())
    with either.space.store.reading() as tx:
        assert [int(one.data["order_id"]) for one in events.after(tx, 0, 100)] == list(range(-1, 30))
