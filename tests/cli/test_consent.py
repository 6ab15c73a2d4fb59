"""Consent from the command line: shown with its proof, asked for by mail, never granted by hand."""

import threading
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import uvicorn

from lifeloop.clock import SystemClock
from lifeloop.store import consents, inbox
from lifeloop.store.values import ConsentRow, InboxFilter
from lifeloop.work.ingesting import Person, ingest
from lifeloop.work.workspace import open_workspace

WEB = 'topics: {service: {basis: contract}, news: {}}\nweb: {address: "https://mail.example.com"}\n'


@pytest.fixture
def asking(small):
    file = small / "lifeloop.yaml"
    file.write_text(file.read_text().replace("topics: {service: {basis: contract}}\n", WEB))
    return small


@pytest.fixture
def known(asking):
    space = open_workspace(asking)
    ingest(space, [Person("ana", {"first_name": "Ana", "email": "ana@example.com", "plan": "free"})])
    yield space
    space.close()


def test_what_was_said_is_shown_with_its_proof(run, known, conforms):
    now = SystemClock().now()
    with known.store.transaction() as tx:
        row = ConsentRow(1, "news", True, now, "*", "website", '{"ip":"x"}', wording="Yes, mail me", version="3")
        consents.record(tx, [row], now)
        consents.record(tx, [ConsentRow(1, "offers", False, now, evidence="letter of May")], now)

    said = run("consent", "show", "ana@example.com")
    assert "yes  news" in said.out
    assert 'website  "Yes, mail me" (version 3)' in said.out
    shown = conforms("consent", run("consent", "show", "ana", "--json").json)
    assert shown["permissions"] == {"news": True, "offers": False}
    assert [row["evidence"] for row in shown["ledger"]] == [{"ip": "x"}, "letter of May"]


@pytest.mark.usefixtures("known")
def test_asking_needs_the_journey_that_asks_back_and_setup_adds_it(run, conforms):
    said = run("consent", "request", "ana", "news")
    assert said.code == 1
    assert "lifeloop consent setup" in said.err

    assert "wrote journeys/consent.yaml" in run("consent", "setup").out
    assert run("validate").code == 0
    assert "there already" in run("consent", "setup").out
    assert conforms("consent setup", run("consent", "setup", "--json").json)["wrote"] == []


def test_somebody_who_asked_gets_one_mail_with_a_button(run, known, conforms):
    run("consent", "setup")
    assert run("run", "--once").code == 0

    said = run("consent", "request", "ana", "news", "--wording", "Yes, mail me", "--source", "website")
    assert (said.code, "on its way about news" in said.out) == (0, True)
    assert run("run", "--once").code == 0
    with known.store.reading() as tx:
        (line,) = inbox.search(tx, InboxFilter())
        mail = inbox.find(tx, line.message_id)[1]
    assert mail.subject == "One click, and you hear from Small"
    assert "https://mail.example.com/k/" in mail.text
    assert "asked news, waits for a yes" in run("consent", "show", "ana").out
    asked = conforms("consent request", run("consent", "request", "ana", "news", "--json").json)
    assert (asked["topic"], asked["asked"]) == ("news", True)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("words", "said"),
    [(("nobody", "news"), "nobody"), (("ana", "nws"), "no topic"), (("ana", "service"), "belongs to the contract")],
)
def test_what_cannot_be_asked_is_said(run, words, said):
    found = run("consent", "request", *words)
    assert found.code == 2
    assert said in found.err


def test_without_pages_nobody_can_be_asked_and_none_are_served(run, small):
    space = open_workspace(small)
    ingest(space, [Person("ana", {"first_name": "Ana", "email": "ana@example.com"})])
    space.close()
    (small / "lifeloop.yaml").write_text(
        (small / "lifeloop.yaml")
        .read_text()
        .replace("{service: {basis: contract}}", "{service: {basis: contract}, news: {}}")
    )
    for words in (("consent", "request", "ana", "news"), ("serve-links",)):
        said = run(*words)
        assert said.code == 2
        assert "web:" in said.err


@pytest.mark.usefixtures("asking")
def test_pages_are_for_this_machine_unless_a_web_server_stands_in_front(run):
    for host in ("0.0.0.0", "192.0.2.7", "example.com"):  # noqa: S104  # refused
        said = run("serve-links", "--host", host)
        assert said.code == 5
        assert "--behind-proxy" in said.err


def test_a_missing_secret_is_said_before_anything_is_served(run, asking):
    file = asking / "lifeloop.yaml"
    file.write_text(file.read_text().replace('example.com"}', 'example.com", secret: env.NO_SUCH_SECRET}'))

    said = run("serve-links")
    assert said.code == 5
    assert "NO_SUCH_SECRET is not set" in said.err


@pytest.mark.usefixtures("asking")
def test_the_pages_are_served(run, monkeypatch):
    running = []
    begin = uvicorn.Server.run

    def remembered(server, sockets=None):
        running.append((server, sockets[0].getsockname()))
        server.install_signal_handlers = lambda: None
        begin(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", remembered)
    thread = threading.Thread(target=lambda: run("serve-links", "--port", "0"))
    thread.start()
    try:
        for _ in range(3000):
            if running and running[0][0].started:
                break
            time.sleep(0.02)
        host, port = running[0][1]
        assert host == "127.0.0.1"
        with urlopen(f"http://127.0.0.1:{port}/robots.txt", timeout=60) as answer:  # our own page
            assert b"Disallow" in answer.read()
        with pytest.raises(HTTPError, match="404") as refused:
            urlopen(f"http://127.0.0.1:{port}/inbox", timeout=60)  # our own page
        refused.value.close()
    finally:
        running[0][0].should_exit = True
        thread.join(10)
