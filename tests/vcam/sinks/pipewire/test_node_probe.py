import os
import signal
import sys
from pathlib import Path

import pytest
from test_pipewire_sink import STAND_IN, begin_to_watch, pid_of, wait_for

from vcam.camera.parts import make_presence
from vcam.config import Config
from vcam.errors import SinkError
from vcam.frame import black
from vcam.presence.kernel import WatchingLinux
from vcam.sinks.pipewire import NodeProbe, PipeWireSink

SIZE = (64, 32)


class BellKernel(WatchingLinux):
    """Counts rings instead of waking anybody."""

    def __init__(self) -> None:
        self.rings = 0

    def make_bell(self) -> int:
        return 99

    def ring(self, bell: int) -> None:
        self.rings += 1

    def drain(self, descriptor: int) -> None:
        self.rings = 0

    def close(self, descriptor: int) -> None:
        pass


def make(folder: Path) -> PipeWireSink:
    return PipeWireSink(SIZE, 30, publisher=(sys.executable, str(STAND_IN), "obey", str(folder / "frames")))


def test_it_reads_the_level_that_somebody_else_keeps() -> None:
    levels: list[bool | None] = [None, False, True]
    probe = NodeProbe(lambda: levels.pop(0), BellKernel())
    assert [probe.read(0).is_watched for _ in range(3)] == [None, False, True]


def test_a_ring_wakes_and_a_look_quietens() -> None:
    kernel = BellKernel()
    probe = NodeProbe(lambda: True, kernel)
    probe.ring()
    assert kernel.rings == 1
    probe.read(0)
    assert kernel.rings == 0


def test_after_its_end_nothing_is_rung() -> None:
    kernel = BellKernel()
    probe = NodeProbe(lambda: True, kernel)
    assert list(probe.waits) == [99]
    probe.close()
    probe.ring()
    assert kernel.rings == 0
    assert probe.waits == {}


def test_the_sink_rings_when_somebody_begins_or_ceases_to_watch(tmp_path: Path) -> None:
    kernel = BellKernel()
    with make(tmp_path) as sink:
        probe = sink.probe(kernel)
        begin_to_watch(sink)
        wait_for(lambda: kernel.rings > 0 and probe.read(0).is_watched is True)
        os.kill(pid_of(sink), signal.SIGUSR2)
        # a ring may still come of the beginning; each read takes what has rung so far
        wait_for(lambda: kernel.rings > 0 and probe.read(0).is_watched is False)


def test_without_a_node_it_is_not_known_who_watches(tmp_path: Path) -> None:
    kernel = BellKernel()
    sink = make(tmp_path)
    probe = sink.probe(kernel)
    assert probe.read(0).is_watched is None
    sink.open()
    os.kill(pid_of(sink), signal.SIGKILL)
    wait_for(lambda: probe.read(0).is_watched is None)
    with pytest.raises(SinkError):
        sink.send(black(SIZE))
    assert kernel.rings > 0
    sink.send(black(SIZE))
    assert probe.read(0).is_watched is False
    sink.close()


def test_the_daemon_asks_the_node_who_watches(tmp_path: Path) -> None:
    told: list[bool] = []
    with make(tmp_path) as sink:
        presence = make_presence(Config(sink="pipewire"), sink)
        presence.begin(told.append)
        assert told == [False]
        begin_to_watch(sink)
        presence.turn()
        assert told == [False, True]
        presence.stop()
