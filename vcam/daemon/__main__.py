"""The background process that `sharpkd start` leaves running; it reports in its log."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vcam.blas import keep_blas_single
from vcam.daemon.captured_output import log_output
from vcam.daemon.journal import PrivateLog, journal_log
from vcam.daemon.log_rate_limit import RateLimitFilter
from vcam.errors import VcamError
from vcam.paths import GIVEN, check_log, user_paths

log = logging.getLogger("vcam.daemon")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon in this process; returns its exit code, after logging what ended it."""
    parser = argparse.ArgumentParser(prog="python -m vcam.daemon", description=__doc__)
    parser.add_argument("--config", type=Path, help="TOML file; default: the user's own")
    args = parser.parse_args(argv)
    keep_blas_single(os.environ)
    from vcam.daemon.service import run_daemon  # loads NumPy and OpenCV

    paths = user_paths()
    given = json.loads(os.environ.pop(GIVEN, "{}"))
    if args.config:
        paths = replace(paths, config=args.config)
    try:
        check_log(paths.log)
    except VcamError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    handlers = [PrivateLog(paths.log), *journal_log(sys.stderr, os.environ)]
    flood = RateLimitFilter()
    for handler in handlers:
        handler.addFilter(flood)
    logging.basicConfig(level=logging.INFO, handlers=handlers)
    try:
        with log_output():
            run_daemon(paths, given)
    except VcamError as error:
        log.error("%s", error)
        return error.exit_code
    except Exception:
        log.critical("a bug ended the camera; please report it", exc_info=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
