"""What may be said about an error of ours: its kind and its place. Its words may quote somebody's record."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


def kind_and_place(problem: BaseException) -> str:
    """Return ``ValueError at conditions.py:12``, which helps us and says nothing about a customer."""
    frames = extract_tb(problem.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(problem).__name__}{where}"
