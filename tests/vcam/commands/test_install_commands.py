"""Install and uninstall in a home of the test's own, beside a systemd that only notes what it is asked."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vcam.commands import install, uninstall
from vcam.desktop.places import SERVICE, Places, user_places
from vcam.errors import VcamError
from vcam.instance import Instance
from vcam.paths import Paths, make_private

PYTHON = "/opt/sharpkd/bin/python"
SYSTEMCTL = """#!/bin/sh
# a user manager that is there if $FAKE_SYSTEMD/running is, with the service's process in $FAKE_SYSTEMD/pid
[ -e "$FAKE_SYSTEMD/running" ] || { echo "Failed to connect to bus: No medium found" >&2; exit 1; }
case "$*" in
    *enable*) [ ! -e "$FAKE_SYSTEMD/masked" ] || { echo "Unit is masked." >&2; exit 1; } ;;
esac
case "$*" in
    *MainPID*) cat "$FAKE_SYSTEMD/pid" ;;
    "--user show"*) ;;
    *) echo "$*" >> "$FAKE_SYSTEMD/called" ;;
esac
"""


class Systemd:
    """What a test sees and sets of the fake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pid").write_text("0\n")

    def start(self) -> None:
        (self.folder / "running").touch()

    def set_pid(self, pid: int) -> None:
        (self.folder / "pid").write_text(f"{pid}\n")

    def called(self) -> list[str]:
        """What it was asked to do since the last call of this."""
        path = self.folder / "called"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line.removeprefix("--user ") for line in lines]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """On the PATH, and not running."""
    folder = tmp_path / "systemd"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_SYSTEMD", str(folder))
    return Systemd(folder)


@pytest.fixture
def places(paths: Paths, systemd: Systemd) -> Places:
    return user_places()


@pytest.fixture
def camera(paths: Paths) -> Iterator[None]:
    """A daemon, as far as its lock goes: this process."""
    make_private(paths.runtime)
    with Instance(paths.lock):
        yield


def files(places: Places) -> set[Path]:
    return {path for path in places.files if path.exists()}


def test_with_systemd_the_service_is_written_and_enabled(
    places: Places, paths: Paths, systemd: Systemd
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    assert files(places) == {places.unit, places.entry, places.icon}
    assert systemd.called() == ["daemon-reload", f"enable {SERVICE}"]
    assert f"-m vcam.daemon --config {paths.config}\n" in places.unit.read_text()


def test_without_systemd_the_session_starts_it(places: Places, paths: Paths, systemd: Systemd) -> None:
    install.install(places, paths, PYTHON, is_now=False)
    assert files(places) == set(places.files)
    assert f"Exec={PYTHON} -m vcam.cli start\n" in places.autostart.read_text()
    assert systemd.called() == []


def test_it_is_never_started_by_both(places: Places, paths: Paths, systemd: Systemd) -> None:
    install.install(places, paths, PYTHON, is_now=False)
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    assert not places.autostart.exists()
    (systemd.folder / "running").unlink()
    places.enabled.parent.mkdir(parents=True)
    places.enabled.symlink_to(places.unit)
    install.install(places, paths, PYTHON, is_now=False)
    assert not places.autostart.exists()


def test_a_second_time_changes_nothing_and_says_so(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    assert capsys.readouterr().out.startswith(f"written    {places.unit}\n")
    before = {path: path.stat().st_mtime_ns for path in files(places)}
    install.install(places, paths, PYTHON, is_now=False)
    assert capsys.readouterr().out.count("unchanged ") == 3
    assert {path: path.stat().st_mtime_ns for path in files(places)} == before


def test_now_starts_the_service(places: Places, paths: Paths, systemd: Systemd) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=True)
    assert systemd.called()[-1] == f"start {SERVICE}"


@pytest.mark.usefixtures("camera")
def test_a_camera_that_runs_already_is_named_with_the_way_to_hand_it_over(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=True)
    assert f"sharpkd stop && systemctl --user start {SERVICE}" in capsys.readouterr().out
    assert f"start {SERVICE}" not in systemd.called()


@pytest.mark.usefixtures("camera")
def test_the_service_itself_is_no_stranger(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    systemd.set_pid(os.getpid())
    install.install(places, paths, PYTHON, is_now=False)
    assert "sharpkd stop" not in capsys.readouterr().out


def test_what_systemd_refuses_is_said_in_its_words(places: Places, paths: Paths, systemd: Systemd) -> None:
    systemd.start()
    (systemd.folder / "masked").touch()
    with pytest.raises(VcamError, match=r"systemctl --user enable sharpkd.service: Unit is masked\.; see"):
        install.install(places, paths, PYTHON, is_now=False)


def test_uninstall_leaves_nothing_but_folders(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    systemd.called()
    uninstall.uninstall(places, paths)
    assert files(places) == set()
    assert systemd.called() == [f"disable --now {SERVICE}", "daemon-reload"]
    assert capsys.readouterr().out.count("removed ") == 3


def test_uninstall_leaves_and_names_what_was_edited(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    install.install(places, paths, PYTHON, is_now=False)
    places.unit.write_text(places.unit.read_text() + "# mine\n")
    capsys.readouterr()
    uninstall.uninstall(places, paths)
    assert files(places) == {places.unit}
    assert f"kept       {places.unit}" in capsys.readouterr().out


def test_uninstall_disables_what_no_manager_can(places: Places, paths: Paths, systemd: Systemd) -> None:
    install.install(places, paths, PYTHON, is_now=False)
    places.enabled.parent.mkdir(parents=True)
    places.enabled.symlink_to(places.unit)
    uninstall.uninstall(places, paths)
    assert not places.enabled.is_symlink()


def test_uninstall_without_an_installation_does_nothing(
    places: Places, paths: Paths, systemd: Systemd
) -> None:
    systemd.start()
    uninstall.uninstall(places, paths)
    assert f"disable --now {SERVICE}" not in systemd.called()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_than_on_linux_there_is_one_clear_error(platform: str) -> None:
    with pytest.raises(VcamError, match=f"install is for Linux, this is {platform}"):
        install.check_platform(platform)
