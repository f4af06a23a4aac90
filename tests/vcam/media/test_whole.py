from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from video_files import grey_picture, write_video

from vcam.errors import SourceError
from vcam.media.reading import Recording
from vcam.media.whole import is_whole, is_whole_file, read_segments


def encoded(ending: str, *options: int) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    return cv2.imencode(ending, noise, list(options))[1].tobytes()


PROGRESSIVE = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)
FILES = {
    "jpg": encoded(".jpg"),
    "progressive": encoded(".jpg", *PROGRESSIVE),
    "restarts": encoded(".jpg", *RESTARTS),
    "png": encoded(".png"),
    "webp": encoded(".webp"),
    "gif": encoded(".gif"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_file_that_is_cut_short_is_known(kind: str, share: float) -> None:
    content = FILES[kind]
    assert is_whole(content)
    assert not is_whole(content[: int(len(content) * share)])


@pytest.mark.parametrize("kind", FILES)
def test_what_stands_behind_the_end_counts_for_nothing(kind: str) -> None:
    assert is_whole(FILES[kind] + b"\xff\xda\0\4ftyp\xff\xda" * 8)


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    thumbnail = FILES["jpg"][:4000] + b"\xff\xd9"
    block = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = FILES["jpg"][:2] + block + FILES["jpg"][2:]
    assert is_whole(whole)
    assert not is_whole(whole[: len(block) + 3000])


@pytest.mark.parametrize("content", [b"", b"BM" + bytes(90), b"\0\0\0\x0cftypavif"])
def test_other_files_are_judged_by_who_reads_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert is_whole_file(tmp_path / "a")


@pytest.mark.parametrize("content", [b"\xff\xd8\xff", b"\0\0\0\x18ftypavif", b"\x1a\x45\xdf\xa3\x80"])
def test_a_file_of_a_few_bytes_that_announces_more_is_cut_short(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert not is_whole_file(tmp_path / "a")


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4", "a.mov", "a.avi"])
def test_a_recording_that_is_cut_short_is_known(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, codec="libvpx" if name.endswith("webm") else "libx264")
    content = path.read_bytes()
    assert is_whole_file(path)
    path.write_bytes(content + b"more, which some program has added")
    assert is_whole_file(path)
    path.write_bytes(content[: len(content) * 2 // 3])
    assert not is_whole_file(path)


def test_a_recording_that_was_never_finished_announces_no_length(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(grey_picture((64, 48), 90)))
        container.mux(stream.encode(None))
    assert is_whole_file(path)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_an_avi_that_was_streamed_announces_no_length(tmp_path: Path, size: int) -> None:
    path = write_video(tmp_path / "a.avi")
    content = path.read_bytes()
    path.write_bytes(content[:4] + size.to_bytes(4, "little") + content[8:])
    assert is_whole_file(path)


def test_a_segment_that_is_cut_short_is_not_read() -> None:
    content = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xe1\x00\x40Exif"
    assert list(read_segments(content)) == [(0xE0, b"\xff\xe0\x00\x04ab")]


def test_of_a_cut_recording_the_rest_is_said_to_be_missing(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", 40)
    path.write_bytes(path.read_bytes()[:1800])
    with Recording(path) as recording:
        assert 0 < len(list(recording.pictures())) < 40
        assert recording.left_out == ["the file is cut short, and what is missing is left out: get all of it"]


MADE = {
    "420": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    "422": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    "444": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    "440": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440),
    "restarts": RESTARTS,
    "progressive": PROGRESSIVE,
}


@pytest.mark.parametrize("kind", [*MADE, "grey"])
def test_what_a_cut_jpeg_lacks_is_grey_and_all_else_as_it_was(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(0).integers(60, 255, (99, 131) + (3,) * (kind != "grey"), np.uint8)
    content = cv2.imencode(".jpg", noise, list(MADE.get(kind, ())))[1].tobytes()
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with Recording(path) as recording:
        whole = recording.first.to_ndarray(format="rgb24").astype(int)
    path.write_bytes(content[: len(content) // 2])
    with Recording(path) as recording:
        cut = recording.first.to_ndarray(format="rgb24").astype(int)
    assert np.ptp(cut[-1, -16:]) <= (0 if kind != "progressive" else 255)
    assert not (cut == (0, 135, 0)).all(axis=2).any()
    if kind != "progressive":
        assert abs(cut[-1, -1] - 128).max() <= 1
        assert np.array_equal(cut[:32], whole[:32])


def test_a_cut_picture_is_read_with_a_word_or_refused_with_one(tmp_path: Path) -> None:
    jpeg, png = tmp_path / "a.jpg", tmp_path / "a.png"
    jpeg.write_bytes(FILES["jpg"][:9000])
    png.write_bytes(FILES["png"][:9000])
    with Recording(jpeg) as recording:
        assert "cut short" in recording.left_out[0]
    with (
        pytest.raises(SourceError, match=r"a\.png is cut short, and nothing in it can be decoded"),
        Recording(png),
    ):
        pass
