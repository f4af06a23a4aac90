import os
from pathlib import Path

import pytest

from vcam.commands.enhance_jobs import Job, find_jobs
from vcam.errors import SinkError, SourceError


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def targets(folder: Path, *inputs: str, lossless: bool = False) -> dict[str, str]:
    jobs = find_jobs([folder / name for name in inputs], folder / "out", lossless=lossless, force=False)
    return {str(job.source.relative_to(folder)): str(job.target.relative_to(folder / "out")) for job in jobs}


def test_one_file_becomes_one_file(tmp_path: Path) -> None:
    make_files(tmp_path, "a.mov")
    jobs = find_jobs([tmp_path / "a.mov"], tmp_path / "b.mkv", lossless=False, force=False)
    assert jobs == [Job(tmp_path / "a.mov", tmp_path / "b.mkv", is_still=False)]


def test_a_folder_keeps_its_places_and_other_files_are_left_out(tmp_path: Path) -> None:
    make_files(tmp_path, "in/a.JPG", "in/b/c.mov", "in/notes.txt")
    assert targets(tmp_path, "in") == {"in/a.JPG": "a.png", "in/b/c.mov": "b/c.mp4"}
    assert targets(tmp_path, "in", lossless=True)["in/b/c.mov"] == "b/c.mkv"


def test_a_pattern_and_several_files_in_one_call(tmp_path: Path) -> None:
    make_files(tmp_path, "x/a.mp4", "x/b.mp4", "x/c.png", "d.gif")
    assert targets(tmp_path, "x/*.mp4", "d.gif") == {
        "x/a.mp4": "a.mp4",
        "x/b.mp4": "b.mp4",
        "d.gif": "d.mp4",
    }


def test_files_that_would_have_one_name_get_two(tmp_path: Path) -> None:
    make_files(tmp_path, "in/a.mov", "in/a.mp4")
    assert targets(tmp_path, "in") == {"in/a.mov": "a.mp4", "in/a.mp4": "a.mp4.mp4"}


def test_no_result_takes_the_place_of_another(tmp_path: Path) -> None:
    make_files(tmp_path, "a/call.mp4", "b/call.mp4", "c/call.mp4", "d/call.mp4")
    found = targets(tmp_path, "a", "b", "c", "d")
    assert sorted(found.values()) == ["call.mp4", "call.mp4 2.mp4", "call.mp4 3.mp4", "call.mp4.mp4"]


def test_what_there_is_nothing_of_is_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in", "*.mp4"):
        with pytest.raises(SourceError, match="no pictures or videos in"):
            targets(tmp_path, name)


def test_nothing_is_begun_where_an_output_is_there_already(tmp_path: Path) -> None:
    make_files(tmp_path, "in/a.mp4", "in/b.mp4", "out/b.mp4")
    with pytest.raises(SinkError, match=r"b\.mp4 is there already"):
        targets(tmp_path, "in")
    assert not os.path.exists(tmp_path / "out/a.mp4")


def test_one_output_file_for_several_is_refused(tmp_path: Path) -> None:
    make_files(tmp_path, "a.mp4", "b.mp4")
    with pytest.raises(SinkError, match="expected a folder"):
        find_jobs([tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "c.mp4", lossless=False, force=False)


@pytest.mark.parametrize("name", ["out.tiff", "out.xyz"])
def test_an_ending_that_cannot_be_written_is_told_with_those_that_can(tmp_path: Path, name: str) -> None:
    expected = r"use \.png \.jpg \.jpeg \.webp for a picture, \.mp4 \.mkv for a video"
    with pytest.raises(SinkError, match=expected):
        find_jobs([tmp_path / "a.jpg"], tmp_path / name, lossless=False, force=False)
