"""The journey job as DBOS shows it: an async workflow of two steps with a durable sleep between them.

Tuned lightly: one HTTP client for all, logs only of errors, all workflows under way at the same time.
"""

from __future__ import annotations

import asyncio
import sys

import httpx
from dbos import DBOS

SINK, DATABASE, MANY = sys.argv[1], sys.argv[2], int(sys.argv[3])
CLIENT = httpx.AsyncClient(base_url=SINK, limits=httpx.Limits(max_connections=50), timeout=600)
if DATABASE.startswith("postgresql"):
    DATABASE = DATABASE.replace("postgresql://", "postgresql+psycopg://")


@DBOS.step()
async def call(path: str, customer: str) -> None:
    (await CLIENT.post(path, json={"customer": customer})).raise_for_status()


@DBOS.workflow()
async def job(customer: str) -> None:
    await call("/first", customer)
    await DBOS.sleep_async(1)
    await call("/second", customer)


async def main() -> None:
    DBOS(config={"name": "job", "system_database_url": DATABASE, "log_level": "ERROR", "run_admin_server": False})
    DBOS.launch()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    begun = [await DBOS.start_workflow_async(job, f"c{number:06}") for number in range(MANY)]
    await asyncio.gather(*(one.get_result() for one in begun))
    await asyncio.sleep(600)  # until it is counted, and we are ended


if __name__ == "__main__":
    asyncio.run(main())
