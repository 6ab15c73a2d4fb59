"""Who can reach a server that a command starts: this machine only, unless a web server of yours stands in front."""

from __future__ import annotations

from ipaddress import ip_address

from lifeloop.cli.errors import Refused


def check_reach(host: str, *, behind_proxy: bool) -> None:
    """Refuse to listen where others can reach us, unless somebody who speaks https stands between."""
    if not _is_here(host) and not behind_proxy:
        hint = "put a web server with https in front, and say --behind-proxy"
        raise Refused(f"{host} can be reached by others", hint=hint)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
