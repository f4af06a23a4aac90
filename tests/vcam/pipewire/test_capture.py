"""Pictures of a shared screen become frames, whatever memory a compositor puts them into."""

import errno
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fake_screen import FakeScreen, Shot

from vcam.conversion.opencv import from_bgr, from_bgrx
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.pipewire import library as pw
from vcam.pipewire.capture import CaptureStream
from vcam.pipewire.pods import BGRA, RGBA, RGBX

NOW_NS = 50_000_000_000
CLOSED = ["stop", "destroy stream", "disconnect", "destroy context", "destroy loop"]


class Taken:
    def __init__(self, screen: FakeScreen) -> None:
        self.frames: list[Frame] = []
        self.ends: list[str] = []
        self.fd = os.open(os.devnull, os.O_RDONLY)
        self.stream = CaptureStream(
            self.fd, 36, 30.0, screen, self.frames.append, self.ends.append, clock=lambda: NOW_NS
        )


@pytest.fixture
def screen() -> FakeScreen:
    return FakeScreen()


@pytest.fixture
def taken(screen: FakeScreen) -> Iterator[Taken]:
    taken = Taken(screen)
    taken.stream.open()
    yield taken
    taken.stream.close()


def picture(width: int, height: int, seed: int = 1) -> Any:
    """BGRx, blocks of colour: chroma is the same however it is scaled down."""
    blocks = np.random.default_rng(seed).integers(0, 256, (-(-height // 2), -(-width // 2), 4), np.uint8)
    return np.repeat(np.repeat(blocks, 2, 0), 2, 1)[:height, :width]


def same(frame: Frame, bgrx: Any) -> bool:
    wanted = from_bgr(np.ascontiguousarray(bgrx[..., :3]))
    return all(
        np.array_equal(one, other)
        for one, other in ((frame.y, wanted.y), (frame.u, wanted.u), (frame.v, wanted.v))
    )


def test_it_connects_to_the_one_node_and_never_to_another(screen: FakeScreen, taken: Taken) -> None:
    assert screen.target == 36
    assert screen.flags & pw.DONT_RECONNECT  # else a webcam would be next when the screen goes
    assert not screen.flags & pw.RT_PROCESS


@pytest.mark.parametrize("gap", [0, 64])
@pytest.mark.parametrize("offset", [0, 4096])
def test_a_picture_is_read_where_its_chunk_says(
    screen: FakeScreen, taken: Taken, gap: int, offset: int
) -> None:
    screen.settle((64, 48))
    assert screen.calls[-1] == "update 3 params"
    pixels = picture(64, 48)
    screen.show(Shot(pixels, gap=gap, offset=offset))
    assert same(taken.frames[0], pixels)


@pytest.mark.parametrize("pixel_format", [RGBX, RGBA])
def test_red_is_red_in_either_order(screen: FakeScreen, taken: Taken, pixel_format: int) -> None:
    pixels = picture(64, 48)
    screen.settle((64, 48), pixel_format)
    screen.show(Shot(pixels[..., [2, 1, 0, 3]]))
    screen.settle((64, 48), BGRA)
    screen.show(Shot(pixels))
    assert same(taken.frames[0], pixels)
    assert same(taken.frames[1], pixels)


def test_another_size_is_another_frame_and_odd_sides_lose_a_line(screen: FakeScreen, taken: Taken) -> None:
    screen.settle((64, 48))
    screen.show(Shot(picture(64, 48)))
    pixels = picture(81, 35, 2)
    screen.settle((81, 35))
    screen.show(Shot(pixels))
    assert [frame.size for frame in taken.frames] == [(64, 48), (80, 34)]
    assert same(taken.frames[1], pixels[:34, :80])


def test_a_window_in_a_larger_buffer_is_cut_out(screen: FakeScreen, taken: Taken) -> None:
    pixels = picture(128, 96)
    screen.settle((128, 96))
    screen.show(Shot(pixels, crop=(10, 20, 40, 32)))
    assert same(taken.frames[0], pixels[20:52, 10:50])
    screen.show(Shot(pixels, crop=(0, 0, 4000, 4000)))  # of a window that is just growing
    assert taken.frames[1].size == (128, 96)


def test_only_the_newest_is_taken_and_all_buffers_go_back(screen: FakeScreen, taken: Taken) -> None:
    screen.settle((64, 48))
    shots = [Shot(picture(64, 48, seed)) for seed in range(3)]
    screen.show(*shots)
    assert len(taken.frames) == 1
    assert same(taken.frames[0], picture(64, 48, 2))
    assert len(screen.returned) == 3


def test_a_buffer_without_a_picture_is_left_out(screen: FakeScreen, taken: Taken) -> None:
    screen.settle((64, 48))
    screen.show(Shot(picture(64, 48), is_empty=True))
    screen.show(Shot(picture(64, 48), flags=pw.CORRUPTED))
    assert taken.frames == taken.ends == []
    assert len(screen.returned) == 2


@pytest.mark.parametrize(
    ("pts", "expected"),
    [(NOW_NS - 5_000_000, NOW_NS - 5_000_000), (-1, NOW_NS), (NOW_NS + 1, NOW_NS), (7, NOW_NS)],
)
def test_its_time_is_the_compositors_if_that_can_be(
    screen: FakeScreen, taken: Taken, pts: int, expected: int
) -> None:
    screen.settle((64, 48))
    screen.show(Shot(picture(64, 48), pts=pts))
    assert taken.frames[0].captured_ns == expected


@pytest.mark.parametrize(
    ("size", "shown", "said"),
    [
        ((64, 64), (64, 48), "a buffer of 12288 bytes, expected 16384 at least"),
        ((80, 20), (64, 48), "rows of 256 bytes, expected 320 at least"),
        ((8, 8), (8, 8), r"sides must be 16\.\.8192 pixels"),
    ],
)
def test_what_cannot_be_a_frame_ends_it_in_words_and_reads_no_other_memory(
    screen: FakeScreen, taken: Taken, size: tuple[int, int], shown: tuple[int, int], said: str
) -> None:
    screen.settle(size)
    screen.show(Shot(picture(*shown)))
    screen.show(Shot(picture(*shown)))
    assert taken.frames == []
    assert len(taken.ends) == 1
    with pytest.raises(ValueError, match=said):
        raise ValueError(taken.ends[0])
    assert len(screen.returned) == 2


def test_a_format_that_cannot_be_read_ends_it_in_words(screen: FakeScreen, taken: Taken) -> None:
    screen.settle_raw(bytes(16))
    assert taken.ends == ["PipeWire's format cannot be read: a pod of type 0 and 0 bytes, expected an object"]


def test_the_end_of_the_node_is_said_once(screen: FakeScreen, taken: Taken) -> None:
    screen.set_state(pw.PAUSED)
    assert taken.ends == []
    screen.set_state(pw.ERROR, b"target not found")
    screen.set_state(pw.UNCONNECTED)
    assert taken.ends == ["target not found"]


def test_it_closes_once_its_thread_first_and_says_no_more(screen: FakeScreen) -> None:
    taken = Taken(screen)
    taken.stream.open()
    taken.stream.close()
    taken.stream.close()
    assert screen.calls[-5:] == CLOSED
    screen.set_state(pw.UNCONNECTED)
    assert taken.ends == []


def test_a_connection_that_is_refused_is_said_and_everything_closed() -> None:
    refused, gone = FakeScreen(refusal=-errno.ENOENT), FakeScreen(has_core=False)
    with pytest.raises(SourceError, match="does not give the screen's pictures: No such file"):
        Taken(refused).stream.open()
    assert refused.calls[-5:] == CLOSED
    with pytest.raises(SourceError, match=r"PipeWire does not answer\. Run: systemctl"):
        Taken(gone).stream.open()
    assert gone.calls[1:] == ["stop", "destroy context", "destroy loop"]


@pytest.mark.parametrize("size", [(40, 1), (1, 40), (40, 2)])
def test_a_picture_too_small_for_a_frame_is_refused(size: tuple[int, int]) -> None:
    width, height = size
    with pytest.raises(ValueError, match="sides must be"):
        from_bgrx(np.zeros((height, width, 4), np.uint8))
