"""What the real kernel does with files and pipes; v4l2loopback itself is for tests/system."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcam.presence import WatchingLinux
from vcam.presence.probe import POLLIN


def is_ready(descriptor: int) -> bool:
    import select

    poller = select.poll()
    poller.register(descriptor, POLLIN)
    return bool(poller.poll(0))


@pytest.fixture
def kernel() -> WatchingLinux:
    return WatchingLinux()


@pytest.fixture
def node(tmp_path: Path) -> Path:
    node = tmp_path / "video42"
    node.touch()
    return node


@pytest.fixture
def watch(kernel: WatchingLinux, node: Path) -> Iterator[int]:
    watch = kernel.watch(node)
    yield watch
    kernel.close(watch)


def test_a_watch_is_woken_by_an_open_and_by_a_close(kernel: WatchingLinux, node: Path, watch: int) -> None:
    assert not is_ready(watch)
    descriptor = kernel.open(node)
    assert is_ready(watch)
    kernel.drain(watch)
    assert not is_ready(watch)
    kernel.close(descriptor)
    assert is_ready(watch)


def test_draining_what_is_empty_does_not_block(kernel: WatchingLinux, watch: int) -> None:
    kernel.drain(watch)
    kernel.drain(watch)


def test_a_node_that_is_not_there_cannot_be_watched(kernel: WatchingLinux, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kernel.watch(tmp_path / "video43")


def test_a_rung_bell_ends_the_wait(kernel: WatchingLinux) -> None:
    bell = kernel.make_bell()
    kernel.ring(bell)
    kernel.ring(bell)
    kernel.poll({bell: POLLIN}, 60)
    kernel.drain(bell)
    assert not is_ready(bell)
    kernel.poll({bell: POLLIN}, 0)
    kernel.close(bell)


def test_a_process_is_seen_with_what_it_has_open(kernel: WatchingLinux, node: Path) -> None:
    descriptor = kernel.open(node)
    assert (descriptor, str(node)) in kernel.targets(Path("/proc") / str(os.getpid()))
    kernel.close(descriptor)
    assert (descriptor, str(node)) not in kernel.targets(Path("/proc") / str(os.getpid()))
