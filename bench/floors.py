"""What this machine could do at best: bytes through memory and 8-bit multiplications in a second.

A step cannot be faster than its bytes are read and written once, nor than its multiplications are issued.
Both are counted as generously as the hardware allows, so that "three times its floor" means something:

memory      a copy between arrays that no cache holds, by as many threads; the best of several. What a cache
            still holds from the step before is faster than that: a small step may fall below its floor.
arithmetic  instructions that multiply 8-bit numbers and add the products in 32 bits, as many as a core of
            that kind issues: two a cycle. Without VNNI it takes three for each (multiply and add pairs to 16
            bits, pairs of those to 32, add to the sum), on three ports with AVX2 and on two with AVX-512.
            Cores with half the units (AVX2 on Haswell, AVX-512 on Zen 4 and small Intel cores) do half.
clock       counted, not read: a virtual machine's /proc/cpuinfo names the base clock. A loop of a decrement
            and a jump takes one cycle a turn on every x86 of the last fifteen years.
"""

import ctypes
import mmap
import platform
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CPUINFO = Path("/proc/cpuinfo")
COPIED_BYTES = 64 * 2**20  # by each thread: larger than the caches of two cores
COPIES = 9
SPIN = bytes.fromhex("4889f8 48ffc8 75fb c3")  # mov rax, rdi; dec rax; jnz to the dec; ret
SPIN_TURNS, SPINS = 20_000_000, 30


@dataclass(frozen=True)
class Instructions:
    """A kind of 8-bit multiplication: the flag of /proc/cpuinfo, and what one core does of it at best."""

    flag: str
    name: str
    macs_per_cycle: float


KNOWN = (
    Instructions("amx_int8", "AMX", 1024),
    Instructions("avx512_vnni", "AVX-512 VNNI", 128),
    Instructions("avx_vnni", "AVX-VNNI", 64),
    Instructions("avx512bw", "AVX-512 without VNNI", 64 * 2 / 3),
    Instructions("avx2", "AVX2 without VNNI", 32),
    Instructions("ssse3", "SSSE3", 16),
)
UNKNOWN = Instructions("", "no known 8-bit instructions", 8)


@dataclass(frozen=True)
class Machine:
    """What a number of threads can do at best."""

    name: str  # of the processor
    threads: int
    instructions: Instructions
    clock_hz: float
    bytes_per_s: float  # read and written, all threads together

    @property
    def macs_per_s(self) -> float:
        return self.threads * self.clock_hz * self.instructions.macs_per_cycle

    def floor_ms(self, moved_bytes: float, macs: float = 0.0) -> float:
        """The time that this much cannot go below."""
        return 1e3 * max(moved_bytes / self.bytes_per_s, macs / self.macs_per_s)

    def describe(self) -> str:
        cycle = f"{self.clock_hz / 1e9:.2f} GHz x {self.instructions.macs_per_cycle:.0f}"
        peak = f"{self.macs_per_s / 1e9:.0f} GMAC/s ({self.threads} x {cycle})"
        memory = f"memory {self.bytes_per_s / 1e9:.1f} GB/s"
        return f"{self.name}, {self.threads} threads: {memory}, {self.instructions.name} {peak}"


def find_machine(threads: int) -> Machine:
    """Measure this machine: takes a second or two."""
    name, flags, named_hz = read_cpuinfo(CPUINFO.read_text() if CPUINFO.exists() else "")
    has_spin = sys.platform == "linux" and platform.machine() == "x86_64"
    clock_hz = max(named_hz, count_clock()) if has_spin else named_hz  # a busy sibling slows the loop
    return Machine(name, threads, pick_instructions(flags), clock_hz, measure_memory(threads))


def read_cpuinfo(text: str) -> tuple[str, frozenset[str], float]:
    """The first processor's name, flags and clock in Hz, from the text of /proc/cpuinfo; else 1 GHz."""
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    fields = {key.strip(): value.strip() for key, _, value in lines}
    flags = frozenset(fields.get("flags", "").split())
    return fields.get("model name", platform.machine()), flags, float(fields.get("cpu MHz", 1000)) * 1e6


def pick_instructions(flags: Collection[str]) -> Instructions:
    """The best of the KNOWN ones that the flags name."""
    return next((known for known in KNOWN if known.flag in flags), UNKNOWN)


def count_clock() -> float:
    """Cycles a second of this core in the time that this thread really had: the best of SPINS."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(SPIN)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    spin = ctypes.CFUNCTYPE(None, ctypes.c_uint64)(address)
    times_s = [_time_s(lambda: spin(SPIN_TURNS), time.thread_time) for _ in range(SPINS)]
    return SPIN_TURNS / min(times_s)


def measure_memory(threads: int, size: int = COPIED_BYTES) -> float:
    """Bytes read and written a second when `threads` copy `size` bytes each at once: the best of COPIES."""
    sources = [np.ones(size, np.uint8) for _ in range(threads)]
    targets = [np.zeros(size, np.uint8) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        times_s = [_time_s(lambda: list(pool.map(np.copyto, targets, sources))) for _ in range(COPIES)]
    return 2 * size * threads / min(times_s)


def _time_s(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start_s = clock()
    work()
    return clock() - start_s
