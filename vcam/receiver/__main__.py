"""Receive at an address until the input ends: python -m vcam.receiver whip://ADDRESS:PORT/NAME FOLDER."""

import logging
import sys
from pathlib import Path

from vcam.address import parse_whip
from vcam.errors import VcamError
from vcam.wire import write_word

MISSING = "the parts for WebRTC are not installed; run: pip install 'sharpkd-camera[webrtc]'"


def main() -> int:
    """Returns the exit status; what keeps it from receiving is its last word."""
    logging.basicConfig(level=logging.ERROR, format="receiver: %(message)s")
    output = sys.stdout.buffer
    spec, folder = sys.argv[1:]
    try:
        from vcam.receiver.service import receive

        receive(parse_whip(spec), Path(folder), sys.stdin.buffer, output)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("vcam"):
            raise
        write_word(output, {"error": MISSING})
    except (VcamError, OSError) as error:
        write_word(output, {"error": str(error)})
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
