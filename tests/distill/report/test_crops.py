from pathlib import Path

import cv2
import numpy as np
import pytest
from talking_head import talking_head

from distill.evaluate.baselines import filters
from distill.evaluate.degradations import NAMED, WEBCAM
from distill.report.crops import HEIGHT, SAMPLE, WIDTH, all_crops, choose_places, restore_all
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError

CONTENDERS = {contender.name: contender for contender in filters() if contender.name != "lanczos"}
SMALL = {"W poor webcam": WEBCAM["W poor webcam"]}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve frames of a face, with print at the lower right."""
    path = tmp_path / "face.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 30, (320, 240))
    for frame in talking_head(12, (320, 240)):
        picture = to_bgr(frame)
        picture[180:230, 240:310] = np.indices((50, 70)).sum(axis=0)[..., None] % 2 * 255
        writer.write(picture)
    writer.release()
    return path


def test_the_pieces_have_most_detail_and_do_not_touch(clip: Path) -> None:
    (left, top), (other_left, other_top) = choose_places(clip, frame=5).places
    assert left <= 240
    assert left + WIDTH > 300
    assert top + HEIGHT > 220
    assert abs(left - other_left) >= WIDTH or abs(top - other_top) >= HEIGHT


def test_a_crop_is_a_png_of_every_contender_and_the_truth(clip: Path) -> None:
    ((name, content),) = all_crops([choose_places(clip, frame=5)], SMALL, CONTENDERS)
    assert name == "crops-face-w.png"
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    # a column each of three filters and the truth, each pixel doubled
    assert picture.shape[1] == 4 * (2 * WIDTH + 4)
    assert picture.shape[0] > 4 * HEIGHT


def test_pictures_are_not_resampled(clip: Path) -> None:
    shot = choose_places(clip, frame=5)
    ((_, content),) = all_crops([shot], SMALL, CONTENDERS)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    left, top = shot.places[0]
    truth = to_bgr(restore_all(shot, SMALL["W poor webcam"], CONTENDERS)[-1].frame)
    piece = truth[top : top + HEIGHT, left : left + WIDTH].repeat(2, axis=0).repeat(2, axis=1)
    shown = picture[40 : 40 + 2 * HEIGHT, -2 - 2 * WIDTH : -2]
    assert np.array_equal(shown, piece)


def test_the_bundled_clip_holds_the_pieces_that_are_shown() -> None:
    pictures = restore_all(SAMPLE, NAMED["D2 x2 crf30"], {"input": CONTENDERS["bicubic"]})
    assert [picture.title for picture in pictures] == ["input", "truth"]
    width, height = pictures[0].frame.size
    assert all(left + WIDTH <= width and top + HEIGHT <= height for left, top in SAMPLE.places)


def test_a_file_that_is_no_clip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("no picture")
    with pytest.raises(SourceError, match="is not a clip of at least"):
        choose_places(path)
