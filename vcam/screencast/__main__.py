"""Share the screen until the input ends: python -m vcam.screencast FPS TOKEN_FILE; see service."""

import asyncio
import logging
import sys
from pathlib import Path

from vcam.errors import VcamError
from vcam.wire import write_word

MISSING = "the parts for the screen are not installed; run: pip install 'sharpkd-camera[screen]'"


def main() -> int:
    """Returns the exit status; what keeps it from sharing is its last word."""
    logging.basicConfig(level=logging.ERROR, format="screencast: %(message)s")
    output = sys.stdout.buffer
    fps, token_file = sys.argv[1:]
    try:
        from vcam.screencast.service import share

        asyncio.run(share(float(fps), Path(token_file), sys.stdin.buffer, output))
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
