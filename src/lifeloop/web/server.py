"""Serving the page on this machine: loopback only, on the port asked for or the next free one."""

from __future__ import annotations

import errno
import logging
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from lifeloop.work.settling import passed_over
from lifeloop.work.trouble import kind_and_place

HOST = "127.0.0.1"
PORT = 8025
TRIES = 20

log = logging.getLogger(__name__)


def listen(port: int = PORT, host: str = HOST) -> socket.socket:
    """Take the port, or the next free one; 0 takes any. Only this machine is listened to, unless told otherwise."""
    for candidate in range(port, port + TRIES) if port else (0,):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, candidate))
        except OSError as problem:
            taken.close()
            if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            taken.listen(128)
            return taken
    raise OSError(errno.EADDRINUSE, f"no free port between {port} and {port + TRIES - 1}")


def address_of(taken: socket.socket) -> str:
    """Return what to type into a browser."""
    host, port = taken.getsockname()[:2]
    return f"http://{host}:{port}/"


class Discreet:
    """An app whose errors are logged by kind and place: in their own words, as servers log them, they quote records."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does; what it could not answer, the server answers with 500."""
        try:
            await self._app(scope, receive, send)
        except Exception as problem:  # noqa: BLE001  # whatever it is, its words stay here
            log.error("a request could not be answered: %s", kind_and_place(problem))  # noqa: TRY400  # no data in logs


def quietly(app: ASGIApp) -> uvicorn.Server:
    """Return a server that says nothing of requests, and nothing of itself to whoever asks."""
    return uvicorn.Server(
        uvicorn.Config(Discreet(app), log_level="warning", access_log=False, lifespan="off", server_header=False)
    )


def serve(
    app: ASGIApp,
    *,
    port: int = PORT,
    host: str = HOST,
    open_browser: bool = True,
    announce: Callable[[str], None] = print,
    path: str = "",
) -> None:
    """Serve until interrupted. ``announce`` is told the address; a machine without a browser is no mistake."""
    taken = listen(port, host)
    address = address_of(taken) + path.lstrip("/")
    announce(address)
    if open_browser:
        webbrowser.open(address)
    server = quietly(app)
    try:
        with passed_over():
            server.run(sockets=[taken])
    except KeyboardInterrupt:
        return
    finally:
        taken.close()
