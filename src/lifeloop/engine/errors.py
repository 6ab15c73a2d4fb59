"""What can go wrong in the engine. Content never raises: only a plan or a state that no engine could have made does.

EngineError
├── BrokenPlanError      the compiler's fault: a plan that points nowhere or can never open
└── BrokenStateError     the store's fault: a state that does not belong to its plan
"""

from __future__ import annotations


class EngineError(Exception):
    """The engine was given something it cannot work with."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"{(self.__doc__ or '').rstrip('.')}: {detail}")


class BrokenPlanError(EngineError):
    """The plan of this journey is broken; compile its file again."""


class BrokenStateError(EngineError):
    """What was stored of this run does not fit its plan."""
