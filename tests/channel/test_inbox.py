import asyncio

import pytest

from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.values import Envelope, Request
from lifeloop.engine.retry import Outcome


def test_the_inbox_keeps_every_envelope_and_accepts_it():
    kept = []
    batch = [Envelope(id=str(number), to="ana@example.com") for number in range(3)]

    receipts = asyncio.run(LocalInbox(kept.extend).send(batch))

    assert kept == batch
    assert [(receipt.id, receipt.outcome) for receipt in receipts] == [(str(n), Outcome.ACCEPTED) for n in range(3)]


def test_what_could_not_be_kept_is_not_accepted():
    def full(_batch):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(LocalInbox(full).send([Envelope(id="1", to="ana@example.com")]))


def test_the_recorder_answers_with_an_id_that_is_the_same_every_time():
    kept = []
    request = Request(id="0123456789abcdef", connection="crm", action="create-task", body={"about": "Ana"})

    first, second = asyncio.run(LocalRecorder(kept.extend).send([request, request]))

    assert first.answer == second.answer == {"id": "local-89abcdef", "recorded": True}
    assert kept == [request, request]


def test_an_envelope_prints_without_what_identifies_a_person():
    printed = repr(Envelope(id="1", to="ana@example.com", subject="Ana, hello", text="Dear Ana", html="<p>Ana"))

    assert "ana@" not in printed
    assert "Ana" not in printed
