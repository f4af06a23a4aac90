import platform
import sys

import pytest

from bench.floors import (
    KNOWN,
    UNKNOWN,
    Instructions,
    Machine,
    count_clock,
    measure_memory,
    pick_instructions,
    read_cpuinfo,
)

CPUINFO = """processor\t: 0
model name\t: AMD EPYC: second of its name
cpu MHz\t\t: 2445.426
flags\t\t: fpu ssse3 avx2 avx512bw
power management:

processor\t: 1
model name\t: another
flags\t\t: fpu
"""


def machine(macs_per_cycle: float = 32, threads: int = 2) -> Machine:
    return Machine("m", threads, Instructions("x", "x", macs_per_cycle), clock_hz=3e9, bytes_per_s=10e9)


def test_cpuinfo_is_read_of_the_first_processor() -> None:
    name, flags, hertz = read_cpuinfo(CPUINFO)
    assert name == "AMD EPYC: second of its name"
    assert flags == {"fpu", "ssse3", "avx2", "avx512bw"}
    assert hertz == pytest.approx(2.445426e9)


def test_without_cpuinfo_nothing_is_known() -> None:
    name, flags, hertz = read_cpuinfo("")
    assert (name, flags, hertz) == (platform.machine(), frozenset(), 1e9)
    assert pick_instructions(flags) is UNKNOWN


@pytest.mark.parametrize(
    ("flags", "macs_per_cycle"),
    [
        ({"ssse3"}, 16),
        ({"ssse3", "avx2"}, 32),
        ({"avx2", "avx_vnni"}, 64),
        ({"avx2", "avx512bw", "avx512_vnni", "avx_vnni"}, 128),
        ({"avx2", "avx512bw", "avx512_vnni", "amx_int8"}, 1024),
    ],
)
def test_the_best_instructions_are_picked(flags: set[str], macs_per_cycle: float) -> None:
    assert pick_instructions(flags).macs_per_cycle == macs_per_cycle


def test_the_known_instructions_stand_from_the_best_down() -> None:
    rates = [known.macs_per_cycle for known in KNOWN]
    # VNNI of 256 bits does more than 512 bits without it, but who has both has AVX-512 VNNI
    assert rates == sorted(rates, reverse=True)


def test_the_floor_is_the_slower_of_memory_and_arithmetic() -> None:
    assert machine().macs_per_s == 2 * 3e9 * 32
    assert machine().floor_ms(10e6) == pytest.approx(1)  # 10 MB at 10 GB/s
    assert machine().floor_ms(10e6, 192e6) == pytest.approx(1)  # 192 M at 192 G/s: the same
    assert machine().floor_ms(10e6, 384e6) == pytest.approx(2)
    assert machine(threads=1).floor_ms(10e6, 384e6) == pytest.approx(4)


@pytest.mark.skipif(sys.platform != "linux" or platform.machine() != "x86_64", reason="x86 code on Linux")
def test_the_clock_is_a_processors() -> None:
    assert 0.3e9 < count_clock() < 10e9  # an odd moment of a shared host has shown half of the true 3 GHz


def test_memory_is_measured_in_bytes_a_second() -> None:
    assert 1e8 < measure_memory(2, size=2**20) < 1e13
