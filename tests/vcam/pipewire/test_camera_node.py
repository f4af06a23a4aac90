import errno
import gc
import json
import logging
import subprocess
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_pipewire import FakePipeWire, Memory

from vcam.errors import SinkError
from vcam.frame import Frame, black, from_packed, pack
from vcam.pipewire import library as pw
from vcam.pipewire.node import STARVED_S, CameraNode

SIZE = (32, 16)
NBYTES = 32 * 16 * 3 // 2

FORGETFUL = """
import sys
sys.path.append(sys.argv[1])
from fake_pipewire import FakePipeWire
from vcam.pipewire.node import CameraNode

class Talking(FakePipeWire):
    def pw_thread_loop_stop(self, loop):
        print("stop")
    def pw_stream_destroy(self, stream):
        print("destroy stream")
    def pw_thread_loop_destroy(self, loop):
        print("destroy loop")

CameraNode("cam", "A Camera", (32, 16), 30, Talking()).open()
print("main is over")
"""


class Clock:
    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def __call__(self) -> int:
        return self.now_ns


def picture(seed: int = 0) -> Frame:
    return from_packed(np.random.default_rng(seed).integers(16, 236, NBYTES, np.uint8), SIZE)


def make(library: FakePipeWire, clock: Clock | None = None) -> CameraNode:
    return CameraNode("cam", "A Camera", SIZE, 30, library, clock=clock or Clock())


@pytest.fixture
def library() -> FakePipeWire:
    return FakePipeWire()


def test_it_is_a_camera_for_whoever_lists_nodes(library: FakePipeWire) -> None:
    make(library).open().close()
    properties = json.loads(library.properties)
    assert properties["media.class"] == "Video/Source"
    assert properties["media.role"] == "Camera"
    assert (properties["node.name"], properties["node.description"]) == ("cam", "A Camera")


def test_a_frame_arrives_as_it_was(library: FakePipeWire) -> None:
    node, frame = make(library).open(), picture()
    library.connect_reader(NBYTES)
    assert node.publish(frame)
    assert np.array_equal(library.sent[0], pack(frame).reshape(-1))
    node.close()


def test_a_buffer_says_where_its_picture_lies_and_when_it_was_sent(library: FakePipeWire) -> None:
    clock = Clock()
    node = make(library, clock).open()
    library.connect_reader(NBYTES, count=1)
    node.publish(picture())
    clock.now_ns += 33_000_000
    node.publish(picture())
    memory = library.memories[0]
    assert (memory.chunk.offset, memory.chunk.size, memory.chunk.stride) == (0, NBYTES, SIZE[0])
    assert (memory.header.pts, memory.header.seq) == (5_033_000_000, 1)
    node.close()


def test_a_reader_is_told_which_memory_the_format_needs(library: FakePipeWire) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    assert "update 2 params" in library.calls
    node.close()


def test_without_a_reader_nothing_is_touched(library: FakePipeWire) -> None:
    node = make(library).open()
    before = list(library.calls)
    assert not node.publish(picture())
    assert library.calls == before
    node.close()


def test_it_is_watched_while_the_stream_runs(library: FakePipeWire) -> None:
    told: list[bool] = []
    node = CameraNode("cam", "A Camera", SIZE, 30, library, lambda: told.append(node.is_watched))
    node.open()
    library.connect_reader(NBYTES)
    library.set_state(pw.PAUSED)
    assert told == [False, False, True, False]
    node.close()


def test_the_stream_is_used_under_its_lock_alone(library: FakePipeWire) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    library.calls.clear()
    node.publish(picture())
    assert library.calls == ["lock", "trigger", "unlock"]
    node.close()


def test_a_frame_is_dropped_while_all_buffers_are_read(library: FakePipeWire) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    for memory in library.memories:
        memory.busy.count = 1
    assert not node.publish(picture())
    library.memories[1].busy.count = 0
    assert node.publish(picture())
    node.close()


def test_buffers_that_a_killed_reader_held_are_taken_back(library: FakePipeWire) -> None:
    clock = Clock()
    node = make(library, clock).open()
    library.connect_reader(NBYTES)
    for memory in library.memories:
        memory.busy.count = 1
    assert not node.publish(picture())
    clock.now_ns += round(STARVED_S * 1e9) - 1
    assert not node.publish(picture())
    assert [memory.busy.count for memory in library.memories] == [1, 1]
    clock.now_ns += 1
    node.publish(picture())
    assert node.publish(picture())
    node.close()


def test_a_daemon_that_goes_is_an_error_with_its_remedy(library: FakePipeWire) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    library.set_state(pw.UNCONNECTED, b"connection error")
    with pytest.raises(SinkError, match=r"connection error\. Run: systemctl"):
        node.publish(picture())
    node.close()


def test_a_reader_that_pipewire_refuses_does_not_end_the_others(
    library: FakePipeWire, caplog: pytest.LogCaptureFixture
) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    with caplog.at_level(logging.INFO):
        library.set_state(pw.ERROR, b"no more input formats", is_told_only=True)
    assert "no more input formats" in caplog.text
    assert node.is_watched
    assert node.publish(picture())
    node.close()


def test_no_daemon_is_an_error_with_its_remedy() -> None:
    library = FakePipeWire(refusal=-errno.EHOSTDOWN)
    with pytest.raises(SinkError, match=r"no PipeWire is running .*systemctl --user start"):
        make(library).open()
    assert library.calls[-3:] == ["stop", "destroy stream", "destroy loop"]


def test_a_daemon_that_refuses_the_node_is_an_error() -> None:
    welcome = ((pw.CONNECTING, None), (pw.ERROR, b"permission denied"))
    with pytest.raises(SinkError, match="permission denied"):
        make(FakePipeWire(welcome=welcome)).open()


def test_a_daemon_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcam.pipewire.node.OPEN_S", 0.01)
    with pytest.raises(SinkError, match="did not take the camera"):
        make(FakePipeWire(welcome=((pw.CONNECTING, None),))).open()


def test_a_library_that_does_not_start_is_an_error() -> None:
    library = FakePipeWire(has_stream=False)
    with pytest.raises(SinkError, match="sudo apt install libpipewire"):
        make(library).open()
    assert library.calls == ["destroy loop"]


def test_closing_ends_the_thread_before_the_stream_and_once(library: FakePipeWire) -> None:
    node = make(library).open()
    node.close()
    node.close()
    assert library.calls[-3:] == ["stop", "destroy stream", "destroy loop"]
    assert library.calls.count("destroy stream") == 1


def test_a_node_that_nobody_closed_is_taken_away_when_python_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "main is over\nstop\ndestroy stream\ndestroy loop\n"


def test_a_closed_node_is_kept_by_nothing(library: FakePipeWire) -> None:
    node = make(library).open()
    node.close()
    library._events = None
    kept = weakref.ref(node)
    del node
    gc.collect()
    assert kept() is None


def test_black_is_published_like_any_picture(library: FakePipeWire) -> None:
    node = make(library).open()
    library.connect_reader(NBYTES)
    node.publish(black(SIZE))
    assert set(library.sent[0][: SIZE[0] * SIZE[1]]) == {16}
    node.close()


def without_memory(memory: Memory) -> None:
    memory.stream_buffer.buffer = None


def without_blocks(memory: Memory) -> None:
    memory.buffer.n_datas = 0


def unmapped(memory: Memory) -> None:
    memory.data.data = None


def without_chunk(memory: Memory) -> None:
    memory.data.chunk = None


def too_small(memory: Memory) -> None:
    memory.data.maxsize = NBYTES - 1


BROKEN = [
    (without_memory, "without memory"),
    (without_blocks, "without memory"),
    (unmapped, "not mapped"),
    (without_chunk, "not mapped"),
    (too_small, f"of {NBYTES - 1} bytes"),
]


@pytest.mark.parametrize(("spoil", "words"), BROKEN)
def test_a_buffer_that_cannot_hold_the_picture_is_an_error_and_not_written_to(
    library: FakePipeWire, spoil: Callable[[Memory], None], words: str
) -> None:
    """Written to, it would end the process, or change memory of others."""
    node = make(library).open()
    library.connect_reader(NBYTES)
    for memory in library.memories:
        spoil(memory)
    with pytest.raises(SinkError, match=f"PipeWire gave a buffer.*{words}.*{NBYTES}"):
        node.publish(picture())
    assert not any(memory.bytes.any() for memory in library.memories)
    node.close()


def test_metadata_that_point_nowhere_are_left_alone(library: FakePipeWire) -> None:
    clock = Clock()
    node = make(library, clock).open()
    library.connect_reader(NBYTES, count=2)
    library.memories[0].buffer.metas = None
    library.memories[1].metas[0].data = library.memories[1].metas[1].data = None
    assert [node.publish(picture()) for _ in range(2)] == [True, True]
    library.free.clear()
    node.publish(picture())
    clock.now_ns += round(STARVED_S * 1e9)
    assert not node.publish(picture())  # starved, it reclaims what it can
    node.close()


@pytest.mark.parametrize("library", [FakePipeWire(has_loop=False), FakePipeWire(start=-errno.ENOMEM)])
def test_a_library_that_does_not_start_is_told(library: FakePipeWire) -> None:
    with pytest.raises(SinkError, match="PipeWire's library does not start"):
        make(library).open()
