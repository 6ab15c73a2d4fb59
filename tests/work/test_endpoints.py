"""Webhooks over real sockets: tried again on a schedule that outlives processes, switched off, tried again by hand."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from lifeloop.engine.retry import WEBHOOK_PAUSES
from lifeloop.store import endpoints as stored
from lifeloop.store import messages
from lifeloop.work import endpoints
from lifeloop.work.finding import NotFoundError
from lifeloop.work.workspace import open_workspace

MINUTE, HOUR, DAY = 60, 3600, 86_400
NEW, OLD, OTHER = (f"whsec_{letter * 40}" for letter in "abc")
CONNECTIONS = """
connections:
  warehouse:
    base: env.WAREHOUSE_URL
    secret: env.NEW
    former_secret: env.OLD
    receives: webhooks
    actions: {order: POST /orders, quote: POST /quotes}
channels:
  http: {allow_private: 127.0.0.0/8}
"""
TELL = """
    start: {event: order.placed}
    again: always
    steps:
      - call: warehouse.order
        with: {about: "{{ customer.first_name | default('') }}"}
"""


class Receiver:
    """A receiver of webhooks that answers as it is told, and keeps what it got."""

    def __init__(self):
        self.answers, self.got = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), body))
                status, headers, said = outer.answers.pop(0) if outer.answers else (200, {}, b"")
                if status is None:  # heard, and never answered
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"Content-Length": len(said), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def will(self, *answers):
        self.answers += [(one, {}, b"") if not isinstance(one, tuple) else one for one in answers]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def warehouse(shop, receiver):
    """The small shop with a warehouse that receives webhooks; every wave is a process of its own."""
    file = shop.root / "lifeloop.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith(("connections:", "  crm:"))]
    file.write_text("\n".join(lines) + CONNECTIONS)
    environ = {"WAREHOUSE_URL": receiver.url, "NEW": NEW, "OLD": OLD}

    def restart():
        shop.space.close()
        shop.space = open_workspace(shop.root, url=shop.url, clock=shop.clock, environ=environ, owner="next")
        shop.opened.append(shop.space)

    restart()
    shop.restart = restart
    shop.publish(tell=TELL)
    shop.person("ana")
    return shop


def webhook(shop):
    return next(one for one in shop.messages() if one.kind == "call")


def test_a_webhook_is_tried_ten_times_over_three_days_whoever_is_running(warehouse, receiver):
    receiver.will(500, 502, None, (503, {"Retry-After": "60"}, b""), 409, 429, 500, 500, 500, 500)
    warehouse.event("ana", "order.placed")
    began = warehouse.now
    warehouse.go()
    waited = []
    while (one := webhook(warehouse)).status == "ready":
        waited.append(one.next_at - warehouse.now)
        warehouse.restart()
        warehouse.go(one.next_at - 1 - warehouse.now)
        assert len(receiver.got) == len(waited), "nothing is tried too early"
        warehouse.go(1)

    assert len(receiver.got) == 10
    assert all(pause <= took <= pause * 1.25 for pause, took in zip(WEBHOOK_PAUSES, waited, strict=True))
    assert 3 * DAY < warehouse.now - began < 4 * DAY
    assert (one.status, one.reason, one.tries) == ("rejected", "given up: warehouse answered 500", 10)
    (standing,) = endpoints.standings(warehouse.space)
    assert (standing.name, standing.backlog.failed, standing.trouble.failing_since) == ("warehouse", 1, began)
    with warehouse.space.store.reading() as tx:
        tries = messages.attempts(tx, one.id)
    assert [two.outcome for two in tries][2:5] == ["uncertain", "not_accepted", "uncertain"]

    endpoints.retry(warehouse.space, one.id[:8])
    warehouse.restart()
    warehouse.go()
    assert webhook(warehouse).status == "sent"
    assert endpoints.standings(warehouse.space) == ()
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {one.id}


def test_each_try_is_signed_anew_with_both_secrets(warehouse, receiver):
    receiver.will(500)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    warehouse.go(10)
    (first, body), (second, again) = receiver.got

    assert body == again
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 10
    assert first["webhook-signature"] != second["webhook-signature"]
    own = [
        Webhook(secret).sign(one.id, _moment(first), body.decode())
        for one in [webhook(warehouse)]
        for secret in (NEW, OLD)
    ]
    assert first["webhook-signature"].split() == own, "newest first"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, first)


def _moment(headers):
    return datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)


def test_the_receiver_says_when(warehouse, receiver):
    receiver.will((429, {"Retry-After": "7200"}, b""))
    warehouse.event("ana", "order.placed")
    warehouse.go()
    assert webhook(warehouse).next_at == warehouse.now + 2 * HOUR
    warehouse.go(2 * HOUR - 1)
    assert len(receiver.got) == 1
    warehouse.go(1)
    assert [one.status for one in warehouse.messages()] == ["sent"]


@pytest.mark.parametrize(("status", "becomes"), [(400, "rejected"), (422, "rejected"), (401, "ready"), (302, "ready")])
def test_a_refusal_is_final_and_a_wrong_setting_uses_up_no_try(warehouse, receiver, status, becomes):
    receiver.will(status)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    one = webhook(warehouse)
    assert (one.status, one.reason, one.tries) == (becomes, f"warehouse answered {status}", becomes == "rejected")
    if becomes == "ready":
        warehouse.go(HOUR)
        assert webhook(warehouse).status == "sent"


def test_a_receiver_that_wants_no_more_gets_no_more_until_a_person_says_so(warehouse, receiver):
    receiver.will(410)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    warehouse.restart()
    warehouse.go(HOUR)
    warehouse.event("ana", "order.placed")
    warehouse.go()

    assert len(receiver.got) == 1
    assert [(one.status, one.reason) for one in warehouse.messages()] == [
        ("rejected", "warehouse answered 410"),
        ("held", "warehouse is switched off: warehouse answered 410"),
    ]
    (standing,) = endpoints.standings(warehouse.space)
    assert list(endpoints.in_words(standing)) == ["switched off", "warehouse answered 410", "2 calls given up"]

    chosen, count = endpoints.retry(warehouse.space, "warehouse")
    assert (len(chosen), count) == (2, 2)
    warehouse.go()
    assert [one.status for one in warehouse.messages()] == ["sent", "sent"]
    assert endpoints.standings(warehouse.space) == ()


def test_five_days_of_nothing_but_failures_switch_it_off(warehouse, receiver):
    receiver.will(500, 500, 500)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    with warehouse.space.store.transaction() as tx:
        tx.run("UPDATE endpoint SET failing_since = failing_since - 431000")
    warehouse.go(10)
    assert endpoints.standings(warehouse.space)[0].trouble.disabled_at is None
    warehouse.go(20 * MINUTE)
    assert endpoints.standings(warehouse.space)[0].trouble.disabled_at == warehouse.now


def test_one_answer_ends_the_trouble(warehouse, receiver):
    receiver.will(500)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    assert len(endpoints.standings(warehouse.space)) == 1
    warehouse.go(10)
    assert endpoints.standings(warehouse.space) == ()


def test_what_nobody_knows_is_said(warehouse):
    for strange in ("nobody", "5f", "____", "%%%%"):
        with pytest.raises(NotFoundError, match="no connection"):
            endpoints.retry(warehouse.space, strange)
    with pytest.raises(NotFoundError, match="no connection"):
        endpoints.failed_calls(warehouse.space, "warehose", 10)


def test_calls_to_one_connection_are_not_those_of_its_namesake(warehouse, receiver):
    receiver.will(400)
    warehouse.event("ana", "order.placed")
    warehouse.go()
    with warehouse.space.store.reading() as tx:
        assert len(stored.failed(tx, "warehouse", 10)) == 1
        assert stored.failed(tx, "ware", 10) == ()
        assert stored.failed(tx, "ware_ouse", 10) == ()
