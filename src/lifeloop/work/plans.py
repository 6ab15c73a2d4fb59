"""Plans by digest: read once from the store, then kept. A plan never changes, so nothing here grows stale."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from lifeloop.engine.routing import Routes, make_routes
from lifeloop.journey.plan import Plan
from lifeloop.journey.plan_json import plan_from_json
from lifeloop.store import journeys
from lifeloop.store.transaction import Tx
from lifeloop.store.values import PlanRow

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Plans:
    """Compiled plans, and which of them is live for each journey."""

    known: dict[str, Plan] = field(default_factory=dict)
    _routes: Routes | None = None
    _routed: dict[str, str] | None = None

    def routes(self, tx: Tx) -> Routes:
        """Return the look-ups from facts to journeys; made anew when something was published since.

        Until then nobody begins with another plan than those that were live or in use: which plans people are still on
        the way with takes a look at everybody who waits, so it is not asked for every event.
        """
        live = journeys.live_digests(tx)
        if self._routes is None or self._routed != live:
            plans = self.by_digest(tx, {*live.values(), *journeys.in_use(tx)})
            readable = [plans[digest] for digest in live.values() if digest in plans]
            self._routes = make_routes(readable, plans.values())
            self._routed = live
        return self._routes

    def live(self, tx: Tx) -> dict[str, Plan]:
        """Return the live plan of each journey."""
        digests = journeys.live_digests(tx)
        plans = self.by_digest(tx, digests.values())
        return {name: plans[digest] for name, digest in digests.items() if digest in plans}

    def by_digest(self, tx: Tx, digests: Collection[str]) -> dict[str, Plan]:
        """Return plans by digest, old ones too: people finish the plan they began.

        One that this version cannot read is left out, and said in the log: it concerns its own people only.
        """
        missing = {digest for digest in digests if digest not in self.known}
        for row in journeys.plans(tx, missing).values() if missing else ():
            self._keep(row)
        return {digest: self.known[digest] for digest in digests if digest in self.known}

    def _keep(self, row: PlanRow) -> None:
        try:
            self.known[row.digest] = plan_from_json(row.body)
        except Exception as problem:  # noqa: BLE001  # written by another version, or damaged
            log.error("the plan %s of %s cannot be read: %s", row.digest, row.journey, problem)  # noqa: TRY400
