from pathlib import Path

import pytest

from vcam.watch.arrivals import UNKNOWN_S, Settling, Version, is_written, look

A, B = Path("a.mp4"), Path("b.mp4")


def is_video(path: Path) -> bool:
    return path.suffix == ".mp4"


def test_a_look_finds_what_is_wanted_in_all_folders(tmp_path: Path) -> None:
    names = ("a.mp4", "sub/deep/b.mp4", "notes.txt", ".hidden.mp4", ".folder/c.mp4", "out/d.mp4", "empty.mp4")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"" if name == "empty.mp4" else b"content")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")
    (tmp_path / "broken.mp4").symlink_to(tmp_path / "nothing")
    found = look(tmp_path, tmp_path / "out", is_video)
    assert set(map(str, found.files)) == {"a.mp4", "sub/deep/b.mp4", "link.mp4"}
    assert found.files[A].size == 7
    assert {str(path.relative_to(tmp_path)) for path in found.folders} == {
        ".",
        "sub",
        "sub/deep",
        "folder.mp4",
    }


def test_an_output_folder_is_left_out_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert not look(tmp_path, tmp_path / "link", is_video).files


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none", tmp_path, is_video)


def test_the_kernel_says_whether_somebody_writes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    if is_written(path) is None:
        pytest.skip("no leases in this folder")
    assert is_written(path) is False
    with path.open("ab"):
        assert is_written(path) is True
    with path.open("rb"):
        assert is_written(path) is False
    assert is_written(tmp_path / "none") is None


class Writers:
    """Who has which file open, as the kernel would say it."""

    def __init__(self) -> None:
        self.written: dict[str, bool | None] = {}

    def __call__(self, path: Path) -> bool | None:
        return self.written.get(path.name, False)


def test_a_file_is_complete_when_it_has_not_changed_and_is_closed(tmp_path: Path) -> None:
    writers = Writers()
    settling = Settling(2, writers)
    writers.written["b.mp4"] = True
    files = {A: Version(1, 1), B: Version(1, 1)}
    assert settling.complete(tmp_path, files, 100.0) == []
    assert settling.due_s == 2
    assert settling.complete(tmp_path, files, 101.5) == []
    assert settling.complete(tmp_path, files, 102.0) == [A]
    assert settling.due_s is None
    writers.written["b.mp4"] = False
    assert settling.complete(tmp_path, files, 103.0) == [A, B]


@pytest.mark.parametrize("changed", [Version(2, 1), Version(1, 2)])
def test_a_file_that_changes_has_to_settle_again(tmp_path: Path, changed: Version) -> None:
    settling = Settling(2, Writers())
    settling.complete(tmp_path, {A: Version(1, 1)}, 100.0)
    assert settling.complete(tmp_path, {A: changed}, 101.9) == []
    assert settling.complete(tmp_path, {A: changed}, 103.0) == []
    assert settling.complete(tmp_path, {A: changed}, 103.9) == [A]


def test_a_file_of_which_nobody_knows_has_to_settle_for_longer(tmp_path: Path) -> None:
    writers = Writers()
    writers.written["a.mp4"] = None
    settling = Settling(2, writers)
    settling.complete(tmp_path, {A: Version(1, 1)}, 100.0)
    assert settling.complete(tmp_path, {A: Version(1, 1)}, 109.0) == []
    assert settling.due_s == UNKNOWN_S - 9
    assert settling.complete(tmp_path, {A: Version(1, 1)}, 110.0) == [A]
