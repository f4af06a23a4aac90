import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from talking_head import Film

import vcam
from vcam.api.live import Capture, restore_live
from vcam.errors import SourceError

SIZE = (96, 64)
LIMIT_S = 60  # on a busy machine


@pytest.fixture(scope="module")
def sharp() -> vcam.Sharpener:
    return vcam.Sharpener("fast", provider="cpu")


class FakeCamera:
    """Gives its frames one after the other, each when it is told to; then ends, or fails with an error."""

    def __init__(self, frames: list[vcam.Frame], error: Exception | None = None) -> None:
        self.opened_by: threading.Thread | None = None
        self.is_closed = threading.Event()
        self.asked = self.taken = 0
        self.go = threading.Semaphore(0)
        self._frames, self._error = frames, error

    def __enter__(self) -> "FakeCamera":
        self.opened_by = threading.current_thread()
        return self

    def __exit__(self, *_: object) -> None:
        assert threading.current_thread() is self.opened_by
        self.is_closed.set()

    def __iter__(self) -> Iterator[vcam.Frame]:
        return self

    def __next__(self) -> vcam.Frame:
        self.asked += 1
        if self.taken == len(self._frames):
            if self._error is not None:
                raise self._error
            raise StopIteration
        assert self.go.acquire(timeout=LIMIT_S)
        self.taken += 1
        return self._frames[self.taken - 1]


def wait_until(condition: Callable[[], bool]) -> None:
    """Until a call gives True: other threads are at work."""
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def doubled(frame: vcam.Frame) -> vcam.Frame:
    return replace(frame, index=2 * frame.index)


def test_a_live_stream_gives_the_newest_frame_and_keeps_its_cut(film: Film) -> None:
    frames = film(6, SIZE)
    camera = FakeCamera([frames[0], replace(frames[1], is_cut=True), *frames[2:]])
    with closing(restore_live(Capture(camera), lambda size: doubled)) as pairs:
        camera.go.release()
        first = next(pairs)
        camera.go.release(4)
        wait_until(lambda: camera.asked == 6)  # the five before it were handed over
        second = next(pairs)
        camera.go.release()
    assert (first.before.index, first.after.index) == (0, 0)
    assert (second.before.index, second.after.index, second.before.is_cut) == (4, 8, True)


def test_a_live_stream_begins_with_the_newest_frame_once_its_model_is_loaded(film: Film) -> None:
    camera = FakeCamera(film(4, SIZE))

    def load(size: tuple[int, int]) -> Callable[[vcam.Frame], vcam.Frame]:
        camera.go.release(2)
        wait_until(lambda: camera.asked == 4)
        return doubled

    with closing(restore_live(Capture(camera), load)) as pairs:
        camera.go.release()
        assert next(pairs).before.index == 2
        camera.go.release()


def test_a_live_stream_ends_with_its_last_frame(film: Film) -> None:
    camera = FakeCamera(film(1, SIZE))
    camera.go.release()
    pairs = list(restore_live(Capture(camera), lambda size: doubled))
    assert len(pairs) == 1
    assert camera.is_closed.is_set()


def test_a_live_stream_raises_what_its_source_raises(film: Film) -> None:
    camera = FakeCamera(film(1, SIZE), SourceError("the cable is out"))
    camera.go.release()
    pairs = restore_live(Capture(camera), lambda size: doubled)
    assert next(pairs).before.index == 0
    with pytest.raises(vcam.SourceError, match="the cable is out"):
        next(pairs)
    assert camera.is_closed.is_set()


def test_a_live_stream_that_is_left_closes_its_source(film: Film) -> None:
    camera = FakeCamera(film(3, SIZE))
    camera.go.release(2)
    for _ in restore_live(Capture(camera), lambda size: doubled):
        camera.go.release(2)
        break
    assert camera.is_closed.wait(LIMIT_S)


def test_the_age_of_a_live_frame_is_counted_from_its_capture(film: Film) -> None:
    camera = FakeCamera([replace(film(1, SIZE)[0], captured_ns=time.monotonic_ns() - 10**9)])
    camera.go.release()
    (pair,) = restore_live(Capture(camera), lambda size: doubled)
    assert pair.age_ms is not None
    assert pair.age_ms >= 1000


def test_the_sample_is_a_live_source(sharp: vcam.Sharpener) -> None:
    with closing(sharp.stream("sample", size=(320, 240))) as pairs:
        first, second = islice(pairs, 2)
    assert (first.before.size, first.after.size) == ((640, 480), (320, 240))
    assert second.before.index > first.before.index
    assert second.before.captured_ns > first.before.captured_ns


def test_a_live_stream_uses_a_model_that_keeps_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """All take more than a few nanoseconds, and at this size the best one is far from the fastest."""
    best = vcam.Sharpener(provider="cpu")
    assert best.model == vcam.models()[0]
    assert best._live_model((1280, 720), 30e6).spec.name != best.model or len(vcam.models()) == 1
    named = vcam.Sharpener("best", provider="cpu")
    assert named._live_model(SIZE, 30e6).spec.name == "best"


def test_pictures_of_a_caller_are_a_stream(sharp: vcam.Sharpener, film: Film) -> None:
    frames = film(2, SIZE)
    pairs = list(sharp.stream(frames, size=SIZE))
    assert [pair.before for pair in pairs] == frames
    arrays = [np.full((64, 96, 3), level, np.uint8) for level in (50, 100)]
    pairs = list(sharp.stream(iter(arrays), scale=1, order="rgb"))
    assert [pair.before.index for pair in pairs] == [0, 1]
    assert [int(vcam.to_bgr(pair.after).mean()) for pair in pairs] == pytest.approx([50, 100], abs=1)


def test_what_is_no_source_is_refused(sharp: vcam.Sharpener) -> None:
    with pytest.raises(vcam.SourceError, match="no source gopher://"):
        sharp.stream("gopher://here")
    with pytest.raises(TypeError, match="not iterable"):
        sharp.stream(None)  # type: ignore[arg-type]
    with pytest.raises(vcam.SourceError, match=r"no file .*none\.mp4"):
        next(sharp.stream("/nowhere/none.mp4"))
    with pytest.raises(ValueError, match=r"strength 2 is outside 0\.\.1"):
        sharp.stream([], strength=2)
    with pytest.raises(ValueError, match="must be even"):
        sharp.stream("sample", size=(641, 480))
