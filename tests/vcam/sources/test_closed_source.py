"""What a source holds is given back when it is closed, by itself and not by the garbage collector."""

import gc
import os
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_ends import wait_for
from fake_sender import serving

from vcam.frame import Frame
from vcam.sources import FileSource, StreamSource, sample_source, still_sample_source
from vcam.sources.guard import GuardedSource


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Without the collector, whatever holds itself stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def count_threads() -> int:
    return len(os.listdir("/proc/self/task"))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux shows them")
@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("make", [sample_source, still_sample_source])
def test_a_closed_recording_leaves_no_thread_and_no_frame(make: Callable[..., GuardedSource]) -> None:
    before = count_threads()
    source = make(realtime=False)
    with source:
        frame: Frame | None = next(source)
        assert count_threads() > before, "its decoder has threads"
        assert frame is not None
        plane = weakref.ref(frame.y)
        frame = None
    wait_for(lambda: count_threads() == before)
    assert plane() is None


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads as Linux shows them")
@pytest.mark.usefixtures("uncollected")
def test_a_recording_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    before = count_threads()
    for _ in range(3):
        with pytest.raises(Exception, match="not a video"), FileSource(tmp_path / "a.mp4"):
            pass
    wait_for(lambda: count_threads() == before)  # one that has ended is seen for some moments more


@pytest.mark.usefixtures("uncollected")
def test_a_closed_source_is_free() -> None:
    with sample_source(realtime=False) as source:
        next(source)
    free = weakref.ref(source)
    del source
    assert free() is None


@pytest.mark.usefixtures("uncollected")
def test_a_closed_stream_holds_no_frame_and_is_free() -> None:
    with serving() as (address, _), StreamSource(f"{address}/live.ts") as source:
        plane = weakref.ref(next(source).y)
    free = weakref.ref(source)
    del source
    assert plane() is None
    assert free() is None
