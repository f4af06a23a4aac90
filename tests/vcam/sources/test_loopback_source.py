import os
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_device import FakeDevice
from manual_time import ManualTime

from vcam.errors import SourceError
from vcam.frame import Frame, Packed, from_packed, pack
from vcam.sources.loopback import LoopbackSource
from vcam.v4l2.device import Card

NODE = Path("/dev/video42")
SIZE = (64, 48)
CARD = Card("v4l2 loopback", "SharpKD Camera", is_capture=True, is_output=False)


def source_of(device: FakeDevice, **changes: Any) -> LoopbackSource:
    return LoopbackSource(NODE, **{"open_capture": device.open, "ask": lambda node: CARD} | changes)


def picture(seed: int = 0) -> Frame:
    width, height = SIZE
    return from_packed(
        np.random.default_rng(seed).integers(0, 256, width * height * 3 // 2, np.uint8), SIZE, seed
    )


def in_pages(packed: Packed) -> Packed:
    """As 0.12.7 lays a buffer out: flat, and rounded up to whole pages."""
    return np.append(packed.reshape(-1), np.full(-packed.size % 4096, 77, np.uint8))


def in_rows(packed: Packed) -> Packed:
    """As OpenCV shapes it."""
    return packed


@pytest.mark.parametrize("layout", [in_rows, in_pages])
def test_a_frame_arrives_byte_for_byte_whatever_the_layout(layout: Callable[[Packed], Packed]) -> None:
    device = FakeDevice(SIZE, layout=layout)
    with source_of(device) as source:
        device.send(picture())
        assert np.array_equal(pack(next(source)), pack(picture()))
        assert source.size == SIZE
    assert device.opened_as == (str(NODE), cv2.CAP_V4L2)


def test_a_node_that_opencv_would_end_the_process_for_is_refused() -> None:
    node = Path(os.fsdecode(b"/dev/v\xff"))
    with (
        pytest.raises(SourceError, match="name is not UTF-8: make a link"),
        LoopbackSource(node, open_capture=FakeDevice(SIZE).open, ask=lambda node: CARD),
    ):
        pass


def test_frames_count_what_arrives_and_carry_the_time_of_arrival() -> None:
    time = ManualTime()
    device = FakeDevice(SIZE, before_grab=lambda: time.sleep(0.04))
    with source_of(device, clock=time.clock) as source:
        for seed in (5, 5, 9):
            device.send(picture(seed))
        frames = list(islice(source, 3))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.captured_ns for frame in frames] == [5_040_000_000, 5_080_000_000, 5_120_000_000]


def test_it_is_released() -> None:
    device = FakeDevice(SIZE)
    with source_of(device):
        assert not device.is_released
    assert device.is_released


def test_a_node_that_cannot_be_opened_says_why() -> None:
    device = FakeDevice(SIZE, is_open=False)
    with pytest.raises(SourceError, match="/dev/video42 is gone"), source_of(device):
        pass
    assert device.is_released


def test_a_node_that_another_program_reads_names_it(tmp_path: Path) -> None:
    node = tmp_path / "video42"  # there, and not forbidden
    node.touch()
    device = FakeDevice(SIZE, is_open=False)
    source = LoopbackSource(node, open_capture=device.open, ask=lambda node: CARD)
    with pytest.raises(SourceError, match=r"is busy: .* one reader at a time .*fuser -v"), source:
        pass


def test_a_camera_that_does_not_run_is_to_be_started() -> None:
    silent = replace(CARD, is_capture=False, is_output=True)
    source = source_of(FakeDevice(SIZE), ask=lambda node: silent)
    with pytest.raises(SourceError, match=r"nobody publishes to /dev/video42\. Run: sharpkd start"), source:
        pass


def test_a_node_that_stays_busy_is_an_error_in_time() -> None:
    hang = threading.Event()

    def open_capture(device: str | int, backend: int) -> FakeDevice:
        hang.wait()
        return FakeDevice(SIZE)

    with (
        pytest.raises(SourceError, match=r"not answered for 0\.\d+ s.* one reader at a time"),
        LoopbackSource(Path("/dev/video43"), open_capture=open_capture, ask=lambda node: CARD, open_s=0.01),
    ):
        pass
    hang.set()


def test_a_node_of_another_layout_is_not_ours() -> None:
    device = FakeDevice(SIZE, fourcc=cv2.VideoWriter.fourcc(*"YUYV"))
    with pytest.raises(SourceError, match="shows YUYV, not YU12"), source_of(device):
        pass
    assert device.is_released


def test_a_picture_that_was_converted_is_an_error() -> None:
    device = FakeDevice(SIZE, layout=lambda packed: np.zeros((48, 64, 3), np.uint8))
    device.send(picture())
    with (
        source_of(device) as source,
        pytest.raises(SourceError, match=r"\(48, 64, 3\) for 64x48, expected 4608 .* this OpenCV converts"),
    ):
        next(source)


def test_a_node_that_nobody_writes_to_gives_no_picture() -> None:
    device = FakeDevice(SIZE)
    device.close()
    with source_of(device) as source, pytest.raises(SourceError, match=r"gives no picture.*fuser -v"):
        next(source)


def test_a_driver_that_hangs_is_an_error_in_time() -> None:
    hang = threading.Event()
    device = FakeDevice(SIZE, before_grab=lambda: bool(hang.wait()) and None)
    with source_of(device, read_s=0.01) as source:
        with pytest.raises(SourceError, match=r"gave nothing for 0\.01 s"):
            next(source)
        hang.set()
        device.close()
