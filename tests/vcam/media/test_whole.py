from pathlib import Path

import cv2
import numpy as np
import pytest

from vcam.errors import SourceError
from vcam.media.reading import Recording
from vcam.media.whole import is_whole, is_whole_file


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


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"BM" + bytes(90), b"\0\0\0\x18ftypavif"])
def test_other_files_are_judged_by_who_reads_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert is_whole_file(tmp_path / "a") is (content != b"\xff\xd8\xff")


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
