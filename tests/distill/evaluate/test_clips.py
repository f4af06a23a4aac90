import logging
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from moving_files import write_clip
from talking_head import talking_head

from distill.evaluate.clips import STILL_FRAMES, list_clips, list_stills, scored_indices
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A clip of 96 lines, one of 48, one of a single frame, and a file that is none."""
    write_clip(tmp_path / "high.mp4", 20, 96)
    write_clip(tmp_path / "low.mp4", 5, 48)
    write_clip(tmp_path / "single.mp4", 1, 96)
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "notes.txt").write_text("text")
    return tmp_path


@pytest.fixture
def stills(tmp_path: Path) -> Path:
    picture = to_bgr(talking_head(1, (160, 128))[0])
    for name in ("face__a.png", "general__b.webp", "text__c.png", "people__d.png", "holiday.png"):
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / "face__broken.png").write_bytes(b"no picture")
    return tmp_path


def test_clips_of_enough_lines_are_found(clips: Path) -> None:
    found = list_clips(clips, 90, limit=100, scored=3)
    assert [(each.name, each.content, each.scored) for each in found] == [("high", "calls", 3)]
    assert len(found[0].read()) == 20


def test_a_clip_is_read_up_to_the_limit(clips: Path) -> None:
    (found,) = list_clips(clips, 90, limit=7, scored=3)
    assert len(found.read()) == 7


def test_files_that_are_no_clips_are_named(clips: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        list_clips(clips, 16, limit=100, scored=3)
    assert {
        os.path.basename(record.args[0]) for record in caplog.records if isinstance(record.args, tuple)
    } == {
        "broken.mp4",
        "single.mp4",
    }


def test_no_clip_of_the_height_is_an_error(clips: Path) -> None:
    with pytest.raises(SourceError, match="no clips of 500 lines or more"):
        list_clips(clips, 500, limit=100, scored=3)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        list_clips(tmp_path / "nothing", 16, 10, 3)


def test_a_changed_file_has_another_key(clips: Path) -> None:
    (before,) = list_clips(clips, 90, limit=100, scored=3)
    write_clip(clips / "high.mp4", 19, 96)
    (after,) = list_clips(clips, 90, limit=100, scored=3)
    assert before.key != after.key


def test_stills_are_sorted_by_what_they_show(stills: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = {each.name: each.content for each in list_stills(stills, 64, 2)}
    assert found == {"face__a": "faces", "general__b": "nature", "people__d": "people", "text__c": "text"}
    assert "holiday.png" in caplog.text
    assert "face__broken.png" in caplog.text


def test_the_first_stills_of_each_content_are_enough(stills: Path) -> None:
    shutil.copy(stills / "face__a.png", stills / "face__z.png")
    assert [each.name for each in list_stills(stills, 64, 2, most=1) if each.content == "faces"] == [
        "face__a"
    ]


def test_a_still_becomes_the_same_clip_each_time(stills: Path) -> None:
    still = list_stills(stills, 64, 2)[0]
    first, second = still.read(), still.read()
    assert len(first) == STILL_FRAMES
    assert first[0].size == (64, 64)
    assert all(np.array_equal(a.y, b.y) for a, b in zip(first, second, strict=True))


def test_a_folder_without_stills_is_an_error(clips: Path) -> None:
    with pytest.raises(SourceError, match=r"expected names such as face__NAME\.png"):
        list_stills(clips, 64, 2)


@pytest.mark.parametrize(
    ("count", "scored", "expected"),
    [
        (24, 4, [10, 14, 18, 22]),  # the last one's successor is the last frame
        (150, 2, [10, 148]),
        (13, 12, [10, 11]),
        (12, 4, [10]),
        (5, 4, [3]),  # too short for the tenth
        (2, 4, [0]),
    ],
)
def test_scored_frames_are_spread_and_have_successors(count: int, scored: int, expected: list[int]) -> None:
    assert scored_indices(count, scored, first=10) == expected
