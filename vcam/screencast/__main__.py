"""Share the screen until the input ends: python -m vcam.screencast FPS TOKEN_FILE; see service."""

import asyncio
import sys
from pathlib import Path
from typing import BinaryIO

from vcam.frame_program import run_program

MISSING = "the parts for the screen are not installed; run: pip install 'sharpkd-camera[screen]'"


def main() -> int:
    """Returns the exit status; what keeps it from sharing is its last word."""
    fps, token_file = sys.argv[1:]

    def work(output: BinaryIO) -> None:
        from vcam.screencast.service import share

        asyncio.run(share(float(fps), Path(token_file), sys.stdin.buffer, output))

    return run_program("screencast", work, MISSING)


if __name__ == "__main__":
    sys.exit(main())
