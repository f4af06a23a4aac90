import pytest
from fake_pipewire import FakePipeWire

from vcam.config import Config
from vcam.daemon.parts import make_presence
from vcam.errors import SinkError
from vcam.frame import black
from vcam.presence import Linux
from vcam.sinks.pipewire import PipeWireSink
from vcam.sinks.pipewire import library as pw

SIZE = (32, 16)
NBYTES = 32 * 16 * 3 // 2


class BellKernel(Linux):
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


def test_it_reads_whether_the_stream_runs() -> None:
    library, kernel = FakePipeWire(), BellKernel()
    with PipeWireSink(SIZE, 30, load=lambda: library) as sink:
        probe = sink.probe(kernel)
        assert probe.read(0).is_watched is False
        library.connect_reader(NBYTES)
        assert probe.read(0).is_watched is True
        library.set_state(pw.PAUSED)
        assert probe.read(0).is_watched is False
        probe.close()


def test_a_change_rings_and_a_look_quietens() -> None:
    library, kernel = FakePipeWire(), BellKernel()
    with PipeWireSink(SIZE, 30, load=lambda: library) as sink:
        probe = sink.probe(kernel)
        library.connect_reader(NBYTES)
        assert kernel.rings == 1
        probe.read(0)
        assert kernel.rings == 0
        probe.close()


def test_without_a_node_it_is_not_known_who_watches() -> None:
    library, kernel = FakePipeWire(), BellKernel()
    sink = PipeWireSink(SIZE, 30, load=lambda: library)
    probe = sink.probe(kernel)
    assert probe.read(0).is_watched is None
    sink.open()
    library.set_state(pw.UNCONNECTED, b"connection error")
    assert probe.read(0).is_watched is None
    with pytest.raises(SinkError):
        sink.send(black(SIZE))
    assert kernel.rings == 1
    sink.send(black(SIZE))
    assert probe.read(0).is_watched is False
    probe.close()
    sink.close()


def test_the_daemon_asks_the_node_who_watches() -> None:
    library = FakePipeWire()
    told: list[bool] = []
    with PipeWireSink(SIZE, 30, load=lambda: library) as sink:
        presence = make_presence(Config(sink="pipewire"), sink)
        presence.begin(told.append)
        assert told == [False]
        library.connect_reader(NBYTES)
        presence.turn()
        assert told == [False, True]
        presence.stop()


def test_after_its_end_nothing_is_rung() -> None:
    library, kernel = FakePipeWire(), BellKernel()
    with PipeWireSink(SIZE, 30, load=lambda: library) as sink:
        probe = sink.probe(kernel)
        assert list(probe.waits) == [99]
        probe.close()
        library.connect_reader(NBYTES)
    assert kernel.rings == 0
    assert probe.waits == {}
