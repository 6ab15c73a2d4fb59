"""The journey job as Prefect shows it: a flow run for each customer, against a server on this machine.

Tuned lightly: twenty runs at a time in one process, no logs. The server is started by us and ended with us.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile

SINK, _, MANY = sys.argv[1], sys.argv[2], int(sys.argv[3])
AT_ONCE = 20
with socket.create_server(("127.0.0.1", 0)) as taken:
    PORT = taken.getsockname()[1]
HOME = tempfile.mkdtemp(prefix="prefect-job-")
os.environ |= {
    "PREFECT_HOME": HOME,
    "PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
}

import httpx  # noqa: E402  # after the settings: Prefect reads them when it is imported
from prefect import flow  # noqa: E402

CLIENT = httpx.AsyncClient(base_url=SINK, timeout=600)


@flow
async def job(customer: str) -> None:
    (await CLIENT.post("/first", json={"customer": customer})).raise_for_status()
    await asyncio.sleep(1)
    (await CLIENT.post("/second", json={"customer": customer})).raise_for_status()


async def main() -> None:
    words = ["server", "start", "--port", str(PORT), "--host", "127.0.0.1"]
    server = subprocess.Popen([sys.executable, "-m", "prefect", *words], stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        await _up()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        turns = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(_one(turns, f"c{number:06}") for number in range(MANY)))
        await asyncio.sleep(600)  # until it is counted, and we are ended
    finally:
        server.terminate()


async def _up() -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(600):
            try:
                if (await client.get(f"http://127.0.0.1:{PORT}/api/health")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.2)
    raise SystemExit("the Prefect server did not come up")


async def _one(turns: asyncio.Semaphore, customer: str) -> None:
    async with turns:
        await job(customer)


if __name__ == "__main__":
    asyncio.run(main())
