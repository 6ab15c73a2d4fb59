"""The journey job as procrastinate shows it: a task that defers the second one for a second later.

Tuned lightly: 50 jobs at a time, enrolled in one batch, jobs whose time has come looked for five times a second.
"""

from __future__ import annotations

import asyncio
import sys

import httpx
import procrastinate

SINK, DATABASE, MANY = sys.argv[1], sys.argv[2], int(sys.argv[3])
CLIENT = httpx.AsyncClient(base_url=SINK, timeout=600)
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=DATABASE, max_size=20))


@app.task
async def first(customer: str) -> None:
    (await CLIENT.post("/first", json={"customer": customer})).raise_for_status()
    await second.configure(schedule_in={"seconds": 1}).defer_async(customer=customer)


@app.task
async def second(customer: str) -> None:
    (await CLIENT.post("/second", json={"customer": customer})).raise_for_status()


async def main() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await first.batch_defer_async(*({"customer": f"c{number:06}"} for number in range(MANY)))
        await app.run_worker_async(concurrency=50, fetch_job_polling_interval=0.2, install_signal_handlers=False)


if __name__ == "__main__":
    asyncio.run(main())
