import shutil
import subprocess
from pathlib import Path

import pytest

from vcam.desktop import entry, unit
from vcam.desktop.entry import autostart_text, icon_text, menu_text, tray_text
from vcam.desktop.files import Outcome, is_ours, remove, sign, write
from vcam.desktop.unit import unit_text
from vcam.errors import VcamError

TEXT = sign("Exec=a\n")
AWKWARD = '/home/a b/$x/50%/"q"/back\\slash`/python'


def test_a_file_is_written_once_and_then_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/a.conf"
    assert (write(path, TEXT), write(path, TEXT)) == (Outcome.WRITTEN, Outcome.UNCHANGED)
    assert path.read_text() == TEXT
    assert list(path.parent.iterdir()) == [path]


def test_what_an_older_version_wrote_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    write(path, TEXT)
    assert write(path, sign("Exec=b\n")) == Outcome.WRITTEN
    assert path.read_text().endswith("Exec=b\n")


@pytest.mark.parametrize("text", ["Exec=mine\n", TEXT + "Edited=yes\n", "", "\xff"])
def test_a_foreign_or_edited_file_is_neither_written_nor_removed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.conf"
    path.write_text(text, encoding="latin-1")
    assert (write(path, TEXT), remove(path)) == (Outcome.KEPT, Outcome.KEPT)
    assert path.read_text(encoding="latin-1") == text


def test_a_link_is_left_to_who_made_it(tmp_path: Path) -> None:
    kept, path = tmp_path / "dotfiles", tmp_path / "a.conf"
    kept.write_text(TEXT)
    path.symlink_to(kept)
    assert (write(path, TEXT), remove(path)) == (Outcome.KEPT, Outcome.KEPT)
    assert path.is_symlink()


def test_what_was_written_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    write(path, TEXT)
    assert (remove(path), remove(path)) == (Outcome.REMOVED, Outcome.ABSENT)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VcamError, match=r"cannot write .*a.conf: File exists"):
        write(tmp_path / "file/a.conf", TEXT)


def test_the_icon_is_an_svg_below_its_mark(tmp_path: Path) -> None:
    from xml.etree import ElementTree

    write(tmp_path / "icon.svg", icon_text())
    assert is_ours(tmp_path / "icon.svg")
    assert ElementTree.parse(tmp_path / "icon.svg").getroot().tag.endswith("svg")


def test_a_plain_command_needs_no_quotes() -> None:
    assert unit.quote(["/usr/bin/python3", "-m", "x"]) == "/usr/bin/python3 -m x"
    assert entry.quote(["/usr/bin/python3", "-m", "x"]) == "/usr/bin/python3 -m x"


def test_systemd_and_the_desktop_each_have_their_own_quotes() -> None:
    as_unit = '"/home/a b/{}x/50%%/\\"q\\"/back\\\\slash`/python"'
    assert unit.quote([AWKWARD, AWKWARD]) == f"{as_unit.format('$')} {as_unit.format('$$')}"
    assert entry.quote([AWKWARD]) == '"/home/a b/\\\\$x/50%%/\\\\"q\\\\"/back\\\\\\\\slash\\\\`/python"'


def test_cuda_is_not_kept_from_the_program_that_makes_its_nodes() -> None:
    assert "NoNewPrivileges=yes" in unit_text("/p", Path("/c"), has_nvidia=False)
    text = unit_text("/p", Path("/c"), has_nvidia=True)
    assert [line for line in text.splitlines() if line.startswith(("NoNew", "Restrict", "Lock"))] == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
@pytest.mark.parametrize("has_nvidia", [True, False])
def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path, has_nvidia: bool) -> None:
    folder = tmp_path / "a b $x 50%"
    folder.mkdir()
    python = folder / "python"
    python.symlink_to("/bin/true")
    path = tmp_path / "sharpkd.service"
    path.write_text(unit_text(str(python), tmp_path / "config.toml", has_nvidia))
    verify = ["systemd-analyze", "--user", "--man=no", "verify", str(path)]
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(verify, capture_output=True, text=True, env=environ, timeout=30, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="needs desktop-file-utils")
@pytest.mark.parametrize("python", ["/usr/bin/python3", AWKWARD])
@pytest.mark.parametrize("make", [menu_text, autostart_text, tray_text])
def test_the_desktop_finds_no_fault_with_the_entries(tmp_path: Path, make: object, python: str) -> None:
    path = tmp_path / "sharpkd.desktop"
    path.write_text(make(python))  # type: ignore[operator]
    done = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
