import contextlib
import io
import os
import threading
from typing import Any

import numpy as np
from av import VideoFrame

from vcam.frame import Frame
from vcam.receiver.frame_output import FrameOutput
from vcam.wire import read_one


def picture(width: int = 64, height: int = 48, luma: int = 100) -> VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = luma
    return VideoFrame.from_ndarray(planes, "yuv420p")


def read_all(stream: io.BytesIO) -> list[Any]:
    stream.seek(0)
    found = []
    while (one := read_one(stream)) is not None:
        found.append(one)
    return found


class Steps(io.BytesIO):
    """Tells when a frame or a word is whole."""

    def __init__(self) -> None:
        super().__init__()
        self.done = threading.Semaphore(0)

    def flush(self) -> None:
        self.done.release()


def written(*sizes: tuple[int, int]) -> list[Frame]:
    stream = Steps()
    output = FrameOutput(stream)
    for size in sizes:
        output.put(picture(*size), 7)
        assert stream.done.acquire(timeout=10)
    output.close()
    return read_all(stream)


def test_the_first_picture_and_another_size_are_cuts() -> None:
    frames = written((64, 48), (64, 48), (48, 64), (48, 64))
    assert [frame.is_cut for frame in frames] == [True, False, True, False]
    assert [frame.size for frame in frames] == [(64, 48), (64, 48), (48, 64), (48, 64)]
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert frames[0].captured_ns == 7


def test_hd_without_a_tag_keeps_its_colours() -> None:
    """Browsers send BT.601 in VP8, which has no tag; files of that size are BT.709."""
    stream = io.BytesIO()
    output = FrameOutput(stream)
    source = picture(1280, 720)
    source.planes[1].update(bytes([90]) * source.planes[1].buffer_size)
    output.put(source, 0)
    output.close()
    (frame,) = read_all(stream)
    assert (frame.y.mean(), frame.u.mean(), frame.v.mean()) == (100, 90, 128)


def test_words_and_frames_come_in_one_stream() -> None:
    stream = io.BytesIO()
    output = FrameOutput(stream)
    output.say({"sender": None})
    output.put(picture(), 0)
    output.close()
    word, frame = read_all(stream)
    assert word == {"sender": None}
    assert isinstance(frame, Frame)


def test_a_picture_that_can_be_no_frame_is_left_out() -> None:
    stream = io.BytesIO()
    output = FrameOutput(stream)
    output.put(picture(8, 8), 0)
    output.close()
    assert read_all(stream) == []
    assert "sides of 16..8192" in output.fault


def test_nobody_waits_for_a_reader_that_is_slow_or_gone() -> None:
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    output = FrameOutput(pipe)
    for number in range(50):
        output.put(picture(640, 480, luma=100 + number), number)
    with os.fdopen(reading, "rb") as stream:
        first = read_one(stream)
        output.put(picture(640, 480), 50)  # the writer may have seen the last of the fifty alone
        second = read_one(stream)
    output.close()
    with contextlib.suppress(BrokenPipeError):  # what it had not written when the reader left
        pipe.close()
    assert isinstance(first, Frame)
    assert isinstance(second, Frame)
    assert second.index > first.index
