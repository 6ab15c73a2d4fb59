"""``lifeloop`` and ``python -m lifeloop``: hands over to the command line, and its exit code to the shell."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from lifeloop.cli.app import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
