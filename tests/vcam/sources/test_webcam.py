import errno
import logging
import os
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fake_capture import FakeCapture
from manual_time import ManualTime

from vcam.deadline import NoAnswerError
from vcam.errors import SourceError
from vcam.frame import Packed, pack
from vcam.sources.devices import OURS, CaptureDevice
from vcam.sources.opening import say_unopened, try_open
from vcam.sources.webcam import WebcamSource

CAMERA = CaptureDevice(Path("/dev/video7"), "HD Pro Webcam C920", None, False)


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


def webcam(capture: FakeCapture, **changes: Any) -> WebcamSource:
    settings: dict[str, Any] = {
        "open_capture": capture.open,
        "cameras": lambda: [CAMERA],
        "clock": capture.time.clock,
        "exposes_longer": lambda path: True,
    }
    return WebcamSource(**settings | changes)


def test_a_webcam_gives_frames(time: ManualTime) -> None:
    capture = FakeCapture(time)
    with webcam(capture) as source:
        frames = list(islice(source, 3))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.is_cut for frame in frames] == [True, False, False]
    assert frames[0].size == source.size == (1280, 720)
    assert set(np.unique(frames[0].y)) == {235}
    assert np.diff([frame.captured_ns for frame in frames]) == pytest.approx(1e9 / 30, abs=1)


def test_it_is_opened_by_its_path_through_v4l2_and_released(time: ManualTime) -> None:
    capture = FakeCapture(time)
    with webcam(capture) as source:
        assert source.name == "HD Pro Webcam C920"
        assert not capture.is_released.is_set()
    assert capture.opened_as == ("/dev/video7", cv2.CAP_V4L2)
    assert capture.is_released.is_set()


def test_mjpg_is_set_before_the_size_and_the_size_before_the_rate(time: ManualTime) -> None:
    capture = FakeCapture(time)
    with webcam(capture):
        pass
    size = [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT]
    assert capture.asked == [cv2.CAP_PROP_FOURCC, *size, cv2.CAP_PROP_FPS, cv2.CAP_PROP_CONVERT_RGB]


def test_what_the_camera_gives_instead_is_read_back(time: ManualTime) -> None:
    with webcam(FakeCapture(time, fps=24, sizes=((640, 480),)), size=(1920, 1080), fps=60) as source:
        assert (source.size, source.fps) == ((640, 480), 24)


def test_a_driver_that_does_not_know_its_rate_is_taken_to_do_what_was_asked(time: ManualTime) -> None:
    with webcam(FakeCapture(time, fps=0), fps=15) as source:
        assert source.fps == 15


def test_a_camera_that_refuses_mjpg_works_and_is_named(
    time: ManualTime, caplog: pytest.LogCaptureFixture
) -> None:
    with webcam(FakeCapture(time, has_mjpg=False)) as source:
        assert next(source).index == 0
    assert "refuses MJPG and sends YUYV" in caplog.text


CUT = cv2.imencode(".jpg", np.full((720, 1280, 3), 255, np.uint8))[1].tobytes()[:900]  # half a picture


def test_a_jpeg_that_opencv_decodes_all_the_same_is_taken_as_it_gives_it(time: ManualTime) -> None:
    with webcam(FakeCapture(time, is_raw=False)) as source:
        assert set(np.unique(next(source).y)) == {235}


def test_damaged_jpegs_are_left_out_counted_and_named_once(
    time: ManualTime, caplog: pytest.LogCaptureFixture
) -> None:
    capture = FakeCapture(time, jpegs=[b"", CUT, b"", CUT])
    with webcam(capture) as source:
        frames = list(islice(source, 3))
    assert [frame.index for frame in frames] == [0, 2, 4]
    assert [frame.is_cut for frame in frames] == [True, False, False]
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "C920 sends damaged JPEGs, which are left out: try another cable" in record.getMessage()


def test_half_a_picture_at_first_is_no_fault(time: ManualTime, caplog: pytest.LogCaptureFixture) -> None:
    told: list[CaptureDevice] = []
    with webcam(FakeCapture(time, jpegs=[CUT]), used=told.append) as source:
        frames = list(islice(source, 2))
    assert [(frame.index, frame.is_cut) for frame in frames] == [(1, True), (2, False)]
    assert "damaged" not in caplog.text
    assert told == [CAMERA]


def test_a_camera_that_sends_only_damaged_jpegs_is_an_error_at_the_deadline(time: ManualTime) -> None:
    with webcam(FakeCapture(time, jpegs=[CUT] * 1000), read_s=2) as source:
        with pytest.raises(SourceError, match=r"nothing but damaged JPEGs for 2 s: try another cable"):
            next(source)
        assert source.measured_fps is None


def test_the_real_rate_is_measured_once_the_camera_has_settled(time: ManualTime) -> None:
    with webcam(FakeCapture(time, real_fps=25)) as source:
        list(islice(source, 50))
        assert source.measured_fps is None
        list(islice(source, 10))
        assert source.measured_fps == pytest.approx(25)


def test_a_camera_slower_than_promised_is_named_once_with_the_remedy(
    time: ManualTime, caplog: pytest.LogCaptureFixture
) -> None:
    with webcam(FakeCapture(time, fps=30, real_fps=12.5)) as source:
        list(islice(source, 50))
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "delivers 12.5 fps of the promised 30" in record.getMessage()
    assert "v4l2-ctl -d /dev/video7 --set-ctrl exposure_dynamic_framerate=0" in record.getMessage()


def test_a_slow_camera_without_that_control_has_another_remedy(time: ManualTime) -> None:
    with webcam(FakeCapture(time, fps=30, real_fps=12.5), exposes_longer=lambda path: False) as source:
        list(islice(source, 50))
        (warning,) = source.warnings
    assert warning.endswith("more light, or a USB port of its own, may help")


def test_dusk_is_warned_of_as_long_as_it_lasts(time: ManualTime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    capture = FakeCapture(time, fps=30, real_fps=30)
    with webcam(capture) as source:
        list(islice(source, 90))
        assert source.warnings == ()
        capture.real_fps = 15
        list(islice(source, 45))
        (warning,) = source.warnings
        assert "delivers 15.0 fps of the promised 30" in warning
        assert "--set-ctrl exposure_dynamic_framerate=0" in warning
        capture.real_fps = 30
        list(islice(source, 90))
        assert source.warnings == ()
    told = [record.getMessage() for record in caplog.records if " fps" in record.getMessage()][1:]
    assert len(told) == 2
    assert "as fast as promised again" in told[1]


def test_a_camera_that_refuses_mjpg_is_warned_of_until_it_takes_it(time: ManualTime) -> None:
    capture = FakeCapture(time, has_mjpg=False)
    source = webcam(capture)
    with source:
        assert source.warnings == (
            "HD Pro Webcam C920 refuses MJPG and sends YUYV: expect few frames above 640x480",
        )
    capture.has_mjpg = True
    with source:
        assert source.warnings == ()


def test_a_small_raw_picture_is_nothing_to_warn_of(time: ManualTime) -> None:
    with webcam(FakeCapture(time, has_mjpg=False), size=(640, 480)) as source:
        assert source.warnings == ()


def test_a_camera_that_is_opened_again_is_measured_again(time: ManualTime) -> None:
    capture = FakeCapture(time, real_fps=10)
    source = webcam(capture)
    with source:
        list(islice(source, 30))
        assert source.warnings
    with source:
        assert (source.warnings, source.measured_fps) == ((), None)


def test_a_camera_near_its_promise_is_not_named(time: ManualTime, caplog: pytest.LogCaptureFixture) -> None:
    with webcam(FakeCapture(time, fps=30, real_fps=25)) as source:
        list(islice(source, 50))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_unplugged_camera_is_an_error_after_its_last_frame(time: ManualTime) -> None:
    with webcam(FakeCapture(time, frames=2)) as source:
        assert [next(source).index, next(source).index] == [0, 1]
        with pytest.raises(SourceError, match=r"C920 \(/dev/video7\) stopped: unplugged"):
            next(source)


def test_a_camera_that_hangs_costs_only_the_deadline(
    time: ManualTime, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.sources.webcam.CLOSE_S", 0.01)
    hang = threading.Event()
    capture = FakeCapture(time, hang=hang)
    with (
        webcam(capture, read_s=0.02) as source,
        pytest.raises(SourceError, match=r"delivered nothing for 0\.02 s"),
    ):
        next(source)
    assert "its driver hangs" in caplog.text
    assert not capture.is_released.is_set()
    hang.set()
    assert capture.is_released.wait(5)


def test_a_source_can_be_opened_again(time: ManualTime) -> None:
    source = webcam(FakeCapture(time))
    for _ in range(2):
        with source:
            assert next(source).is_cut


def test_our_own_output_is_refused_before_it_is_opened(time: ManualTime) -> None:
    capture = FakeCapture(time)
    ours = CaptureDevice(Path("/dev/video42"), "SharpKD Camera", None, True, fault=OURS)
    with (
        pytest.raises(SourceError, match="the virtual camera that this program publishes to"),
        webcam(capture, device="SharpKD Camera", cameras=lambda: [ours]),
    ):
        pass
    assert capture.opened_as is None


PHONE = CaptureDevice(Path("/dev/video9"), "DroidCam", None, True)
SMALL = (64, 48)


def test_a_phone_is_taken_as_its_program_feeds_it_and_asked_for_nothing(time: ManualTime) -> None:
    capture = FakeCapture(time, has_mjpg=False, sizes=(SMALL,))
    with webcam(capture, cameras=lambda: [PHONE], size=(1280, 720)) as source:
        assert next(source).size == source.size == SMALL
    assert set(capture.asked) <= {cv2.CAP_PROP_CONVERT_RGB}
    assert source.warnings == ()  # of pixels: they cross no cable


@pytest.mark.parametrize("fourcc", ["YU12", "NV12"])
@pytest.mark.parametrize("padding", [0, 4096 - 64 * 48 * 3 // 2 % 4096])
def test_a_phones_planes_come_through_byte_for_byte(time: ManualTime, fourcc: str, padding: int) -> None:
    width, height = SMALL
    i420 = np.random.default_rng(1).integers(0, 256, width * height * 3 // 2, np.uint8)
    y, u, v = np.split(i420, [width * height, width * height * 5 // 4])
    chroma = np.stack((u, v), axis=1).reshape(-1) if fourcc == "NV12" else np.concatenate((u, v))
    buffer = np.concatenate((y, chroma, np.zeros(padding, np.uint8)))
    capture = FakeCapture(time, sizes=(SMALL,), fourcc=fourcc, buffer=buffer)
    with webcam(capture, cameras=lambda: [PHONE]) as source:
        assert np.array_equal(pack(next(source)).reshape(-1), i420)


def in_rows(pairs: Packed) -> Packed:
    """As OpenCV shapes 4:2:2, except 4.11."""
    return pairs


def in_one_row(pairs: Packed) -> Packed:
    """As OpenCV 4.11 shapes it."""
    return pairs.reshape(1, -1)


def in_pages(pairs: Packed) -> Packed:
    """The same of a driver that rounds a buffer up to whole pages."""
    return np.append(pairs.reshape(-1), np.full(-pairs.size % 4096, 77, np.uint8))[np.newaxis]


@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY"])
@pytest.mark.parametrize("layout", [in_rows, in_one_row, in_pages])
def test_of_4_2_2_luma_comes_through_and_two_rows_of_chroma_are_averaged(
    time: ManualTime, fourcc: str, layout: Callable[[Packed], Packed]
) -> None:
    width, height = SMALL
    rng = np.random.default_rng(1)
    y = rng.integers(0, 256, (height, width), np.uint8)
    chroma = rng.integers(0, 128, (height, width // 2, 2), np.uint8) * 2  # even, so that means are whole
    pairs = [y, chroma.reshape(height, width)]
    buffer = layout(np.stack(pairs if fourcc == "YUYV" else pairs[::-1], axis=2))
    capture = FakeCapture(time, has_mjpg=False, sizes=(SMALL,), fourcc=fourcc, buffer=buffer)
    with webcam(capture, cameras=lambda: [PHONE]) as source:
        frame = next(source)
    np.testing.assert_array_equal(frame.y, y)
    means = (chroma[::2].astype(int) + chroma[1::2]) // 2
    np.testing.assert_array_equal(frame.u, means[..., 0])
    np.testing.assert_array_equal(frame.v, means[..., 1])


@pytest.mark.parametrize("fourcc", ["YUYV", "UYVY", "YU12", "NV12"])
def test_a_picture_that_opencv_converts_all_the_same_is_taken(time: ManualTime, fourcc: str) -> None:
    capture = FakeCapture(time, has_mjpg=False, sizes=(SMALL,), fourcc=fourcc, is_raw=False)
    with webcam(capture, cameras=lambda: [PHONE]) as source:
        assert set(np.unique(next(source).y)) == {235}


@pytest.mark.parametrize(
    ("fourcc", "shape", "expected"),
    [
        ("YUYV", (1, 100), 6144),
        ("YUYV", (96, 128, 2), 6144),
        ("UYVY", (1, 6143), 6144),
        ("NV12", (1, 100), 4608),
        ("YU12", (144, 128), 4608),
    ],
)
def test_a_buffer_of_another_size_than_agreed_is_an_error(
    time: ManualTime, fourcc: str, shape: tuple[int, ...], expected: int
) -> None:
    capture = FakeCapture(time, sizes=(SMALL,), fourcc=fourcc, buffer=np.zeros(shape, np.uint8))
    wanted = f"gives {shape} for 64x48, expected {expected} bytes of {fourcc}: plug the camera in again, or"
    with webcam(capture, cameras=lambda: [PHONE]) as source, pytest.raises(SourceError) as caught:
        next(source)
    assert wanted in str(caught.value)


def test_a_phone_of_odd_sides_is_converted_and_cut(time: ManualTime) -> None:
    with webcam(FakeCapture(time, sizes=((65, 49),), fourcc="YU12"), cameras=lambda: [PHONE]) as source:
        assert next(source).size == source.size == (64, 48)


def test_a_phone_may_take_longer_to_its_first_picture(time: ManualTime) -> None:
    hang = threading.Event()
    threading.Timer(0.2, hang.set).start()
    with webcam(FakeCapture(time, hang=hang), cameras=lambda: [PHONE], read_s=0.01) as source:
        assert next(source).index == 0


def test_what_a_phone_lacks_its_program_is_asked_for(time: ManualTime) -> None:
    with webcam(FakeCapture(time, frames=50, real_fps=10), cameras=lambda: [PHONE]) as source:
        list(islice(source, 50))
        assert source.warnings == (
            "DroidCam delivers 10.0 fps of the promised 30: check the program that feeds it",
        )
        with pytest.raises(SourceError, match=r"DroidCam \(/dev/video9\) stopped: check the program"):
            next(source)


def test_the_camera_that_gives_pictures_is_told_and_one_that_does_not_is_not(time: ManualTime) -> None:
    told: list[CaptureDevice] = []
    with webcam(FakeCapture(time), used=told.append) as source:
        assert told == []
        list(islice(source, 3))
    with webcam(FakeCapture(time, frames=0), used=told.append) as source, pytest.raises(SourceError):
        next(source)
    assert told == [CAMERA]


def test_a_driver_that_hangs_while_it_opens_costs_only_the_deadline(time: ManualTime) -> None:
    hang = threading.Event()
    capture = FakeCapture(time)

    def open_capture(device: str | int, backend: int) -> FakeCapture:
        hang.wait()
        return capture.open(device, backend)

    source = webcam(capture, open_capture=open_capture, open_s=0.02)
    for _ in range(3):
        with (
            pytest.raises(SourceError, match=r"/dev/video7 does not open: .* not answered for 0\.\d+ s"),
            source,
        ):
            pass
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("hangs: open /dev/video7") == 1  # no thread more for each attempt
    hang.set()
    assert capture.is_released.wait(5)  # too late to be of use: the light goes out again


def test_the_error_of_a_driver_that_worked_and_gave_no_answer_says_how_long_it_was_waited_for(
    time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_longer(limit_s: float, name: str, *call: Callable[..., object]) -> None:
        raise NoAnswerError(4 * limit_s, "no answer")

    monkeypatch.setattr("vcam.sources.opening.call_within", wait_longer)
    with pytest.raises(SourceError, match="not answered for 8 s"), webcam(FakeCapture(time), open_s=2):
        pass


def test_without_a_camera_the_remedy_is_named(time: ManualTime) -> None:
    with (
        pytest.raises(SourceError, match="no camera found; plug one in, or use --source sample"),
        webcam(FakeCapture(time), cameras=list),
    ):
        pass


def test_a_busy_camera_is_released_and_named(time: ManualTime, tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.write_bytes(b"")
    capture = FakeCapture(time, is_open=False)
    with (
        pytest.raises(SourceError, match=r"video0 is busy: .* run: fuser -v"),
        webcam(capture, cameras=lambda: [CaptureDevice(node, "C920", None, False)]),
    ):
        pass
    assert capture.is_released.is_set()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (None, "is busy"),
        (errno.EBUSY, "is busy"),
        (errno.EACCES, r"may not be opened by this user. Run: sudo usermod -aG video \$USER"),
        (errno.ENOENT, "is gone"),
        (errno.EIO, r"cannot be opened \(Input/output error\)"),
    ],
)
def test_why_a_camera_does_not_open(number: int | None, message: str) -> None:
    error = None if number is None else OSError(number, os.strerror(number))
    with pytest.raises(SourceError, match=message):
        raise SourceError(say_unopened(Path("/dev/video0"), error))


def test_a_node_that_we_hold_ourselves_is_not_blamed_on_another_program(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    with node.open("wb"):
        assert "still hangs in its driver" in say_unopened(node, OSError(errno.EBUSY, "busy"))
    assert "another program" in say_unopened(node, OSError(errno.EBUSY, "busy"))


def test_a_node_is_tried(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    assert try_open(tmp_path / "video0") is None
    error = try_open(tmp_path / "video1")
    assert error is not None
    assert error.errno == errno.ENOENT
