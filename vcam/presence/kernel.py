"""What this room asks of Linux, in one object: a test puts its own kernel in this one's place."""

import ctypes
import fcntl
import os
import select
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

OPENED_OR_CLOSED = 0x20 | 0x08 | 0x10  # IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE of sys/inotify.h
READ_BYTES = 65536


class WatchingKernel(Protocol):
    """Small calls on descriptors; each raises OSError where the kernel refuses. Only `poll` blocks."""

    def open(self, node: Path) -> int:
        """Open a device for reading and writing."""

    def close(self, descriptor: int) -> None: ...

    def ioctl(self, descriptor: int, request: int, data: bytes) -> bytes:
        """Returns `data` as the kernel has changed it."""

    def watch(self, node: Path) -> int:
        """A descriptor that becomes readable when any process opens or closes the node."""

    def make_bell(self) -> int:
        """A descriptor that becomes readable when it is rung."""

    def ring(self, bell: int) -> None: ...

    def drain(self, descriptor: int) -> None:
        """Read away what waits in a watch or a bell."""

    def poll(self, waits: Mapping[int, int], timeout_s: float) -> None:
        """Return when one of these descriptors has one of its poll events, or after the time."""

    def targets(self, process: Path) -> list[tuple[int, str]]:
        """(descriptor, what it leads to) of a process, by its folder in /proc.

        Raises PermissionError if some of it must not be seen, another OSError if the process is gone.
        """


class WatchingLinux:
    """The real one."""

    def open(self, node: Path) -> int:
        return os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def ioctl(self, descriptor: int, request: int, data: bytes) -> bytes:
        return fcntl.ioctl(descriptor, request, data)

    def watch(self, node: Path) -> int:
        libc = ctypes.CDLL(None, use_errno=True)  # Python has no inotify of its own
        descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if descriptor < 0:
            raise _last_error(node)
        if libc.inotify_add_watch(descriptor, os.fsencode(node), OPENED_OR_CLOSED) < 0:
            error = _last_error(node)
            os.close(descriptor)
            raise error
        return int(descriptor)

    def make_bell(self) -> int:
        return os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self, bell: int) -> None:
        os.eventfd_write(bell, 1)

    def drain(self, descriptor: int) -> None:
        with suppress(BlockingIOError):
            os.read(descriptor, READ_BYTES)

    def poll(self, waits: Mapping[int, int], timeout_s: float) -> None:
        poller = select.poll()
        for descriptor, events in waits.items():
            poller.register(descriptor, events)
        poller.poll(timeout_s * 1000)

    def targets(self, process: Path) -> list[tuple[int, str]]:
        found = []
        for link in (process / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                found.append((int(link.name), os.readlink(link)))
        return found


def _last_error(node: Path) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(node))
