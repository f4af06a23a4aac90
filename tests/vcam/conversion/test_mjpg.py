import logging
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from vcam.conversion.mjpg import PATIENCE, PATIENCE_NS, MjpgDecoder
from vcam.conversion.opencv import from_bgr
from vcam.frame import Frame
from vcam.metrics import psnr

Bgr = npt.NDArray[np.uint8]
SAMPLINGS = {"4:4:4": 0x111111, "4:2:2": 0x211111, "4:2:0": 0x221111, "4:4:0": 0x121111}


def scene(width: int = 320, height: int = 240) -> Bgr:
    """A slope of greys with coloured discs: edges in chroma, nothing finer than a codec keeps."""
    slope = np.linspace(30, 200, width, dtype=np.float32)
    bgr = np.repeat(np.tile(slope, (height, 1))[..., None], 3, axis=2).astype(np.uint8)
    for k, colour in enumerate([(40, 40, 230), (230, 90, 30), (60, 200, 60)]):
        cv2.circle(bgr, (width * (k + 1) // 4, height // 2), height // 6, colour, -1, cv2.LINE_AA)
    return bgr


def encode(bgr: Any, sampling: str = "4:2:2", quality: int = 95) -> Bgr:
    options = (
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        SAMPLINGS[sampling],
    )
    return np.asarray(cv2.imencode(".jpg", bgr, options)[1], np.uint8).reshape(-1)


def truth(bgr: Bgr) -> Frame:
    """BT.601 limited in floats, chroma the mean of four pixels."""
    blue, green, red = np.moveaxis(bgr.astype(np.float64), 2, 0)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    u, v = (blue - y) / 1.772, (red - y) / 1.402
    halves = (c.reshape(c.shape[0] // 2, 2, c.shape[1] // 2, 2).mean((1, 3)) for c in (u, v))
    planes = [16 + y * 219 / 255, *(128 + c * 224 / 255 for c in halves)]
    return Frame(*(np.rint(plane).astype(np.uint8) for plane in planes))


def decode(jpeg: Bgr) -> Frame:
    frame = MjpgDecoder().decode(jpeg, 7, 8)
    assert frame is not None
    return frame


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_jpeg_has_its_colours(sampling: str) -> None:
    frame, expected = decode(encode(scene(), sampling)), truth(scene())
    assert (frame.index, frame.captured_ns, frame.size) == (7, 8, (320, 240))
    assert psnr(frame.y, expected.y) > 44  # a JPEG of quality 95
    assert min(psnr(frame.u, expected.u), psnr(frame.v, expected.v)) > 38
    assert abs(frame.y.mean() - expected.y.mean()) < 0.2


@pytest.mark.parametrize("sampling", ["4:2:2", "4:2:0"])
def test_it_is_nearer_to_the_truth_than_by_way_of_bgr(sampling: str) -> None:
    jpeg, expected = encode(scene(), sampling), truth(scene())
    frame, other = decode(jpeg), from_bgr(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
    assert psnr(frame.y, expected.y) > psnr(other.y, expected.y) - 0.1
    for ours, theirs, true in ((frame.u, other.u, expected.u), (frame.v, other.v, expected.v)):
        assert psnr(ours, true) > psnr(theirs, true) + 1


@pytest.mark.parametrize("value", [0, 255])
def test_the_ends_of_full_range_become_those_of_limited_range(value: int) -> None:
    frame = decode(encode(np.full((48, 64, 3), value, np.uint8)))
    assert set(np.unique(frame.y)) == {16 if value == 0 else 235}
    assert {*np.unique(frame.u), *np.unique(frame.v)} == {128}


def test_a_grey_jpeg_is_grey() -> None:
    grey = cv2.cvtColor(scene(), cv2.COLOR_BGR2GRAY)
    frame = decode(np.asarray(cv2.imencode(".jpg", grey)[1]).reshape(-1))
    assert psnr(frame.y, truth(scene()).y) > 40
    assert {*np.unique(frame.u), *np.unique(frame.v)} == {128}


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("size", [(65, 49), (64, 49), (65, 48)])
def test_an_odd_last_row_or_column_is_cut(sampling: str, size: tuple[int, int]) -> None:
    bgr = scene(66, 50)
    frame = decode(encode(bgr[: size[1], : size[0]], sampling))
    assert frame.size == (64, 48)
    assert psnr(frame.y, truth(np.ascontiguousarray(bgr[:48, :64])).y) > 40


def test_what_follows_a_jpeg_in_its_buffer_does_not_matter() -> None:
    jpeg = encode(scene())
    for behind in (np.zeros(5000, np.uint8), np.full(500, 255, np.uint8), jpeg):
        assert np.array_equal(decode(np.concatenate((jpeg, behind))).y, decode(jpeg).y)


def test_a_jpeg_without_its_end_marker_or_its_huffman_tables_is_whole() -> None:
    jpeg = encode(scene())
    assert np.array_equal(decode(jpeg[:-2]).y, decode(jpeg).y)
    assert np.array_equal(decode(without_tables(jpeg)).y, decode(jpeg).y)


def without_tables(jpeg: Bgr) -> Bgr:
    """As many webcams send them: the standard's own Huffman tables are left out."""
    data, kept, at = jpeg.tobytes(), b"\xff\xd8", 2
    while data[at + 1] != 0xDA:
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        kept += b"" if data[at + 1] == 0xC4 else data[at : at + length]
        at += length
    return np.frombuffer(kept + data[at:], np.uint8)


def said_to_be(jpeg: Bgr, side: int) -> Bgr:
    """A JPEG whose header has another height and width."""
    other, start = jpeg.copy(), jpeg.tobytes().index(b"\xff\xc0")
    other[start + 5 : start + 9] = np.frombuffer(2 * side.to_bytes(2, "big"), np.uint8)
    return other


def damaged() -> dict[str, Bgr]:
    jpeg = encode(scene())
    middle = len(jpeg) // 2
    noise = np.random.default_rng(0).integers(0, 255, 2000, np.uint8)
    return {
        "nothing": jpeg[:0],
        "zeros": np.zeros(5000, np.uint8),
        "its header alone": jpeg[:300],
        "cut short": jpeg[:middle],
        "its last rows missing": jpeg[: len(jpeg) * 97 // 100],
        "cut short, then zeros": np.concatenate((jpeg[:middle], np.zeros(middle, np.uint8))),
        "cut short, then the next": np.concatenate((jpeg[:middle], jpeg)),
        "a packet lost": np.concatenate((jpeg[:middle], jpeg[middle + 1000 :])),
        "a packet of noise": np.concatenate((jpeg[:middle], noise, jpeg[middle + 2000 :])),
        "65535 pixels high and wide": said_to_be(jpeg, 65535),
        "20000 pixels high and wide": said_to_be(jpeg, 20000),
        "smaller than a Frame": encode(scene(16, 8)),
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_jpeg_is_no_picture_and_does_not_harm_the_next(name: str) -> None:
    decoder, jpeg = MjpgDecoder(), encode(scene())
    assert decoder.decode(damaged()[name], 0, 0) is None
    frame = decoder.decode(jpeg, 1, 0)
    assert frame is not None
    assert np.array_equal(frame.y, decode(jpeg).y)


@pytest.mark.parametrize(("fps", "patience"), [(30, 16), (5, PATIENCE)])
def test_a_camera_whose_jpegs_are_never_clean_is_decoded_by_opencv(
    fps: int, patience: int, caplog: pytest.LogCaptureFixture
) -> None:
    jpeg = damaged()["a packet of noise"]  # OpenCV shows what there is
    decoder = MjpgDecoder()
    frames = [decoder.decode(jpeg, index, index * 1_000_000_000 // fps) for index in range(patience + 5)]
    assert [frame is not None for frame in frames] == [False] * (patience - 1) + [True] * 6
    assert caplog.text.count("OpenCV decodes them") == 1
    assert decoder.decode(damaged()["zeros"], 0, 0) is None


def test_a_picture_that_is_clean_starts_the_count_again() -> None:
    decoder, good, bad = MjpgDecoder(), encode(scene()), damaged()["a packet of noise"]
    for index in range(3 * PATIENCE):
        is_good = index % PATIENCE == 0
        frame = decoder.decode(good if is_good else bad, index, index * PATIENCE_NS)
        assert (frame is not None) == is_good


@pytest.mark.parametrize("side", [20000, 65535])
def test_opencv_makes_no_room_for_what_a_damaged_header_says(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder, bad = MjpgDecoder(), damaged()["a packet of noise"]
    while decoder.decode(bad, 0, 0) is None:  # until OpenCV decodes
        monkeypatch.setattr("vcam.conversion.mjpg.PATIENCE_NS", 0)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it would take 2 GB"))
    assert decoder.decode(said_to_be(bad, side), 0, 0) is None


def test_the_size_of_the_pictures_may_change() -> None:
    decoder = MjpgDecoder()
    for size in [(320, 240), (640, 480), (64, 48), (320, 240)]:
        frame = decoder.decode(encode(scene(*size)), 0, 0)
        assert frame is not None
        assert frame.size == size
        assert psnr(frame.y, truth(scene(*size)).y) > 44


def test_a_camera_that_sends_no_jpegs_is_not_blamed_on_ffmpeg(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    decoder = MjpgDecoder()
    assert not any(decoder.decode(damaged()["zeros"], 0, k * PATIENCE_NS) for k in range(2 * PATIENCE))
    assert caplog.text == ""
    assert decoder.decode(encode(scene()), 0, 0) is not None
