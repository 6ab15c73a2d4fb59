import socket
import threading
import time
from urllib.request import urlopen

import pytest
import uvicorn

from lifeloop.web.server import address_of, listen, serve


def test_a_taken_port_leads_to_the_next_free_one():
    first = listen(0)
    port = first.getsockname()[1]
    try:
        second = listen(port)
    finally:
        first.close()

    assert second.getsockname()[1] > port
    second.close()


def test_only_this_machine_is_listened_to():
    taken = listen(0)

    assert taken.getsockname()[0] == "127.0.0.1"
    assert address_of(taken).startswith("http://127.0.0.1:")
    taken.close()


def test_the_page_is_served_and_its_address_announced(app, monkeypatch):
    running = []
    begin = uvicorn.Server.run

    def remembered(server, sockets=None):
        running.append(server)
        server.install_signal_handlers = lambda: None
        begin(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", remembered)
    announced = []
    options = {"port": 0, "open_browser": False, "announce": announced.append}
    thread = threading.Thread(target=serve, args=(app,), kwargs=options)
    thread.start()
    try:
        for _ in range(3000):
            if running and running[0].started:
                break
            time.sleep(0.02)
        with urlopen(announced[0], timeout=60) as answer:  # noqa: S310  # our own page on loopback
            assert b"This is everything" in answer.read()
    finally:
        running[0].should_exit = True
        thread.join(60)
    assert not thread.is_alive()


def test_no_free_port_is_said(monkeypatch):
    def taken(_self, _address):
        raise OSError(98, "in use")

    class Taken(socket.socket):
        bind = taken

    monkeypatch.setattr(socket, "socket", Taken)
    with pytest.raises(OSError, match="no free port"):
        listen(8025)
