import os
from pathlib import Path

import pytest

from vcam.errors import VcamError
from vcam.paths import Paths, check_log, make_private, user_paths, videos_folder, write_private


def test_everything_lies_where_xdg_says(paths: Paths, tmp_path: Path) -> None:
    assert paths.config == tmp_path / "config/sharpkd/config.toml"
    assert paths.log == tmp_path / "state/sharpkd/daemon.log"
    assert paths.socket == tmp_path / "run/sharpkd/control.sock"


def test_without_a_runtime_folder_the_platforms_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert user_paths().runtime.name == "sharpkd"


def test_the_runtime_folder_is_the_users_alone(tmp_path: Path) -> None:
    folder = make_private(tmp_path / "run/sharpkd")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert make_private(folder) == folder


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sharpkd"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(VcamError, match=r"mode 755, expected 700\. Run: chmod 700"):
        make_private(folder)


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "sharpkd").symlink_to(tmp_path / "real")
    with pytest.raises(VcamError, match="is not a folder"):
        make_private(tmp_path / "sharpkd")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sharpkd").write_text("")
    with pytest.raises(VcamError, match="cannot make"):
        make_private(tmp_path / "sharpkd")


def test_a_private_file_is_for_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "token"
    write_private(path, "secret")
    write_private(path, "newer")
    assert path.read_text() == "newer"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_runtime_folder_that_depends_on_where_one_is_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "here")
    assert user_paths().runtime.is_absolute()


def test_a_log_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder", "pipe/log"):
        with pytest.raises(VcamError, match=r"cannot write the log .* Set XDG_STATE_HOME"):
            check_log(tmp_path / name)


def test_videos_go_where_the_desktop_has_them_else_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_VIDEOS_DIR", str(tmp_path / "Filme"))
    assert videos_folder() == tmp_path
    (tmp_path / "Videos").mkdir()
    assert videos_folder() == tmp_path / "Videos"
    (tmp_path / "Filme").mkdir()
    assert videos_folder() == tmp_path / "Filme"
