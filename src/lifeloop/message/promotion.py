"""What makes a message promotion, whatever its topic says: a mixed message is marketing, so a service must not sell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.message.seen import LEAVE, Seen

_SELLS = re.compile(
    r"\b(?:\d+ ?% (?:off|discount)|discount(?:s| code)?|vouchers?|coupons?|promo(?:tion)? codes?|special offers?"
    r"|on sale|buy now|order now|upgrade now|limited[- ]time|black friday"
    r"|(?:\d+ ?% )?korting(?:scode)?|actiecode|aanbieding(?:en)?|waardebon|koop nu|bestel nu|stap nu over|uitverkoop"
    r"|rabatt(?:code)?|gutschein(?:code)?|sonderangebote?|jetzt (?:kaufen|bestellen)"
    r"|code promo|soldes|bon de réduction|offres? spéciales?|achetez|commandez maintenant)\b",
    re.IGNORECASE,
)
_CAMPAIGN = re.compile(r"utm_campaign=|\bcampaign\s*=")


def check_service(seen: Seen) -> Iterator[Diagnostic]:
    """Yield what does not belong into a message that leaves without a yes: selling, campaigns, a way to leave."""
    label = "send it under a topic that needs consent, or leave it out: a message that also sells needs a yes"
    for found in _SELLS.finditer(f"{seen.subject}\n{seen.words}"):
        words = found.group()
        yield _doubt(f'"{words}" sells, in a message that leaves without a yes', seen, words, label)
    if campaign := _CAMPAIGN.search(seen.source):
        yield _doubt("a campaign link, in a message that leaves without a yes", seen, campaign.group(), label)
    if LEAVE in seen.source:
        why = "what belongs to a contract cannot be unsubscribed from; what can be needs a topic with consent"
        yield _doubt("a link to unsubscribe, in a message that leaves without a yes", seen, LEAVE, why)


def _doubt(message: str, seen: Seen, words: str, label: str) -> Diagnostic:
    return Diagnostic("J426", "warning", message, seen.place(words), label)
