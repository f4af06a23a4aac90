import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_ends import wait_for

from vcam.daemon.systemd import Supervisor, WatchdogNotifier, find_supervisor

SECOND_NS = 1_000_000_000


class Receiver:
    """The supervisor's end of a notify socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def read(self) -> list[str]:
        """The messages since the last read."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@dataclass
class Filmed:
    """A camera that sends when the test says so."""

    frames: int = 0
    words: str = "starting"

    def state(self) -> str:
        return self.words

    def output_ticks(self) -> int:
        return self.frames


@dataclass
class Faulty(Filmed):
    """A camera that sends all the time, and has a bug in its first looks."""

    errors: int = 2
    on_look: Callable[[int], object] = lambda look: None

    def state(self) -> str:
        self.on_look(self.frames)
        if self.frames <= self.errors:
            raise KeyError("restore")
        return "running"

    def output_ticks(self) -> int:
        self.frames += 1
        return self.frames


@dataclass
class Watch:
    """A clock that a test turns."""

    now_s: float = 100.0

    def __call__(self) -> int:
        return round(self.now_s * SECOND_NS)


@contextmanager
def receiving(address: str) -> Iterator[Receiver]:
    receiver = Receiver(address)
    try:
        yield receiver
    finally:
        receiver.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Receiver]:
    with receiving(str(tmp_path / "notify")) as receiver:
        yield receiver


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    return Supervisor(str(tmp_path / "notify"), watchdog_s=30)


def turn(notifier: WatchdogNotifier, camera: Filmed, clock: Watch, seconds: int, frames: int) -> None:
    """Let seconds go by, with so many frames sent and one look in each."""
    for _ in range(seconds):
        clock.now_s += 1
        camera.frames += frames
        notifier.look()


def test_ready_is_said_once_with_the_first_frame(systemd: Receiver, supervisor: Supervisor) -> None:
    camera = Filmed()
    notifier = WatchdogNotifier(camera, supervisor)
    notifier.look()
    assert systemd.read() == ["STATUS=starting"]
    camera.frames, camera.words = 1, "running"
    notifier.look()
    camera.frames = 2
    notifier.look()
    assert systemd.read() == ["READY=1", "STATUS=running"]


def test_the_state_is_told_when_it_changes_and_on_one_line(systemd: Receiver, supervisor: Supervisor) -> None:
    camera = Filmed(words="waiting for camera: unplugged\nREADY=1")
    notifier = WatchdogNotifier(camera, supervisor)
    notifier.look()
    notifier.look()
    assert systemd.read() == ["STATUS=waiting for camera: unplugged READY=1"]


def test_the_watchdog_is_fed_each_half_of_its_patience(systemd: Receiver, supervisor: Supervisor) -> None:
    camera, clock = Filmed(), Watch()
    notifier = WatchdogNotifier(camera, supervisor, clock)
    turn(notifier, camera, clock, seconds=1, frames=30)
    systemd.read()
    turn(notifier, camera, clock, seconds=60, frames=30)
    assert systemd.read() == ["WATCHDOG=1"] * 4


def test_the_watchdog_is_not_fed_while_the_output_hangs(systemd: Receiver, supervisor: Supervisor) -> None:
    camera, clock = Filmed(), Watch()
    notifier = WatchdogNotifier(camera, supervisor, clock)
    turn(notifier, camera, clock, seconds=14, frames=30)
    systemd.read()
    turn(notifier, camera, clock, seconds=60, frames=0)
    assert systemd.read() == []
    turn(notifier, camera, clock, seconds=1, frames=1)
    assert systemd.read() == ["WATCHDOG=1"]


def test_without_a_watchdog_nothing_is_fed(systemd: Receiver, tmp_path: Path) -> None:
    camera, clock = Filmed(words=""), Watch()
    turn(
        WatchdogNotifier(camera, Supervisor(str(tmp_path / "notify")), clock),
        camera,
        clock,
        seconds=60,
        frames=30,
    )
    assert systemd.read() == ["READY=1"]


def test_a_reload_is_said_with_its_time_and_its_end_even_if_it_fails(
    systemd: Receiver, supervisor: Supervisor
) -> None:
    camera, clock = Filmed(frames=1, words=""), Watch(now_s=7.5)
    notifier = WatchdogNotifier(camera, supervisor, clock)
    notifier.look()
    systemd.read()
    with pytest.raises(ZeroDivisionError), notifier.reloading():
        raise ZeroDivisionError
    assert systemd.read() == ["RELOADING=1\nMONOTONIC_USEC=7500000", "READY=1"]


def test_a_reload_before_the_first_frame_is_not_ready(systemd: Receiver, supervisor: Supervisor) -> None:
    with WatchdogNotifier(Filmed(), supervisor).reloading():
        pass
    assert [message for message in systemd.read() if "READY" in message] == []


def test_the_end_is_said_when_it_begins(systemd: Receiver, supervisor: Supervisor) -> None:
    with WatchdogNotifier(Filmed(), supervisor):
        systemd.read()
    assert systemd.read()[-1] == "STOPPING=1\nSTATUS=stopping"


def test_a_bug_in_a_look_is_logged_once_and_the_watchdog_goes_on_being_fed(
    systemd: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    camera, goes_on = Faulty(), threading.Event()
    camera.on_look = lambda look: goes_on.set() if look > 6 else None
    with WatchdogNotifier(camera, Supervisor(str(tmp_path / "notify"), watchdog_s=0.01)):
        assert goes_on.wait(10)
    assert "WATCHDOG=1" in systemd.read()
    assert [record.getMessage() for record in caplog.records] == ["cannot report to the supervisor"]


def test_nothing_is_told_after_the_end_has_been(systemd: Receiver, tmp_path: Path) -> None:
    camera = Faulty(errors=0)
    camera.on_look = lambda look: threading.Event().wait(0.1)
    with WatchdogNotifier(camera, Supervisor(str(tmp_path / "notify"), watchdog_s=0.01)) as notifier:
        wait_for(lambda: camera.frames > 0)
    assert not notifier._thread.is_alive()
    assert systemd.read()[-1] == "STOPPING=1\nSTATUS=stopping"


def test_a_supervisor_that_reads_nothing_holds_a_thread_for_a_second_at_most(
    systemd: Receiver, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.daemon.systemd.SEND_S", 0.001)
    telling = threading.Thread(target=lambda: [supervisor.tell(STATUS="x" * 1000) for _ in range(600)])
    telling.daemon = True
    telling.start()
    telling.join(10)
    assert not telling.is_alive()


def test_an_abstract_socket_is_reached() -> None:
    name = f"sharpkd-test-{os.getpid()}"
    with receiving(f"\0{name}") as receiver:
        Supervisor(f"@{name}").tell(READY=1)
        assert receiver.read() == ["READY=1"]


def test_a_supervisor_that_has_gone_stops_nothing(tmp_path: Path) -> None:
    Supervisor(str(tmp_path / "gone")).tell(READY=1)


def test_a_daemon_without_a_free_file_goes_on(systemd: Receiver, supervisor: Supervisor) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        supervisor.tell(WATCHDOG=1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert systemd.read() == []
    supervisor.tell(WATCHDOG=1)
    assert systemd.read() == ["WATCHDOG=1"]


def test_without_a_supervisor_no_thread_is_started_and_nothing_said() -> None:
    with WatchdogNotifier(Filmed(), Supervisor()) as notifier:
        assert not notifier._thread.is_alive()
        with notifier.reloading():
            pass


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, Supervisor()),
        ({"NOTIFY_SOCKET": "/run/n"}, Supervisor("/run/n")),
        ({"NOTIFY_SOCKET": "vsock:2:1"}, Supervisor()),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "30000000"}, Supervisor("@n", 30)),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, Supervisor("@n", 30)),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, Supervisor("@n")),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "soon"}, Supervisor("@n")),
    ],
)
def test_the_environment_names_the_supervisor(environ: dict[str, str], found: Supervisor) -> None:
    assert find_supervisor(environ, pid=7) == found
