"""``lifeloop send-test``: one message to yourself, by the way that your customers' mail takes."""

from __future__ import annotations

from lifeloop.cli.asked_message import AS_USUAL, Asked, Asking
from lifeloop.cli.completing import MessageName
from lifeloop.cli.errors import Exit, Refused, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.opened import open_project
from lifeloop.cli.shapes import TEXT, document, maybe

SHAPE = document(
    "One test message and what the way out said. `outcome` is `accepted` when it left; `detail` says why not.",
    message=TEXT,
    person=maybe(TEXT),
    to=TEXT,
    channel=TEXT,
    outcome=TEXT,
    detail=TEXT,
    provider_id=maybe(TEXT),
)


def send_test(
    message: MessageName,
    /,
    *,
    to: str = "",
    asking: Asking = AS_USUAL,
    here: Here,
) -> int:
    """Send one message to yourself, as one of your sample people would get it.

    It takes the way that your customers' mail takes, with the word test in front of its subject. Only addresses under
    test_addresses in lifeloop.yaml get it. Links to unsubscribe in it lead nowhere.

    Parameters
    ----------
    message
        The message, such as renewal/offer.
    to
        Your address, or your number for texts.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.engine.retry import Outcome
    from lifeloop.work import sendtest

    if not to:
        raise WrongUsage("to whom?", hint=f"lifeloop send-test {message} --to me@example.com")
    with rooms(here) as space:
        asked = Asked(open_project(here), space.renderer, message, asking)
        rendered = asked.preview(None).rendered
        try:
            receipt = sendtest.send_test(space, rendered, to)
        except sendtest.NotSent as problem:
            raise Refused(problem.sentence, hint=problem.hint) from problem
    if here.out.as_json:
        told = {"message": message, "person": asked.person.name if asked.person else None, "to": to}
        told |= {"channel": rendered.channel, "outcome": str(receipt.outcome), "detail": receipt.detail}
        here.out.json({**told, "provider_id": receipt.provider_id})
    elif receipt.outcome is Outcome.ACCEPTED:
        here.out.print(f"{message} is on its way to {to}.")
    else:
        here.out.print(f"{message} did not leave ({receipt.outcome}): {receipt.detail or 'no reason was given'}")
    return Exit.FINE if receipt.outcome is Outcome.ACCEPTED else Exit.FINDINGS
