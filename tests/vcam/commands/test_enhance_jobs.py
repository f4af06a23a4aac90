import os
from pathlib import Path

import pytest

from vcam.commands.enhance_jobs import Job, find_jobs, fit_size
from vcam.errors import ConfigError, SinkError, SourceError
from vcam.frame import Size


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


@pytest.mark.parametrize(
    ("source", "size", "scale", "fit", "expected"),
    [
        ((240, 320), "1280x720", None, "contain", (540, 720)),
        ((240, 320), "1280x720", None, "cover", (1280, 720)),
        ((240, 320), "1280x720", None, "pad", (540, 720)),
        ((320, 240), None, 1.5, "contain", (480, 360)),
        ((320, 240), None, None, "contain", (640, 480)),
        ((1920, 1080), None, None, "contain", (1920, 1080)),
        ((4000, 20), "640x480", None, "contain", (640, 16)),
    ],
)
def test_a_picture_keeps_its_shape(
    source: Size, size: str | None, scale: float | None, fit: str, expected: Size
) -> None:
    assert fit_size(source, size, scale, fit) == expected


@pytest.mark.parametrize(
    ("size", "scale", "message"),
    [
        ("640x480", 2.0, "leave one out"),
        (None, 0.0, "not above 0"),
        (None, 9.0, "use at most --scale 4.5"),
        ("640", None, "not a valid size"),
    ],
)
def test_a_size_that_cannot_be_is_refused(size: str | None, scale: float | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_size((320, 240), size, scale, "contain")


def test_a_picture_is_never_smaller_than_a_frame_can_be() -> None:
    assert fit_size((8000, 20), None, None, "contain") == (1920, 16)
    with pytest.raises(ConfigError, match=r"--scale 0\.05 makes 4x2 of 64x48; expected sides of 16 or more"):
        fit_size((64, 48), None, 0.05, "contain")
