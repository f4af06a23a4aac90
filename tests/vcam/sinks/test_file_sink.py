import errno
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from full_disk import files_of_at_most

from vcam.conversion.opencv import from_bgr, to_bgr
from vcam.errors import SinkError
from vcam.frame import Frame, Size, from_packed
from vcam.metrics import psnr
from vcam.sinks import FileSink, write_still

SIZE = (160, 120)


def noise(seed: int = 0, size: Size = SIZE) -> Frame:
    rng = np.random.default_rng(seed)
    return from_packed(rng.integers(16, 235, size[0] * size[1] * 3 // 2, dtype=np.uint8), size)


def flat(index: int, size: Size = SIZE) -> Frame:
    return from_bgr(np.full((size[1], size[0], 3), 20 * index, np.uint8))


def fill(sink: FileSink) -> None:
    """Send more than a file may hold."""
    for index in range(20):
        sink.send(noise(index))
    sink.close()


def read(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def to_frame(picture: av.VideoFrame) -> Frame:
    return from_packed(picture.to_ndarray(format="yuv420p"), (picture.width, picture.height))


@pytest.mark.parametrize("name", ["talk.mp4", "talk.mkv"])
def test_frames_come_back_in_order_at_a_constant_rate(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with FileSink(path, SIZE, 30) as sink:
        for index in range(10):
            sink.send(flat(index))
    pictures = read(path)
    seconds = [float(picture.pts * picture.time_base) for picture in pictures]
    assert seconds == pytest.approx([index / 30 for index in range(10)], abs=6e-4)  # mkv counts milliseconds
    levels = [to_frame(picture).y.mean() for picture in pictures]
    assert levels == pytest.approx([flat(index).y.mean() for index in range(10)], abs=1.5)  # crf 16


def test_a_fractional_rate_is_kept_exactly(tmp_path: Path) -> None:
    with FileSink(tmp_path / "talk.mp4", SIZE, 30000 / 1001) as sink:
        for index in range(5):
            sink.send(flat(index))
    with av.open(str(tmp_path / "talk.mp4")) as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)


def test_frames_are_shown_when_the_caller_says(tmp_path: Path) -> None:
    with FileSink(tmp_path / "talk.mp4", SIZE, 30) as sink:
        for index, pts_s in enumerate([0.0, 0.1, 0.5]):
            sink.send(flat(index), pts_s=pts_s)
    seconds = [float(picture.pts * picture.time_base) for picture in read(tmp_path / "talk.mp4")]
    assert seconds == pytest.approx([0.0, 0.1, 0.5], abs=1e-4)


def test_a_time_that_does_not_rise_is_refused(tmp_path: Path) -> None:
    with FileSink(tmp_path / "talk.mp4", SIZE, 30) as sink:
        sink.send(flat(0), pts_s=0.5)
        with pytest.raises(ValueError, match="not after the one before"):
            sink.send(flat(1), pts_s=0.5)


@pytest.mark.parametrize(("name", "lossless"), [("a.mp4", False), ("a.mkv", False), ("a.mkv", True)])
def test_the_picture_is_tagged_bt601_limited(tmp_path: Path, name: str, lossless: bool) -> None:
    with FileSink(tmp_path / name, SIZE, 30, lossless) as sink:
        sink.send(flat(3))
    with av.open(str(tmp_path / name)) as container:
        codec = container.streams.video[0].codec_context
        next(container.decode(video=0))
        assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (6, 6, 6, 1)
        assert codec.pix_fmt == "yuv420p"


def test_lossless_gives_every_bit_back(tmp_path: Path) -> None:
    with FileSink(tmp_path / "talk.mkv", SIZE, 30, lossless=True) as sink:
        sink.send(noise())
    back = to_frame(read(tmp_path / "talk.mkv")[0])
    assert all(np.array_equal(getattr(back, plane), getattr(noise(), plane)) for plane in "yuv")


def test_a_lower_crf_keeps_more_of_the_picture(tmp_path: Path) -> None:
    errors = []
    for crf in (6, 40):
        path = tmp_path / f"{crf}.mp4"
        with FileSink(path, SIZE, 30, crf=crf) as sink:
            sink.send(noise())
        errors.append(np.abs(to_frame(read(path)[0]).y.astype(int) - noise().y).mean())
    assert errors[0] < errors[1] / 3


def test_the_index_of_an_mp4_comes_before_its_pictures(tmp_path: Path) -> None:
    with FileSink(tmp_path / "talk.mp4", SIZE, 30) as sink:
        sink.send(noise())
    content = (tmp_path / "talk.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with (
        FileSink(tmp_path / "talk.mp4", SIZE, 30) as sink,
        pytest.raises(ValueError, match=r"64x48.*160x120"),
    ):
        sink.send(noise(size=(64, 48)))


def test_the_file_has_its_name_only_after_close(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "talk.mp4", SIZE, 30)
    sink.send(noise())
    assert not (tmp_path / "talk.mp4").exists()
    sink.close()
    assert os.listdir(tmp_path) == ["talk.mp4"]


def test_abort_leaves_nothing_and_the_older_file_untouched(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_text("older")
    sink = FileSink(tmp_path / "talk.mp4", SIZE, 30)
    sink.send(noise())
    sink.abort()
    sink.close()
    assert os.listdir(tmp_path) == ["talk.mp4"]
    assert (tmp_path / "talk.mp4").read_text() == "older"


def test_an_exception_in_the_block_aborts(tmp_path: Path) -> None:
    def record() -> None:
        with FileSink(tmp_path / "talk.mp4", SIZE, 30) as sink:
            sink.send(noise())
            raise KeyError

    with pytest.raises(KeyError):
        record()
    assert os.listdir(tmp_path) == []


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    FileSink(tmp_path / "talk.mp4", SIZE, 30).open().close()
    assert os.listdir(tmp_path) == []


def test_a_closed_sink_takes_no_frame(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "talk.mp4", SIZE, 30)
    sink.close()
    with pytest.raises(ValueError, match="closed"):
        sink.send(noise())


@pytest.mark.parametrize(("name", "lossless"), [("talk.mp4", False), ("talk.mkv", True)])
def test_a_full_disk_leaves_nothing_and_the_older_file_untouched(
    tmp_path: Path, name: str, lossless: bool
) -> None:
    (tmp_path / name).write_text("older")
    sink = FileSink(tmp_path / name, SIZE, 30, lossless)

    with (
        files_of_at_most(30_000),
        pytest.raises(SinkError, match=f"cannot write .*{name}.*choose another disk"),
    ):
        fill(sink)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "older"


def test_a_failed_file_holds_no_descriptor(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc")
    before = len(os.listdir(descriptors))
    sink = FileSink(tmp_path / "talk.mkv", SIZE, 30, lossless=True)
    with files_of_at_most(30_000), pytest.raises(SinkError):
        fill(sink)
    del sink
    assert len(os.listdir(descriptors)) == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"nowhere/talk.mp4: .*Make its folder first"):
        FileSink(tmp_path / "nowhere/talk.mp4", SIZE, 30).open()


def test_a_name_that_ffmpeg_takes_for_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("2024-05-01T12:30:00.mp4", "tcp:a.mkv", "a%03d.mp4"):
        with FileSink(name, SIZE, 30) as sink:
            sink.send(flat(0))
        assert (tmp_path / name).stat().st_size > 0
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("name", ["a" * 252 + ".mp4", "a\0b.mp4"])
def test_a_name_that_no_file_can_have_is_refused_before_the_first_frame(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match="cannot write"):
        FileSink(tmp_path / name, SIZE, 30).open()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_that_name_is_refused_before_the_first_frame(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(SinkError, match="a folder of this name is there"):
        FileSink(tmp_path / "a.mp4", SIZE, 30).open()


def test_lossless_mp4_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"lossless.*'.mp4'; use .mkv"):
        FileSink(tmp_path / "talk.mp4", SIZE, 30, lossless=True).open()


@pytest.mark.parametrize(("name", "least_db"), [("a.png", 45), ("a.jpg", 32), ("a.webp", 32)])
def test_a_still_shows_the_frame(tmp_path: Path, name: str, least_db: float) -> None:
    rows, columns = np.mgrid[0:120, 0:160]
    frame = from_bgr(np.dstack((rows, columns, rows + 60)).astype(np.uint8))
    write_still(tmp_path / name, frame)
    assert os.listdir(tmp_path) == [name]
    # png loses only the rounding of two colour conversions; the others their quality of 95
    assert psnr(cv2.imread(str(tmp_path / name)), to_bgr(frame)) > least_db


def test_a_still_of_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"'.gif'; use .png, .jpg"):
        write_still(tmp_path / "a.gif", noise())


def test_a_still_on_a_full_disk_leaves_the_older_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("older")
    with files_of_at_most(30_000), pytest.raises(SinkError, match="choose another disk"):
        write_still(tmp_path / "a.png", noise())
    assert (tmp_path / "a.png").read_text() == "older"
    assert os.listdir(tmp_path) == ["a.png"]


def test_the_remedy_for_a_full_disk_is_to_free_space() -> None:
    from vcam.sinks.disk import REMEDIES

    assert "free some space" in REMEDIES[errno.ENOSPC]


def test_a_slow_machine_records_at_the_clocks_time(tmp_path: Path) -> None:
    moments_s = [0.0, 0.1, 0.13, 0.5, 0.52, 2.0]  # at 10 fps: late, two in a period, late again
    clock = iter(round(moment * 1e9) for moment in moments_s)
    with FileSink(tmp_path / "talk.mp4", SIZE, 10, clock=lambda: next(clock)) as sink:
        for index in range(len(moments_s)):
            sink.send(flat(index))
    seconds = [float(picture.pts * picture.time_base) for picture in read(tmp_path / "talk.mp4")]
    assert seconds == pytest.approx([0.0, 0.1, 0.15, 0.5, 0.55, 2.0], abs=1e-4)


def test_the_last_frame_stays_as_long_as_the_caller_says(tmp_path: Path) -> None:
    for name in ("talk.mp4", "talk.mkv"):
        with FileSink(tmp_path / name, SIZE, 10) as sink:
            sink.send(flat(0), 0)
            sink.send(flat(1), 0.1, duration_s=3)
        with av.open(str(tmp_path / name)) as container:
            assert container.duration == pytest.approx(3_100_000, abs=2000)
