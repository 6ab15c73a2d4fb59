"""``lifeloop`` and ``python -m lifeloop``: hands over to the command line, and its exit code to the shell."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Ctrl-C while it is still loading ends it without a traceback, too."""
    try:
        from lifeloop.cli.app import main as run

        code = run()
    except KeyboardInterrupt:
        if "-vv" in sys.argv:
            raise
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
