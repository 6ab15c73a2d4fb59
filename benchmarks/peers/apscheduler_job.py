"""The journey job as APScheduler 3 shows it: jobs in a database; the first adds the second for a second later.

Tuned lightly: four threads, each with an HTTP client of its own that stays connected; nothing is missed for being late.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

SINK, DATABASE, MANY = sys.argv[1], sys.argv[2], int(sys.argv[3])
HERE = threading.local()
scheduler = BackgroundScheduler(
    jobstores={"default": SQLAlchemyJobStore(url=DATABASE)},
    executors={"default": ThreadPoolExecutor(4)},
    job_defaults={"misfire_grace_time": None},
    timezone=UTC,
)


def call(path: str, customer: str) -> None:
    if not hasattr(HERE, "client"):
        HERE.client = httpx.Client(base_url=SINK, timeout=600)
    HERE.client.post(path, json={"customer": customer}).raise_for_status()


def first(customer: str) -> None:
    call("/first", customer)
    later = datetime.now(UTC) + timedelta(seconds=1)  # noqa: TID251  # a script of another engine
    scheduler.add_job(call, "date", run_date=later, args=("/second", customer))


def main() -> None:
    scheduler.start()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(MANY):
        scheduler.add_job(first, args=(f"c{number:06}",))
    time.sleep(600)  # until it is counted, and we are ended


if __name__ == "__main__":
    main()
