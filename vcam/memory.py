"""How the process treats memory that is freed and asked for again thirty times a second."""

import ctypes
from collections.abc import Callable
from functools import cache

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # glibc's malloc.h
KEPT_BYTES = 128 * 2**20
LARGEST_ON_HEAP = 32 * 2**20  # the most that glibc allows
HEAPS = 1  # of all threads together: by default up to eight a core, and what is free in one serves no other


def keep_freed_memory() -> bool:
    """Let glibc keep up to 128 MiB of freed memory, planes of pictures among it; True if it does.

    By default it gives each freed plane back to the kernel, and the next one is paged in again: restoring
    1080p then takes 17 ms instead of 13 (`python -m bench.chain --trim` against without).

    Threads come and go with decoders, networks and requests. With heaps of their own they left 50 MB behind
    in 80 changes of the source, with two heaps none (`python -m bench.soak`). With one, a camera holds
    5 to 10 MB less than with two, and its steps take as long.
    """
    mallopt = _find("mallopt")
    if mallopt is None:
        return False
    settings = {M_MMAP_THRESHOLD: LARGEST_ON_HEAP, M_TRIM_THRESHOLD: KEPT_BYTES, M_ARENA_MAX: HEAPS}
    return all(mallopt(name, value) for name, value in settings.items())


def return_freed_memory() -> None:
    """Give what is kept back to the system, where something large has just ended.

    Decoders allocate on threads that end with them, and each opening would leave a little more of their heaps
    behind: `python -m bench.soak` shows it.
    """
    trim = _find("malloc_trim")
    if trim is not None:
        trim(0)


@cache
def _find(name: str) -> Callable[..., int] | None:
    """A function of glibc; None where the C library is another one."""
    try:
        return getattr(ctypes.CDLL(None), name)
    except AttributeError:
        return None
