"""The example project in a folder of its own, and made-up purchases in the form of the CDNOW sample."""

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
EXAMPLE = TOP / "examples" / "cdnow"
REAL = Path(os.environ.get("LIFELOOP_CDNOW", TOP.parent / "shared" / "data" / "cdnow-sample.csv"))
"""The real file is not ours to copy; whoever has it says where."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "corner-records"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".lifeloop", "*.rejects.csv"))
    return folder


@pytest.fixture
def purchases() -> Callable[[Path], Path]:
    return write_purchases


@pytest.fixture
def real_purchases() -> Path:
    if not REAL.is_file():
        pytest.skip(f"!!! NO CDNOW SAMPLE at {REAL}: say where it is with LIFELOOP_CDNOW")
    return REAL


def write_purchases(path: Path, people: int = 16, seed: int = 4) -> Path:
    """Write some purchases for each, close together or far apart: the same file for the same seed."""

    def pick(*options: float, of: object) -> float:
        said = blake2b(f"{seed} {of}".encode(), digest_size=8).digest()
        return options[int.from_bytes(said) % len(options)]

    rows = ["customer_id,date,quantity,amount"]
    for number in range(1, people + 1):
        day = date(1997, 1, 1) + timedelta(days=pick(*range(60), of=(number, "first")))
        for turn in range(int(pick(1, 1, 1, 2, 3, 4, 5, 8, of=(number, "many")))):
            quantity = int(pick(1, 2, 3, 4, of=(number, turn, "quantity")))
            amount = quantity * pick(6.79, 11.77, 14.96, of=(number, turn, "price"))
            rows.append(f"{number:05},{day},{quantity},{amount:.2f}")
            day += timedelta(days=pick(0, 9, 30, 75, 200, of=(number, turn, "pause")))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
