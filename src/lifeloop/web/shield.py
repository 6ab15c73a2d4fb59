"""What every answer carries and every request must pass: no foreign host, no foreign script, no sniffing."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
PAGE_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": PAGE_POLICY,
}


def frame_policy(*, images: bool) -> str:
    """Return the policy for a mail in its frame: its own styles, no script, no form, pictures only if asked for."""
    pictures = "data: https:" if images else "data:"
    return (
        f"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'"
    )


class Shield:
    """Refuses requests under another host's name, which is how a web page elsewhere would reach this machine."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] = HOSTS) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its host is ours, and put the headers on whatever comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        known = _host(Headers(scope=scope)) in self._hosts
        refusal = PlainTextResponse("This page answers on 127.0.0.1 only.\n", status_code=421)
        await (self._app if known else refusal)(scope, receive, with_headers)


def _host(headers: Headers) -> str:
    name, colon, port = headers.get("host", "").lower().rpartition(":")
    return name if colon and port.isdigit() else headers.get("host", "").lower()
