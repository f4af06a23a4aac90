"""`sharpkd start` where a service is installed."""

import pytest
from fake_systemd import Systemd

from vcam import cli
from vcam.commands import install
from vcam.commands.start import start_installed
from vcam.desktop.places import SERVICE, user_places
from vcam.errors import VcamError
from vcam.paths import Paths


@pytest.fixture
def installed(paths: Paths, systemd: Systemd) -> Systemd:
    """A manager with our service."""
    systemd.start()
    install.install(user_places(), paths, "/opt/python", is_now=False)
    systemd.called()
    return systemd


def test_an_installed_service_is_started_however_often_it_was_before(
    installed: Systemd, paths: Paths
) -> None:
    assert start_installed(paths)
    assert installed.called() == [f"reset-failed {SERVICE}", f"start {SERVICE}"]


def test_without_an_installation_no_service_is_started(systemd: Systemd, paths: Paths) -> None:
    systemd.start()
    assert not start_installed(paths)
    assert systemd.called() == []


def test_without_a_manager_no_service_is_started(installed: Systemd, paths: Paths) -> None:
    (installed.folder / "running").unlink()
    assert not start_installed(paths)


def test_a_service_that_fails_says_why_in_the_words_of_its_log(installed: Systemd, paths: Paths) -> None:
    installed.fail(6)
    paths.log.parent.mkdir(parents=True)
    paths.log.write_text("2026-01-01 ERROR no model\n")
    with pytest.raises(VcamError, match=r"^no model$") as caught:
        start_installed(paths)
    assert caught.value.exit_code == 6


def test_a_service_that_fails_before_it_logs_is_an_error_all_the_same(
    installed: Systemd, paths: Paths
) -> None:
    installed.fail(1)
    with pytest.raises(VcamError, match="the camera ended with code 1; see: sharpkd logs"):
        start_installed(paths)


def test_an_interrupted_start_says_that_the_camera_goes_on_starting(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vcam.commands.start.spawn", lambda *_: None)
    monkeypatch.setattr("vcam.commands.start._await_answer", interrupt)
    assert cli.main(["start", "--size", "320x240"]) == 130
    said = capsys.readouterr().err
    assert "goes on starting in the background; stop it with: sharpkd stop" in said
