"""What is to be reached, in the order of the table: a floor, and what to reach for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from measure import Figure

Verdict = Literal["reached", "met", "below"]


@dataclass(frozen=True)
class Goal:
    """``name``: what a figure calls it. ``most``: smaller is better. ``of``: which number of the figure counts."""

    name: str
    says: str
    floor: float
    reach: float | None = None
    of: Literal["ratio", "value"] = "ratio"
    most: bool = False

    def number(self, figure: Figure) -> float:
        number = figure.ratio if self.of == "ratio" else figure.value
        assert number is not None, f"{figure.what} says no ratio, and {self.name} asks for one"
        return number

    def gain(self, figure: Figure) -> float:
        """Return how many times better than the floor a figure is: 1 is just met."""
        number = self.number(figure)
        return self.floor / number if self.most else number / self.floor

    @property
    def farthest(self) -> float | None:
        """How many times better than the floor what we reach for is."""
        if self.reach is None:
            return None
        return self.floor / self.reach if self.most else self.reach / self.floor

    def verdict(self, figure: Figure) -> Verdict:
        gain = self.gain(figure)
        if gain < 1:
            return "below"
        return "reached" if gain >= (self.farthest or 1) else "met"


GOALS = {
    goal.name: goal
    for goal in (
        Goal("enroll", "bulk enroll / raw driver, same schema", 0.5, 0.8),
        Goal("move, by hand", "due → moved, message row written / a batch by hand", 0.5, 0.75),
        Goal("move, objects", "the same / objects of an ORM in batches", 5, 10),
        Goal("engine", "engine: CPU of one move", 20, 10, of="value", most=True),
        Goal("claim, ordered", "claim of 1,000 due at ten million waiting / at one: in order", 1.5, 1.2, most=True),
        Goal("claim, scattered", "the same: scattered", 3, 2, most=True),
        Goal("bytes, SQLite", "bytes of one who waits, table and indexes", 100, 60, of="value", most=True),
        Goal("bytes, PostgreSQL", "bytes of one who waits, table and indexes", 220, 160, of="value", most=True),
        Goal("render", "render / bare sandboxed Jinja2 of the same template", 0.9, 0.97),
        Goal("inline", "the same / render and inline CSS for each message", 3, 3.5),
        Goal("mime", "MIME message / EmailMessage from scratch", 8, 20),
        Goal("sends", "single sends, CPU / stock httpx client, 50 in flight", 8, 15),
        Goal("batch sends", "batch API: recipients per second and core", 50_000, 150_000, of="value"),
        Goal("conditions", "conditions / Jinja2 compile_expression", 25, 60),
        Goal("ingest", "single events taken in, server CPU / FastAPI", 2, 4),
        Goal("job, DBOS", "journey job / DBOS", 30, 50),
        Goal("job, procrastinate", "journey job / procrastinate", 15, 25),
        Goal("job, APScheduler", "journey job / APScheduler", 8, 15),
        Goal("job, Prefect", "journey job / a Prefect flow run per customer", 500, 1000),
        Goal("reaction, up", "an event moves who waits, lifeloop up: 99 of 100", 2, of="value", most=True),
        Goal("reaction, pool", "an event moves who waits, a pool: 99 of 100", 30, of="value", most=True),
        Goal("timers", "lateness while a million wait: 99 of 100", 2, of="value", most=True),
        Goal("memory", "resident memory while a million wait", 150, of="value", most=True),
        Goal("forecast", "memory of a forecast, ten times as many customers", 200, 170, of="value", most=True),
        Goal("year", "100,000 customers, five mails each, a year: wall time", 240, 60, of="value", most=True),
    )
}
