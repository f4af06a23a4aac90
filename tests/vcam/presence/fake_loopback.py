"""A v4l2loopback with its readers, a clock that moves only where somebody waits, and what happens when."""

import errno
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from vcam.presence import Presence, Probe, WatchingLinux

USAGE, UBUNTU_USAGE = 0x10E00001, 0x08000000
SUBSCRIBE_EVENT, DQEVENT = 0x4020565A, 0x80885659
POLLIN, POLLPRI = 1, 2
NODE = Path("/dev/video42")
DAY_S = 86400.0


class FakeLoopback:
    """The kernel as `vcam.presence` sees it, and as a test arranges it.

    kind            the event that this version has, 0 for none
    watchers        programs that stream; the event's payload
    is_losing       no event is queued but the answer to SEND_INITIAL
    refusal         an errno with which opening fails, 0 for none
    cannot_watch    inotify is refused
    hidden          processes whose descriptors must not be seen
    """

    def __init__(self, kind: int = USAGE) -> None:
        self.kind = kind
        self.watchers = 0
        self.is_losing = False
        self.refusal = 0
        self.cannot_watch = False
        self.hidden: set[int] = set()
        self.now_ns = 7_000_000_000
        self.queues: dict[int, list[int]] = {}  # of each open descriptor of the node
        self.most_open = 0
        self.opened = 0
        self.watches: dict[int, bool] = {}  # of each inotify descriptor: whether something waits in it
        self.bells: dict[int, bool] = {}
        self._subscribed: set[int] = set()
        self._next = 10
        self._plan: list[tuple[int, int, Callable[[], None]]] = []

    # the test's side

    @property
    def now_s(self) -> float:
        return self.now_ns / 1e9

    def clock(self) -> int:
        return self.now_ns

    def at(self, after_s: float, act: Callable[[], None]) -> None:
        """Let something happen so many seconds from now, while somebody waits."""
        self._plan.append((self.now_ns + round(after_s * 1e9), len(self._plan), act))
        self._plan.sort(reverse=True)

    def set_watchers(self, count: int) -> None:
        self.watchers = count
        if not self.is_losing:
            self._broadcast()

    def touch(self) -> None:
        """Some process opened or closed the node."""
        self.watches = dict.fromkeys(self.watches, True)

    # the kernel's side

    def open(self, node: Path) -> int:
        assert node == NODE
        if self.refusal:
            raise OSError(self.refusal, "refused", str(node))
        descriptor = self._new()
        self.queues[descriptor] = []
        self.opened += 1
        self.most_open = max(self.most_open, len(self.queues))
        return descriptor

    def close(self, descriptor: int) -> None:
        for table in (self.queues, self.watches, self.bells):
            if descriptor in table:
                del table[descriptor]  # type: ignore[attr-defined]
                self._subscribed.discard(descriptor)
                return
        raise OSError(errno.EBADF, "closed twice")

    def ioctl(self, descriptor: int, request: int, data: bytes) -> bytes:
        if request == SUBSCRIBE_EVENT:
            assert len(data) == 32
            kind, _, flags = struct.unpack_from("=3I", data)
            if kind != self.kind:
                raise OSError(errno.EINVAL, "no such event")
            is_new = descriptor not in self._subscribed
            self._subscribed.add(descriptor)
            if flags & 1 and is_new:  # the driver then tells everybody
                self._broadcast()
            return data
        assert (request, len(data)) == (DQEVENT, 136)
        if not self.queues[descriptor]:
            raise OSError(errno.ENOENT, "no event")
        event = bytearray(136)
        struct.pack_into("=I4xI", event, 0, self.kind, self.queues[descriptor].pop(0))
        return bytes(event)

    def watch(self, node: Path) -> int:
        if self.cannot_watch:
            raise OSError(errno.EACCES, "refused", str(node))
        descriptor = self._new()
        self.watches[descriptor] = False
        return descriptor

    def make_bell(self) -> int:
        descriptor = self._new()
        self.bells[descriptor] = False
        return descriptor

    def ring(self, bell: int) -> None:
        assert bell in self.bells
        self.bells[bell] = True

    def drain(self, descriptor: int) -> None:
        (self.bells if descriptor in self.bells else self.watches)[descriptor] = False

    def poll(self, waits: Mapping[int, int], timeout_s: float) -> None:
        """Time goes on until something is ready or the time is over; meanwhile happens what was planned."""
        end_ns = self.now_ns + round(timeout_s * 1e9)
        while not any(self._is_ready(*wait) for wait in waits.items()):
            if not (self._plan and self._plan[-1][0] <= end_ns):
                self.now_ns = max(self.now_ns, end_ns)
                return
            due_ns, _, act = self._plan.pop()
            self.now_ns = max(self.now_ns, due_ns)
            act()

    def targets(self, process: Path) -> list[tuple[int, str]]:
        if int(process.name) in self.hidden:
            raise PermissionError(errno.EACCES, "not yours")
        return WatchingLinux().targets(process)

    def _is_ready(self, descriptor: int, events: int) -> bool:
        if descriptor in self.queues:
            assert events == POLLPRI
            return bool(self.queues[descriptor])
        assert events == POLLIN
        return self.bells.get(descriptor, False) or self.watches.get(descriptor, False)

    def _broadcast(self) -> None:
        for descriptor in self._subscribed:
            self.queues[descriptor] = [self.watchers]  # the driver's queue holds one: the newest

    def _new(self) -> int:
        self._next += 1
        return self._next


class Watch:
    """A Presence on a fake kernel, turned by hand, and what it said when."""

    def __init__(self, kernel: FakeLoopback, probe: Probe) -> None:
        self.kernel = kernel
        self.told: list[tuple[float, bool]] = []  # seconds since the start, level
        self.looks = 0
        self._start_s = kernel.now_s
        self.presence = Presence(probe, kernel=kernel, clock=kernel.clock)
        self.presence.begin(lambda level: self.told.append((round(kernel.now_s - self._start_s, 3), level)))

    def run(self, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        """Let so much time pass, and look as the thread does; `check` is called after each look."""
        is_over: list[bool] = []
        self.kernel.at(seconds, lambda: is_over.append(True))
        self.kernel.at(seconds, lambda: self.kernel.ring(next(iter(self.kernel.bells))))
        while not is_over:
            self.presence.turn()
            self.looks += 1
            check()

    @property
    def levels(self) -> list[bool]:
        return [level for _, level in self.told]
