from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_head import Film
from video_files import find_onsets, write_talk, write_video

import vcam
from vcam import cli
from vcam.conversion.opencv import to_bgr
from vcam.sources.file import FileSource

OPTIONS = ["--model", "fast", "--provider", "cpu"]


@pytest.fixture(scope="module")
def sharp() -> vcam.Sharpener:
    return vcam.Sharpener("fast", provider="cpu")


def frames_of(path: Path) -> list[vcam.Frame]:
    with FileSource(path, realtime=False) as source:
        return list(source)


def assert_same(some: list[vcam.Frame], others: list[vcam.Frame]) -> None:
    assert [frame.captured_ns for frame in some] == [frame.captured_ns for frame in others]
    for frame, other in zip(some, others, strict=True):
        assert all(np.array_equal(getattr(frame, plane), getattr(other, plane)) for plane in "yuv")


def test_a_recording_is_restored_as_the_command_does_it(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip = write_talk(tmp_path / "in.mkv", 0.6, sound=None)
    assert cli.main(["enhance", str(clip), f"{tmp_path}/command.mkv", "--lossless", *OPTIONS]) == 0
    assert sharp.video(clip, tmp_path / "api.mkv", lossless=True) == []
    assert_same(frames_of(tmp_path / "api.mkv"), frames_of(tmp_path / "command.mkv"))


def test_a_recording_keeps_its_sound(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    sharp.video(write_talk(tmp_path / "in.mp4"), tmp_path / "out.mp4")
    white_s, loud_s = find_onsets(tmp_path / "out.mp4")
    assert white_s == pytest.approx(loud_s, abs=0.06)  # a picture and a half at 25 fps


def test_a_photo_is_restored_as_the_command_does_it(
    sharp: vcam.Sharpener, film: Film, tmp_path: Path
) -> None:
    cv2.imwrite(f"{tmp_path}/in.jpg", to_bgr(film(1, (96, 64))[0]))
    assert cli.main(["enhance", f"{tmp_path}/in.jpg", f"{tmp_path}/command.png", *OPTIONS]) == 0
    assert sharp.still(tmp_path / "in.jpg", tmp_path / "api.png") == []
    assert (tmp_path / "api.png").read_bytes() == (tmp_path / "command.png").read_bytes()


def test_opacity_that_a_file_has_no_place_for_is_told(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    cv2.imwrite(f"{tmp_path}/in.png", np.zeros((64, 96, 4), np.uint8))
    assert sharp.still(f"{tmp_path}/in.png", f"{tmp_path}/out.png") == []
    assert sharp.still(f"{tmp_path}/in.png", f"{tmp_path}/out.jpg") == ["transparent parts are laid on white"]


def test_progress_counts_every_frame(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip, told = write_video(tmp_path / "in.mp4", 5), []
    sharp.video(clip, tmp_path / "out.mp4", progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(1, 6)]


def test_what_progress_raises_ends_the_work_and_leaves_nothing(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "in.mp4", 5)

    def cancel(done: int, total: int | None) -> None:
        if done == 3:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        sharp.video(clip, tmp_path / "out.mp4", progress=cancel)
    assert list(tmp_path.iterdir()) == [clip]


def test_a_file_that_is_there_is_overwritten_only_if_told(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip, target = write_video(tmp_path / "in.mp4", 2), tmp_path / "out.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(vcam.SinkError, match=r"is there already; .* pass overwrite=True"):
        sharp.video(clip, target)
    assert target.read_bytes() == b"mine"
    sharp.video(clip, target, overwrite=True)
    assert len(frames_of(target)) == 2
    with pytest.raises(vcam.SinkError, match="is the input itself"):
        sharp.video(clip, clip, overwrite=True)


@pytest.mark.parametrize(
    ("source", "target", "error", "message"),
    [
        ("none.mp4", "out.mp4", vcam.SourceError, r"no file .*none\.mp4"),
        ("text.mp4", "out.mp4", vcam.SourceError, "not a video that FFmpeg reads"),
        ("in.mp4", "out.avi", vcam.SinkError, r"ending '\.avi'; use \.mp4 or \.mkv"),
        ("in.mp4", "none/out.mp4", vcam.SinkError, "Make its folder first"),
    ],
)
def test_files_that_cannot_be_are_refused(
    source: str, target: str, error: type[vcam.VcamError], message: str, sharp: vcam.Sharpener, tmp_path: Path
) -> None:
    write_video(tmp_path / "in.mp4", 2)
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(error, match=message):
        sharp.video(tmp_path / source, tmp_path / target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "text.mp4"]


def test_a_stream_of_a_recording_has_every_frame_and_its_time(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip = write_talk(tmp_path / "in.mkv", 0.6, sound=None)
    sharp.video(clip, tmp_path / "out.mkv", lossless=True)
    pairs = list(sharp.stream(clip))
    assert_same([pair.after for pair in pairs], frames_of(tmp_path / "out.mkv"))
    assert_same([pair.before for pair in pairs], frames_of(clip))
    assert all(pair.age_ms is None and pair.restore_ms > 0 for pair in pairs)


def test_a_stream_that_is_left_closes_its_file(sharp: vcam.Sharpener, tmp_path: Path) -> None:
    clip = write_video(tmp_path / "in.mp4", 20)
    for _ in islice(sharp.stream(str(clip)), 3):
        pass
    opened = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert clip not in opened
