"""What only root may do: printed by us, pasted by a person."""

import os
import subprocess
from pathlib import Path

import pytest

from vcam.desktop.module import install_block, missing, rivals, uninstall_block
from vcam.v4l2loopback.cameras import VideoRoots
from vcam.v4l2loopback.module import CARD, MODPROBE, OPTIONS, module_options

SUDO = """#!/bin/sh
# as root, but below $FAKE_ROOT
program=$1; shift
case $program in
    mkdir) exec mkdir -p "$FAKE_ROOT$2" ;;
    tee|rm) for path; do set -- "$@" "$FAKE_ROOT$path"; shift; done; exec "$program" "$@" ;;
    *) echo "$program $*" >> "$FAKE_ROOT/called" ;;
esac
"""


@pytest.fixture
def roots(tmp_path: Path) -> VideoRoots:
    """A machine without any virtual camera."""
    return VideoRoots(sys=tmp_path / "sys", dev=tmp_path / "dev")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root file system's folders, and a sudo that writes there."""
    root = tmp_path / "root"
    for folder in ("etc/modprobe.d", "etc/modules-load.d", "bin"):
        (root / folder).mkdir(parents=True)
    sudo = root / "bin/sudo"
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    return root


def paste(block: str, machine: Path, shell: str = "bash") -> str:
    environ = {"PATH": f"{machine / 'bin'}:{os.environ['PATH']}", "FAKE_ROOT": str(machine)}
    done = subprocess.run(
        [shell], input=block + "\n", capture_output=True, text=True, env=environ, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    return (machine / "called").read_text()


def add_camera(roots: VideoRoots, number: int = 42, name: str = "SharpKD Camera") -> None:
    entry = roots.sys / f"devices/virtual/video4linux/video{number}"
    entry.mkdir(parents=True)
    (entry / "name").write_text(f"{name}\n")
    (roots.sys / "module/v4l2loopback").mkdir(parents=True, exist_ok=True)
    roots.listed.mkdir(parents=True, exist_ok=True)
    (roots.listed / entry.name).symlink_to(entry)


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_pasted_block_writes_both_files_and_loads_the_module(
    machine: Path, roots: VideoRoots, shell: str
) -> None:
    assert paste(install_block(roots=roots), machine, shell) == "modprobe v4l2loopback\n"
    assert (machine / "etc/modprobe.d/sharpkd.conf").read_text() == (
        "options v4l2loopback devices=1 video_nr=42 "
        'card_label="SharpKD Camera" exclusive_caps=1 max_buffers=4\n'
    )
    assert (machine / "etc/modules-load.d/sharpkd.conf").read_text() == "v4l2loopback\n"
    assert missing(machine / "etc") == {}


def test_its_options_are_those_of_every_other_hint() -> None:
    assert MODPROBE.endswith(OPTIONS)


def test_a_module_without_our_camera_is_loaded_again_since_it_reads_its_options_then(
    machine: Path, roots: VideoRoots
) -> None:
    (roots.sys / "module/v4l2loopback").mkdir(parents=True)
    called = paste(install_block(roots=roots), machine)
    assert called == "modprobe -r v4l2loopback\nmodprobe v4l2loopback\n"


def test_a_camera_that_is_there_stays(machine: Path, roots: VideoRoots) -> None:
    add_camera(roots)
    assert "modprobe v4l2loopback" not in install_block(machine / "etc", roots)


def test_only_what_is_missing_is_asked_for(machine: Path, roots: VideoRoots) -> None:
    paste(install_block(roots=roots), machine)
    etc = machine / "etc"
    assert install_block(etc, roots) == "sudo modprobe v4l2loopback"
    add_camera(roots)
    assert install_block(etc, roots) == ""
    (etc / "modules-load.d/sharpkd.conf").write_text("# v4l2loopback\n")
    assert "modprobe.d" not in install_block(etc, roots)
    assert f"sudo tee {etc}/modules-load.d/sharpkd.conf" in install_block(etc, roots)


def test_a_folder_that_is_not_there_is_made(machine: Path, roots: VideoRoots) -> None:
    etc = machine / "etc"
    (etc / "modules-load.d").rmdir()
    paste(
        install_block(etc, roots).replace(str(etc), "/etc"), machine
    )  # sudo puts it below the machine's root
    assert missing(etc) == {}


def test_the_other_block_removes_what_is_there(machine: Path, roots: VideoRoots) -> None:
    etc = machine / "etc"
    assert uninstall_block(etc, roots) == ""
    paste(install_block(roots=roots), machine)
    add_camera(roots)
    block = uninstall_block(etc, roots).replace(
        str(etc), "/etc"
    )  # sudo puts them below the machine's root again
    assert paste(block, machine).endswith("modprobe -r v4l2loopback\n")
    assert [path for path in etc.rglob("*") if path.is_file()] == []


def test_the_other_block_leaves_a_module_that_has_other_cameras(machine: Path, roots: VideoRoots) -> None:
    paste(install_block(roots=roots), machine)
    add_camera(roots)
    add_camera(roots, 0, "Intel MIPI Camera")
    (line,) = uninstall_block(machine / "etc", roots).splitlines()
    assert line.startswith("sudo rm ")


def test_other_cameras_are_loaded_again_with_ours(machine: Path, roots: VideoRoots) -> None:
    add_camera(roots, 0, "Intel MIPI Camera")
    assert paste(install_block(roots=roots), machine).splitlines() == [
        "modprobe -r v4l2loopback",
        "modprobe v4l2loopback devices=2 video_nr=0,42 card_label=Intel MIPI Camera,SharpKD Camera"
        " exclusive_caps=1,1 max_buffers=4",
    ]


def test_where_another_file_has_the_last_word_the_options_are_named(machine: Path, roots: VideoRoots) -> None:
    etc = machine / "etc"
    (etc / "modprobe.d/v4l2loopback.conf").write_text("options v4l2loopback card_label=OBS\n")
    assert install_block(etc, roots).endswith(MODPROBE)
    assert [line.labels for line in rivals(etc)] == [["OBS"]]


@pytest.mark.parametrize("name", ["a.conf", "sharpkd.conf", "v4l2loopback.conf"])
def test_one_line_for_all_cameras_is_left_as_it_is(machine: Path, roots: VideoRoots, name: str) -> None:
    etc = machine / "etc"
    line = f"options v4l2loopback {module_options({10: 'OBS Virtual Camera', 42: CARD})}\n"
    (etc / "modprobe.d" / name).write_text(line)
    (etc / "modules-load.d/sharpkd.conf").write_text("v4l2loopback\n")
    assert install_block(etc, roots) == "sudo modprobe v4l2loopback"
    assert rivals(etc) == []


def test_an_option_that_names_no_camera_is_no_rival(machine: Path) -> None:
    (machine / "etc/modprobe.d/v4l2loopback.conf").write_text("options v4l2loopback exclusive_caps=1\n")
    assert rivals(machine / "etc") == []
