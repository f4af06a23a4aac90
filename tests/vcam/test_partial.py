import os
import stat
from pathlib import Path

import pytest

from vcam.partial import make_partial


def test_it_lies_beside_its_target_under_another_name_each_time(tmp_path: Path) -> None:
    names = {make_partial(tmp_path / "talk.mp4") for _ in range(3)}
    assert len(names) == 3
    assert all(path.parent == tmp_path and path.name.startswith(".talk.mp4.") for path in names)


def test_a_link_that_waits_under_its_name_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda count: "foreseen")
    (tmp_path / ".talk.mp4.foreseen.partial").symlink_to(tmp_path / "theirs")
    with pytest.raises(FileExistsError):
        make_partial(tmp_path / "talk.mp4")
    assert not (tmp_path / "theirs").exists()


def test_others_may_read_it_as_the_user_has_it(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        partial = make_partial(tmp_path / "talk.mp4")
    finally:
        os.umask(before)
    assert stat.S_IMODE(partial.stat().st_mode) == 0o640


def test_a_target_of_255_bytes_can_be_written(tmp_path: Path) -> None:
    assert make_partial(tmp_path / ("\u00e9" * 125 + "a.mp4")).exists()
