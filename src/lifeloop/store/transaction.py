"""One open transaction: every function of the store takes it first."""

from __future__ import annotations


class Tx:
    """A connection inside a transaction. Only the store looks inside."""
