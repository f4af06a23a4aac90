import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from distill.data.faces import find_all_faces, find_faces
from distill.data.media import read_clip
from vcam.conversion.opencv import to_bgr

SAMPLE = Path(__file__).resolve().parents[3] / "vcam" / "samples" / "talk.mp4"


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), to_bgr(read_clip(SAMPLE, 1)[0])[60:240, 200:400])
    return path


def test_the_face_of_a_still_is_found_in_shares_of_it(portrait: Path, tmp_path: Path) -> None:
    (face,) = find_faces(portrait, tmp_path / "cache.jsonl")
    # in the whole picture 274 to 330 of 640 and 98 to 168 of 480
    assert (face.left, face.right) == pytest.approx((0.37, 0.65), abs=0.06)
    assert (face.top, face.bottom) == pytest.approx((0.21, 0.60), abs=0.06)


def test_a_clip_has_each_face_once(tmp_path: Path) -> None:
    (face,) = find_faces(SAMPLE, tmp_path / "cache.jsonl")
    assert 0.40 < face.left < face.right < 0.55


def test_what_shows_no_face_or_cannot_be_read_has_none(tmp_path: Path) -> None:
    grey, broken, cut = tmp_path / "grey.png", tmp_path / "broken.png", tmp_path / "cut.mp4"
    cv2.imwrite(str(grey), np.full((64, 64, 3), 128, np.uint8))
    for path in (broken, cut):
        path.write_bytes(b"no picture")
    found = find_all_faces([grey, broken, cut], tmp_path / "cache.jsonl")
    assert found == {grey: (), broken: (), cut: ()}


def test_a_file_is_looked_at_once_until_it_changes(portrait: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept" / "faces.jsonl"
    first = find_faces(portrait, cache)
    kept = cache.read_bytes()
    # the same size and time: what the file says now is not read
    stamp = os.stat(portrait)
    portrait.write_bytes(b"x" * stamp.st_size)
    os.utime(portrait, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert find_faces(portrait, cache) == first
    assert cache.read_bytes() == kept
    os.utime(portrait, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert find_faces(portrait, cache) == ()


def test_a_copy_elsewhere_is_another_file(portrait: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache.jsonl"
    copy = Path(shutil.copy2(portrait, tmp_path / "copy.png"))
    found = find_all_faces([portrait, copy], cache)
    assert found[portrait] == found[copy] != ()
    assert len(cache.read_text().splitlines()) == 2
