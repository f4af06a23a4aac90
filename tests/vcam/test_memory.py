"""Planes that are freed and asked for again must not be paged in again."""

import subprocess
import sys

FAULTS = """
import resource, sys
import numpy as np
from vcam.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def frame():
    planes = [np.full(2_000_000, 7, np.uint8) for _ in range(4)]
for _ in range(3):
    frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(word: str) -> int:
    done = subprocess.run([sys.executable, "-c", FAULTS, word], check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_kept_memory_is_not_paged_in_again() -> None:
    # 8 MB a frame are 1,950 pages; all of it once more, 20 times, without
    assert page_faults("leave") > 10_000
    assert page_faults("keep") < 1_000
