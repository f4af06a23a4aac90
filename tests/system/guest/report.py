"""The guest's own results, as TAP on the console."""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LINES = 12  # of an error
OUT = Path("/out")  # files that leave the machine at its end


class SkipError(Exception):
    """A check that cannot be made on this machine; its text says why."""


class Report:
    """Counts checks and prints each as it ends."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """One check: it fails if its block raises anything."""
        start_s = time.monotonic()
        error = None
        try:
            yield
        except SkipError as reason:
            self._print("ok", f"{name} # SKIP {reason}")
            return
        except Exception as found:  # the boundary of a check: the next one runs whatever this one met
            error = found
        self._print("not ok" if error else "ok", name)
        note(f"took {time.monotonic() - start_s:.1f} s")
        if error is not None:
            for line in "".join(traceback.format_exception(error)).splitlines()[-LINES:]:
                note(line)

    def end(self) -> None:
        print(f"1..{self.count}", flush=True)

    def _print(self, verdict: str, text: str) -> None:
        self.count += 1
        print(f"{verdict} {self.count} - {text}", flush=True)


def note(text: str) -> None:
    """A line beside the results: numbers and causes."""
    up_s = float(Path("/proc/uptime").read_text().split()[0])
    print(f"# [{up_s:6.1f}] {text}", flush=True)
