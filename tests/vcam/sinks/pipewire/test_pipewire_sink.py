import errno
from functools import partial

import pytest
from fake_pipewire import FakePipeWire

from vcam.errors import SinkError
from vcam.frame import Size, black
from vcam.sinks import make_sink
from vcam.sinks.pipewire import PipeWireSink
from vcam.sinks.pipewire import library as pw
from vcam.sinks.pipewire.sink import FAREWELL_S

SIZE = (32, 16)
NBYTES = 32 * 16 * 3 // 2


def make(library: FakePipeWire, size: Size = SIZE, slept: list[float] | None = None) -> PipeWireSink:
    return PipeWireSink(size, 30, load=lambda: library, sleep=([] if slept is None else slept).append)


def test_the_first_frame_opens_it() -> None:
    library = FakePipeWire()
    with make(library) as sink:
        sink.send(black(SIZE))
    assert library.calls.count("connect") == 1


def test_its_last_frame_is_black_and_is_given_time_to_be_seen() -> None:
    library = FakePipeWire()
    slept: list[float] = []
    sink = make(library, slept=slept).open()
    library.connect_reader(NBYTES)
    sink.close()
    assert set(library.sent[-1][: SIZE[0] * SIZE[1]]) == {16}
    assert slept == [FAREWELL_S]


def test_nobody_is_waited_for_where_nobody_watches() -> None:
    library = FakePipeWire()
    slept: list[float] = []
    make(library, slept=slept).open().close()
    assert slept == []


def test_another_size_is_refused() -> None:
    with (
        make(FakePipeWire()) as sink,
        pytest.raises(ValueError, match="frame is 64x16, this camera shows 32x16"),
    ):
        sink.send(black((64, 16)))


def test_a_width_that_readers_pad_differently_is_an_error() -> None:
    with pytest.raises(SinkError, match="for example 848"):
        make(FakePipeWire(), (854, 480)).open()


def test_after_its_daemon_has_gone_the_next_frame_opens_it_anew() -> None:
    library = FakePipeWire()
    sink = make(library).open()
    library.set_state(pw.UNCONNECTED, b"connection error")
    with pytest.raises(SinkError, match="connection error"):
        sink.send(black(SIZE))
    sink.send(black(SIZE))
    assert library.calls.count("connect") == 2
    assert library.calls.count("destroy stream") == 1
    sink.close()


def test_while_no_daemon_runs_each_frame_is_an_error_and_leaves_nothing_open() -> None:
    library = FakePipeWire(refusal=-errno.EHOSTDOWN)
    sink = make(library)
    for _ in range(2):
        with pytest.raises(SinkError, match="no PipeWire is running"):
            sink.send(black(SIZE))
    assert library.calls.count("destroy stream") == 2
    sink.close()


def test_the_sink_called_pipewire_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakePipeWire()
    monkeypatch.setattr("vcam.sinks.PipeWireSink", partial(PipeWireSink, load=lambda: library))
    sink = make_sink("pipewire", size=SIZE, fps=30)
    assert isinstance(sink, PipeWireSink)
    assert library.state == pw.PAUSED
    sink.close()


def test_it_is_named_as_people_see_it() -> None:
    assert make(FakePipeWire()).name == "SharpKD Camera (PipeWire)"
