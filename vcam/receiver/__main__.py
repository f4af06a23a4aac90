"""Receive at an address until the input ends: python -m vcam.receiver whip://ADDRESS:PORT/NAME FOLDER."""

import sys
from pathlib import Path
from typing import BinaryIO

from vcam.address import parse_whip
from vcam.frame_program import run_program

MISSING = "the parts for WebRTC are not installed; run: pip install 'sharpkd-camera[webrtc]'"


def main() -> int:
    """Returns the exit status; what keeps it from receiving is its last word."""
    spec, folder = sys.argv[1:]

    def work(output: BinaryIO) -> None:
        from vcam.receiver.service import receive

        receive(parse_whip(spec), Path(folder), sys.stdin.buffer, output)

    return run_program("receiver", work, MISSING)


if __name__ == "__main__":
    sys.exit(main())
