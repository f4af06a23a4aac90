import os
from pathlib import Path

import pytest

from tests.system import cache
from tests.system.cache import UNUSED_S, cache_folder, key_of, made_once


def fill(folder: Path) -> None:
    (folder / "root.img").write_text("a disk")


def must_not(folder: Path) -> None:
    raise AssertionError("made again")


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    folder = made_once(tmp_path / "disk-1", fill)
    assert (made_once(folder, must_not) / "root.img").read_text() == "a disk"


def test_an_interrupted_one_is_begun_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        made_once(tmp_path / "disk-1", fail)
    folder = made_once(tmp_path / "disk-1", fill)
    assert [path.name for path in folder.iterdir()] == ["root.img"]


def test_one_that_nobody_used_for_long_goes_with_the_next(tmp_path: Path) -> None:
    old, young = (made_once(tmp_path / name, fill) for name in ("disk-1", "disk-2"))
    other = made_once(tmp_path / "kernel-1", fill)
    for folder in (old, other):
        os.utime(folder, (0, 0))
    made_once(tmp_path / "disk-3", fill)
    assert not old.exists()
    assert young.exists()
    assert other.exists()
    assert UNUSED_S > 24 * 3600


def test_other_parts_have_another_name() -> None:
    assert key_of(["python3", "kmod"]) == key_of(["python3", "kmod"])
    assert len({key_of(parts) for parts in (["a", "b"], ["ab"], ["a"], ["b", "a"])}) == 4


def test_the_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
