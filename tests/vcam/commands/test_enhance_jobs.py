import os
from pathlib import Path

import numpy as np
import pytest

from vcam import cli
from vcam.commands.enhance_jobs import Job, find_jobs
from vcam.errors import SinkError, SourceError

Image = pytest.importorskip("PIL.Image")


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


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_an_animated_picture_of_a_folder_becomes_a_video(tmp_path: Path, ending: str) -> None:
    pictures = [Image.fromarray(np.full((48, 64, 3), level, np.uint8)) for level in (0, 90, 180)]
    (tmp_path / "in").mkdir()
    pictures[0].save(tmp_path / f"in/film.{ending}", save_all=True, append_images=pictures[1:], duration=100)
    pictures[0].save(tmp_path / f"in/one.{ending}")
    assert targets(tmp_path, "in") == {f"in/film.{ending}": "film.mp4", f"in/one.{ending}": "one.png"}


def test_a_pipe_that_is_called_a_picture_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert targets(tmp_path, "a.png") == {"a.png": "a.png"}


def test_an_input_that_is_not_there_is_said_before_the_output(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures or videos in"):
        find_jobs([tmp_path / "nosuch*.mp4"], tmp_path / "x.mp4", lossless=False, force=False)


@pytest.mark.parametrize(("name", "kind"), [("pipe", "a pipe or a device"), ("file", "one file")])
def test_an_output_that_is_neither_a_folder_nor_a_recording_is_named_as_what_it_is(
    tmp_path: Path, name: str, kind: str
) -> None:
    make_files(tmp_path, "a.mp4", "file")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SinkError, match=f"{name} is {kind}, expected a folder"):
        find_jobs([tmp_path / "a.mp4"], tmp_path / name, lossless=False, force=True)


def test_a_pipe_is_no_output_even_by_force(tmp_path: Path) -> None:
    make_files(tmp_path, "a.mp4")
    os.mkfifo(tmp_path / "b.mp4")
    with pytest.raises(SinkError, match="is not a regular file"):
        find_jobs([tmp_path / "a.mp4"], tmp_path / "b.mp4", lossless=False, force=True)


@pytest.mark.parametrize(
    "words",
    [
        ("enhance", "", "x.mp4"),
        ("enhance", "a.mp4", ""),
        ("watch", "", "out"),
        ("watch", ".", ""),
        ("record", ""),
    ],
)
def test_an_empty_name_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert "the name is empty; name a file or a folder" in capsys.readouterr().err
