"""Where `sharpkd` begins: an interruption while the command line is being loaded is not an error."""

import sys

from vcam.errors import INTERRUPTED


def main() -> int:
    """Load the command line and run one command; returns the exit code."""
    try:
        from vcam.cli import main as run_command  # a tenth of a second in which Ctrl-C may come
    except KeyboardInterrupt:
        return INTERRUPTED
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
