"""Three sources that must agree: what the journeys wanted, what the ledger says, what arrived outside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lifeloop.store.opening import Store
from lifeloop.work.effects import derived_id, run_key

if TYPE_CHECKING:
    from lab import Lab

SETTLED = {"sent", "assumed_sent"}
MONTH = 8
"""Letters of a message's id that say its month."""


@dataclass(frozen=True)
class Verdict:
    """``lost``: wanted, and neither arrived nor in doubt. ``twice``: arrived more than once. ``strange``: arrived, and
    nobody wanted it, or the ledger does not know. ``open``: not settled after everything was drained."""

    wanted: int
    arrived: int
    lost: frozenset[str]
    twice: frozenset[str]
    strange: frozenset[str]
    open: frozenset[str]
    in_doubt: int
    in_doubt_arrived: int
    repeated: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.twice or self.strange or self.open)

    def line(self, what: str, lab: Lab) -> str:
        strikes = ", ".join(f"{count} {how.name}" for how, count in lab.strikes.most_common())
        return (
            f"{what}: {strikes} ({lab.at_work} at work), {self.wanted} messages, lost {len(self.lost)},"
            f" twice {len(self.twice)}, strange {len(self.strange)}, open {len(self.open)}, in doubt {self.in_doubt}"
            f" (arrived {self.in_doubt_arrived}), recognised repetitions {self.repeated}"
        )


def visit_of(*visit: str | int) -> str:
    """What the id of a message is but for its month: the same visit twice would show even a month apart."""
    return derived_id(*visit)[:-MONTH]


def verdict(store: Store, sink: Path) -> Verdict:
    """Compare the history of runs, the rows of messages, and the sink's own file."""
    with store.reading() as tx:
        said = tx.ask(
            "SELECT j.name, c.key, e.entry_key, v.node, v.visit FROM visit v"
            " JOIN enrollment e ON e.id = v.enrollment_id JOIN journey j ON j.id = e.journey_id"
            " JOIN customer c ON c.id = e.customer_id WHERE v.what = 'sent'"
        )
        rows = tx.ask("SELECT id, status FROM message")
    ledger, written = {row.id[MONTH:]: row.status for row in rows}, Counter(row.id[MONTH:] for row in rows)
    wanted = Counter(visit_of(run_key(row.name, row.key, row.entry_key), row.node, row.visit) for row in said)
    lines = [line.split() for line in sink.read_text().splitlines()] if sink.exists() else []
    arrived = Counter(key[MONTH:] for kind, key, _ in lines if kind != "again")
    doubtful = {key for key, status in ledger.items() if status == "assumed_sent"}
    return Verdict(
        wanted=wanted.total(),
        arrived=len(arrived),
        lost=frozenset(key for key in wanted if key not in arrived and key not in doubtful),
        twice=frozenset(key for key, count in (*arrived.items(), *wanted.items(), *written.items()) if count > 1),
        strange=frozenset(key for key in (*arrived, *ledger) if key not in wanted or key not in ledger),
        open=frozenset(key for key, status in ledger.items() if status not in SETTLED),
        in_doubt=len(doubtful),
        in_doubt_arrived=len(doubtful & arrived.keys()),
        repeated=sum(kind == "again" for kind, *_ in lines),
    )
