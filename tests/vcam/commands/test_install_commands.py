"""Install and uninstall in a home of the test's own, beside a systemd that only notes what it is asked."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_systemd import Systemd

from vcam import cli
from vcam.commands import install, tray, uninstall
from vcam.desktop.places import SERVICE, Places, user_places
from vcam.errors import VcamError
from vcam.instance import Instance
from vcam.paths import Paths, make_private
from vcam.tray.state import Kind

PYTHON = "/opt/sharpkd/bin/python"


@pytest.fixture
def places(paths: Paths, systemd: Systemd) -> Places:
    return user_places()


@pytest.fixture
def camera(paths: Paths) -> Iterator[None]:
    """A daemon, as far as its lock goes: this process."""
    make_private(paths.runtime)
    with Instance(*paths.locks):
        yield


def files(places: Places) -> set[Path]:
    return {path for path in places.files if path.exists()}


def test_with_systemd_the_service_is_written_and_enabled(
    places: Places, paths: Paths, systemd: Systemd
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    assert files(places) == set(places.files) - {places.autostart}
    assert systemd.called() == ["daemon-reload", f"enable {SERVICE}"]
    assert f"-m vcam.daemon --config {paths.config}\n" in places.unit.read_text()


def test_without_systemd_the_session_starts_it(places: Places, paths: Paths, systemd: Systemd) -> None:
    install.install(places, paths, PYTHON, is_now=False)
    assert files(places) == set(places.files)
    assert f"Exec={PYTHON} -P -m vcam.cli start\n" in places.autostart.read_text()
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
    assert capsys.readouterr().out.count("unchanged ") == len(places.files) - 1
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
    assert "hand it over with: sharpkd restart" in capsys.readouterr().out
    assert f"start {SERVICE}" not in systemd.called()


@pytest.mark.usefixtures("camera")
def test_the_service_itself_is_no_stranger(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    systemd.set_pid(os.getpid())
    install.install(places, paths, PYTHON, is_now=False)
    assert "the service runs already; to start it again: sharpkd restart" in capsys.readouterr().out
    install.install(places, paths, PYTHON, is_now=False)
    assert "sharpkd restart" not in capsys.readouterr().out


def test_what_systemd_refuses_is_said_in_its_words(places: Places, paths: Paths, systemd: Systemd) -> None:
    systemd.start()
    (systemd.folder / "masked").touch()
    with pytest.raises(VcamError, match=r"systemctl --user enable sharpkd.service: Unit is masked\.; see"):
        install.install(places, paths, PYTHON, is_now=False)


def test_the_commands_end_with_what_root_has_to_do(
    places: Places,
    paths: Paths,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(install, "tell_root", lambda: print("what root has to do"))
    monkeypatch.setattr(uninstall, "tell_root", lambda: print("what root has to undo"))
    assert cli.main(["install"]) == 0
    assert files(places) == set(places.files)
    assert capsys.readouterr().out.endswith("\nwhat root has to do\n")
    assert cli.main(["uninstall"]) == 0
    assert files(places) == set()
    stays = f"your settings and logs stay: {paths.config.parent}, {paths.log.parent}\n"
    assert capsys.readouterr().out.endswith(f"{stays}what root has to undo\n")


def test_bash_and_man_know_the_program_until_it_is_uninstalled(
    places: Places, paths: Paths, systemd: Systemd
) -> None:
    install.install_for_shells(places, cli.make_parser())
    script = subprocess.run(["bash", "-n", str(places.completion)], capture_output=True, check=True)
    assert script.stderr == b""
    assert places.manual.read_text().splitlines()[1].startswith(".TH SHARPKD 1")
    uninstall.uninstall(places, paths)
    assert [path for path in places.for_shells if path.exists()] == []


def test_uninstall_leaves_nothing_but_folders(
    places: Places, paths: Paths, systemd: Systemd, capsys: pytest.CaptureFixture[str]
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    systemd.called()
    uninstall.uninstall(places, paths)
    assert files(places) == set()
    assert systemd.called() == [f"disable --now {SERVICE}", "daemon-reload"]
    assert capsys.readouterr().out.count("removed ") == len(places.files) - 1


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


def test_the_session_shows_the_tray_once_its_panel_is_there(
    places: Places, paths: Paths, systemd: Systemd
) -> None:
    systemd.start()
    install.install(places, paths, PYTHON, is_now=False)
    assert f"Exec={PYTHON} -P -m vcam.cli tray --wait 60\n" in places.tray_autostart.read_text()
    assert len(list(places.symbolic("x").parent.glob("sharpkd-*-symbolic.svg"))) == len(Kind)


def test_without_dbus_fast_there_is_no_tray_and_the_way_to_one_is_said(
    places: Places,
    paths: Paths,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "dbus_fast", None)
    install.install(places, paths, PYTHON, is_now=False)
    assert not places.tray_autostart.exists()
    assert f"Run: {PYTHON} -m pip install dbus-fast" in capsys.readouterr().out
    with pytest.raises(VcamError, match=r"the tray needs dbus-fast"):
        tray.run(argparse.Namespace(wait=0.0))
