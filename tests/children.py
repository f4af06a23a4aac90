"""Processes and threads of tests: none outlives its test, and none is waited for without an end.

Popen's own block waits for its process, and a join for its thread, for as long as it takes: after a failed
assertion that is for ever, and the timeout of a test fires only once.
"""

import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

PATIENCE_S = 60.0


@contextmanager
def child(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A process whose streams are text; it is killed at the end of the block if it has not ended."""
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def run_together(*works: Callable[[], object]) -> None:
    """Do all of this at once, each in a thread of its own."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    join(threads)


def join(threads: Iterable[threading.Thread], patience_s: float = PATIENCE_S) -> None:
    """Wait for the end of each thread; a failure if one does not end in time."""
    for thread in threads:
        thread.join(patience_s)
        assert not thread.is_alive(), f"the thread {thread.name} has not ended after {patience_s:g} s"
