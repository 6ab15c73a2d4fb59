"""``lifeloop send-test``: to the list only, by the real way out, and nothing of it is written down."""

import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from lifeloop.store import journeys
from lifeloop.work.workspace import open_workspace


class Mailbox:
    """A mail server's memory."""

    def __init__(self):
        self.got = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 ok"


@pytest.fixture
def mailbox(small):
    handler = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    way = f'email: smtp\nchannels: {{smtp: {{host: 127.0.0.1, port: "{port}", tls: none}}}}\n'
    file = small / "lifeloop.yaml"
    file.write_text(file.read_text() + way + "test_addresses: [me@example.com]\nenvironment: production\n")
    yield handler
    controller.stop()


def test_one_message_reaches_the_tester_and_leaves_no_trace(run, small, mailbox, conforms):
    said = run("send-test", "a/hello", "--to", "me@example.com")
    assert (said.code, said.err) == (0, "")
    ((to, mail),) = mailbox.got
    assert (to, mail["subject"], mail["to"]) == (["me@example.com"], "[test] Hello", "me@example.com")
    space = open_workspace(small)
    with space.store.reading() as tx:
        assert [tx.ask(f"SELECT count(*) AS n FROM {name}")[0].n for name in ("message", "rendered")] == [0, 0]  # noqa: S608
    space.close()
    told = conforms("send-test", run("send-test", "a/hello", "--to", "me@example.com", "--json").json)
    assert told["outcome"] == "accepted"


def test_nobody_else_gets_one_in_production_either(run, mailbox):
    said = run("send-test", "a/hello", "--to", "ana@example.com")
    assert (said.code, "not among the test_addresses" in said.err) == (5, True)
    assert mailbox.got == []


def test_while_everything_stands_still_no_test_leaves(run, small, mailbox):
    space = open_workspace(small)
    with space.store.transaction() as tx:
        journeys.halt(tx, "wrong prices", space.clock.now())
    space.close()
    said = run("send-test", "a/hello", "--to", "me@example.com")
    assert (said.code, "wrong prices" in said.err) == (5, True)
    assert mailbox.got == []


def test_a_project_that_keeps_its_mail_here_says_so(run, small):
    file = small / "lifeloop.yaml"
    file.write_text(file.read_text() + "test_addresses: [me@example.com]\n")
    said = run("send-test", "a/hello", "--to", "me@example.com")
    assert (said.code, "stays in the inbox" in said.err) == (5, True)
    assert run("send-test", "a/helo", "--to", "me@example.com").code == 2
    assert run("send-test", "a/hello").code == 2


def test_what_the_server_says_is_told(run, mailbox):
    async def refuses(_server, _session, _envelope):
        return "554 no"

    mailbox.handle_DATA = refuses
    said = run("send-test", "a/hello", "--to", "me@example.com")
    assert (said.code, "did not leave (rejected)" in said.out) == (1, True)
