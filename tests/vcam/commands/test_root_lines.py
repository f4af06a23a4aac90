"""What install and uninstall print for root, on a machine of the test's own."""

from pathlib import Path

import pytest
from fake_video import FakeSystem

from vcam.commands import install, uninstall
from vcam.desktop.module import install_block, missing, uninstall_block
from vcam.v4l2.nodes import VideoRoots
from vcam.v4l2loopback.module import CARD


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An empty /etc, of a machine that has no virtual camera."""
    (tmp_path / "root/etc").mkdir(parents=True)
    return tmp_path / "root/etc"


@pytest.fixture
def system(tmp_path: Path) -> FakeSystem:
    return FakeSystem(tmp_path)


def write_settings(etc: Path) -> None:
    for path, text in missing(etc).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_install_prints_ends_with_the_block(etc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roots = VideoRoots(etc.parent / "sys", etc.parent / "dev")
    install.tell_root(etc, roots)
    said = capsys.readouterr().out
    assert said[said.index("\nsudo ") :] == f"\n{install_block(etc, roots)}\n"
    assert "install it (Debian: v4l2loopback-dkms)" in said


def test_what_install_prints_says_that_nothing_remains(
    etc: Path, system: FakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    write_settings(etc)
    system.add_device(42, CARD)
    install.tell_root(etc, system.roots)
    assert capsys.readouterr().out == "nothing remains that needs root: the virtual camera is there\n"


def test_what_install_prints_names_the_cameras_that_go_for_a_moment(
    etc: Path, system: FakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    node = system.add_device(0, "Intel MIPI Camera")
    install.tell_root(etc, system.roots)
    assert f'Loading the module again removes {node} "Intel MIPI Camera"' in capsys.readouterr().out


def test_what_install_prints_names_a_file_that_has_the_last_word(
    etc: Path, system: FakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    write_settings(etc)
    rival = etc.parent / "usr/lib/modprobe.d/v4l2-relayd.conf"
    rival.parent.mkdir(parents=True)
    rival.write_text('options v4l2loopback card_label="Intel MIPI Camera"\n')
    system.add_device(0, "Intel MIPI Camera")
    system.add_device(42, CARD)
    install.tell_root(etc, system.roots)
    said = capsys.readouterr().out
    assert said.startswith(f"{rival}: names cameras")
    assert (
        said.splitlines()[-1].strip().startswith("options v4l2loopback devices=2 video_nr=0,42 card_label=")
    )


def test_what_uninstall_prints_ends_with_the_block(
    etc: Path, system: FakeSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    uninstall.tell_root(etc, system.roots)
    assert capsys.readouterr().out == "nothing remains that needs root\n"
    write_settings(etc)
    system.add_device(42, CARD)
    uninstall.tell_root(etc, system.roots)
    assert capsys.readouterr().out.endswith(f"\n{uninstall_block(etc, system.roots)}\n")
    node = system.add_device(0, "Intel MIPI Camera")
    uninstall.tell_root(etc, system.roots)
    assert f'v4l2loopback stays loaded for {node} "Intel MIPI Camera"' in capsys.readouterr().out
