"""One message to somebody who tries it out: by the real way out, outside of every journey, and only to the list."""

from __future__ import annotations

import asyncio
import secrets

from lifeloop.channel.values import Envelope, Receipt
from lifeloop.journey.allow_list import is_listed, stays_here
from lifeloop.message.render import Rendered
from lifeloop.store import outgoing
from lifeloop.work.workspace import Workspace

MARK = "[test] "


class NotSent(Exception):  # noqa: N818  # an expected outcome: a rule of safety says no
    """The test may not leave. ``hint`` says what would help."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


def check_test(space: Workspace, channel: str, to: str) -> None:
    """Raise ``NotSent`` when a test of this channel may not go to this address."""
    if not is_listed(space.catalogue.test_addresses, to):
        raise NotSent(f"{to} is not among the test_addresses of this project", f"test_addresses: [{to}]")
    if stays_here(space.catalogue, channel):
        said = "e-mail stays in the inbox on this machine" if channel == "email" else f"nobody carries {channel}"
        raise NotSent(said, "look at it with  lifeloop preview, or choose a way out in lifeloop.yaml")
    with space.store.transaction() as tx:
        halted = outgoing.halted(tx)
    if halted is not None:
        raise NotSent(f"nothing may leave: {halted}")


def send_test(space: Workspace, rendered: Rendered, to: str) -> Receipt:
    """Hand one rendered message over, marked as a test; nothing of it is written down.

    Raises:
        NotSent: it may not leave.
    """
    check_test(space, rendered.channel, to)
    envelope = Envelope(
        id=secrets.token_hex(16),
        channel=rendered.channel,
        to=to,
        sender=rendered.sender,
        subject=MARK + rendered.subject if rendered.html is not None else rendered.subject,
        html=rendered.html,
        text=rendered.text,
        step="test",
        locale=rendered.locale,
    )
    return asyncio.run(_send(space, envelope))


async def _send(space: Workspace, envelope: Envelope) -> Receipt:
    try:
        return (await space.ways.of(envelope.channel).send([envelope]))[0]
    finally:
        await space.ways.close()
