import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from vcam.watch.changes import Changes

LONG_S = 60.0


def copy(folder: Path) -> None:
    (folder / "a.mp4").write_bytes(b"x")


def move(folder: Path) -> None:
    (folder.parent / "a.mp4").rename(folder / "a.mp4")


def make_folder(folder: Path) -> None:
    (folder / "sub").mkdir()


@pytest.mark.parametrize("change", [copy, move, make_folder])
def test_a_change_wakes_up_at_once(change: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "a.mp4").write_bytes(b"x")
    with Changes() as changes:
        assert changes.follow([folder])
        Timer(0.2, change, [folder]).start()
        start_s = time.monotonic()
        changes.wait(LONG_S)
        assert time.monotonic() - start_s < LONG_S / 2
        changes.wait(0)  # all of it was taken: nothing wakes up again


def test_without_a_change_it_waits_for_as_long_as_it_is_told(tmp_path: Path) -> None:
    with Changes() as changes:
        assert changes.follow([tmp_path])
        start_s = time.monotonic()
        changes.wait(0.2)
        assert time.monotonic() - start_s >= 0.19


def test_without_inotify_it_waits_for_as_long_as_it_is_told() -> None:
    start_s = time.monotonic()
    Changes().wait(0.2)
    assert time.monotonic() - start_s >= 0.19


def test_a_folder_that_cannot_be_followed_is_told(tmp_path: Path) -> None:
    with Changes() as changes:
        assert not changes.follow([tmp_path, tmp_path / "none"])
    assert not Changes().follow([tmp_path])
