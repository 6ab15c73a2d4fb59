"""Three sources that must agree: what the journeys wanted, what the ledger says, what arrived outside."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lifeloop.store.opening import Store
from lifeloop.work.effects import derived_id, run_key

SETTLED = {"sent", "assumed_sent"}


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

    def line(self, what: str, kills: int) -> str:
        return (
            f"{what}: {kills} kills, {self.wanted} messages, lost {len(self.lost)}, twice {len(self.twice)},"
            f" strange {len(self.strange)}, open {len(self.open)}, in doubt {self.in_doubt}"
            f" (arrived {self.in_doubt_arrived}), recognised repetitions {self.repeated}"
        )


def verdict(store: Store, sink: Path) -> Verdict:
    """Compare the history of runs, the rows of messages, and the sink's own file."""
    with store.reading() as tx:
        said = tx.ask(
            "SELECT j.name, c.key, e.entry_key, v.node, v.visit FROM visit v"
            " JOIN enrollment e ON e.id = v.enrollment_id JOIN journey j ON j.id = e.journey_id"
            " JOIN customer c ON c.id = e.customer_id WHERE v.what = 'sent'"
        )
        ledger = {row.id: row.status for row in tx.ask("SELECT id, status FROM message")}
    wanted = Counter(derived_id(run_key(row.name, row.key, row.entry_key), row.node, row.visit) for row in said)
    lines = [line.split() for line in sink.read_text().splitlines()] if sink.exists() else []
    arrived = Counter(key for kind, key in lines if kind != "again")
    doubtful = {key for key, status in ledger.items() if status == "assumed_sent"}
    return Verdict(
        wanted=wanted.total(),
        arrived=len(arrived),
        lost=frozenset(key for key in wanted if key not in arrived and key not in doubtful),
        twice=frozenset(key for key, count in (*arrived.items(), *wanted.items()) if count > 1),
        strange=frozenset(key for key in (*arrived, *ledger) if key not in wanted or key not in ledger),
        open=frozenset(key for key, status in ledger.items() if status not in SETTLED),
        in_doubt=len(doubtful),
        in_doubt_arrived=len(doubtful & arrived.keys()),
        repeated=sum(kind == "again" for kind, _ in lines),
    )
