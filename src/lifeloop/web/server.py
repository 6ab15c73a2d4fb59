"""Serving the page on this machine: loopback only, on the port asked for or the next free one."""

from __future__ import annotations

import errno
import socket
import webbrowser
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
PORT = 8025
TRIES = 20


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
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", server_header=False))
    try:
        server.run(sockets=[taken])
    except KeyboardInterrupt:
        return
    finally:
        taken.close()
