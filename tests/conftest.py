"""Fixtures of all tests. That this file is here puts tests/ on the path of every test below it."""

import os
import signal
from collections.abc import Generator

# Before NumPy, torch and OpenCV read them, and for all programs that tests start: threads that wait for each
# other on busy cores take a multiple of the processor time, and networks this small gain nothing by them.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OPENCV_FOR_THREADS_NUM="1")

import pytest
from pytest_timeout import Settings
from talking_head import Film, talking_head

import vcam  # noqa: F401  # first: it sets what ONNX Runtime reads when it is loaded

TEARDOWN_LIMIT_S = 60

# What a shell in the background and nohup ignore, all programs that tests start would ignore, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--other-sums",
        action="store_true",
        help="round the sums of float32 networks as another processor might (tests/distill/other_sums.py)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Limit a teardown as well: pytest-timeout's own limit ends with the first exception of a test."""
    hook = item.config.hook
    hook.pytest_timeout_cancel_timer(item=item)
    hook.pytest_timeout_set_timer(item=item, settings=Settings(TEARDOWN_LIMIT_S, "signal", False, False))
    try:
        return (yield)
    finally:
        hook.pytest_timeout_cancel_timer(item=item)


@pytest.fixture(scope="session")
def film() -> Film:
    """Makes a clip of so many frames, (width, height), at 30 fps from time 0; the same one each time."""
    return talking_head
