"""The example project in a folder of its own, and made-up purchases in the form of the CDNOW sample."""

import os
import random
import shutil
from collections.abc import Callable
from datetime import date, timedelta
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
    """Write about three purchases each, in the first months or spread over a year: the same file for the same seed."""
    chance = random.Random(seed)
    rows = ["customer_id,date,quantity,amount"]
    for number in range(1, people + 1):
        day = date(1997, 1, 1) + timedelta(days=chance.randrange(60))
        for _ in range(1 + int(chance.expovariate(0.45))):
            quantity = chance.randint(1, 4)
            rows.append(f"{number:05},{day},{quantity},{quantity * chance.choice((6.79, 11.77, 14.96)):.2f}")
            day += timedelta(days=chance.choice((0, 9, 30, 75, 200)))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
