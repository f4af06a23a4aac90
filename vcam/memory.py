"""How the process treats memory that is freed and asked for again thirty times a second."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
KEPT_BYTES = 128 * 2**20
LARGEST_ON_HEAP = 32 * 2**20  # the most that glibc allows


def keep_freed_memory() -> bool:
    """Let glibc keep up to 128 MiB of freed memory, planes of pictures among it; True if it does.

    By default it gives each freed plane back to the kernel, and the next one is paged in anew: restoring
    1080p then takes 17 ms instead of 13 (`python -m bench.chain --trim` against without).
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_ON_HEAP) and mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
