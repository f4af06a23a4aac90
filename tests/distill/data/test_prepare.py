from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from media_files import write_clip
from talking_head import Film

from distill.catalogue import find_split
from distill.data.prepare import prepare, report
from distill.recipe import Data
from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError

DATA = Data(
    source="stills",
    degradation="gaussian-blur",
    shards=1,
    held_shards=1,
    side=32,
    kept=24,
    frames=1,
    holdout=3,
)


def shards_in(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*.npy")}


def test_recipes_with_equal_tables_share_their_shards(media_folder: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = prepare(DATA, find_split(DATA, [media_folder]), build, 1, lambda line: None)
    made = {path: (build / path).stat().st_mtime_ns for path in shards_in(build)}
    again = prepare(DATA, find_split(DATA, [media_folder]), build, 1, lambda line: None)
    assert made == {path: (build / path).stat().st_mtime_ns for path in shards_in(build)}
    np.testing.assert_array_equal(first.held.clips, again.held.clips)


def test_more_shards_of_a_table_lie_beside_the_first(media_folder: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    first = prepare(DATA, find_split(DATA, [media_folder]), build, 1, lambda line: None)
    larger = replace(DATA, shards=2)
    more = prepare(larger, find_split(larger, [media_folder]), build, 1, lambda line: None)
    assert [len(first.train), len(more.train)] == [1, 2]
    np.testing.assert_array_equal(first.train[0].clips, more.train[0].clips)
    assert len(list((build / "pairs").iterdir())) == 2  # one for training, one held back


def test_training_and_validation_see_other_pictures(media_folder: Path, tmp_path: Path) -> None:
    found = prepare(DATA, find_split(DATA, [media_folder]), tmp_path / "build", 1, lambda line: None)
    trained = {clip[:, 1].tobytes() for shard in found.train for clip in shard.clips}
    assert not trained & {clip[:, 1].tobytes() for clip in found.held.clips}


def test_unreadable_files_are_named_and_counted(media_folder: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    prepare(DATA, find_split(DATA, [media_folder]), tmp_path / "build", 1, lines.append)
    assert lines[-1] == f"skipped 1 unreadable files: {media_folder / 'broken.png'}"


def test_many_unreadable_files_are_counted_and_the_first_are_named() -> None:
    lines: list[str] = []
    report([f"{number}.png" for number in range(12)], "unreadable files", lines.append)
    report([], "unreadable files", lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("skipped 12 unreadable files: 0.png, 1.png")
    assert lines[0].endswith("9.png and 2 more")


def test_where_nothing_can_be_read_there_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(b"no picture")
    with pytest.raises(SourceError, match="no file could be read as a picture or a clip"):
        prepare(DATA, find_split(DATA, [folder]), tmp_path / "build", 1, lambda line: None)


@pytest.mark.parametrize("kind", ["stills", "clips"])
def test_a_persons_own_recordings_or_pictures_alone_are_enough(tmp_path: Path, film: Film, kind: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    if kind == "clips":
        write_clip(folder / "me.mp4", film(20, (160, 96)))
    else:
        cv2.imwrite(str(folder / "me.png"), to_bgr(film(1, (160, 96))[0]))
    calls = replace(DATA, source="calls", degradation="", frames=2)
    found = prepare(calls, find_split(calls, [folder]), tmp_path / "build", 1, lambda line: None)
    assert found.train[0].clips.shape[1:] == (2, 2, 1, 24, 24)
    assert len(found.held.clips) > 0
    assert found.origin == (
        f"{int(kind == 'stills')} stills and {int(kind == 'clips')} clips of mine, "
        "too few to hold one out: validated on what is trained on"
    )
