"""Folders that are missing or may not be written: defaults where they do, else one sentence."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from program import PATIENCE_S, ROOT

# as in `docker run -u 12345`: the user has no entry that names a home
NO_ENTRY = """
import pathlib, pwd, sys
import vcam.paths
vcam.paths.NOWHERE = pathlib.Path("/proc/nonexistent")  # root could make the other one
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
from vcam.cli import main
sys.exit(main())
"""


def run(*words: str, before: tuple[str, ...] = (), **environ: str) -> subprocess.CompletedProcess[str]:
    """A command with no more of an environment than is given."""
    return subprocess.run(
        [*before, sys.executable, "-c", NO_ENTRY, *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", **environ},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((48, 64, 3), 99, np.uint8))
    return path


def test_a_file_is_restored_by_a_user_without_a_home(photo: Path, weights: Path) -> None:
    out = photo.with_name("b.png")
    answer = run("enhance", str(photo), str(out), "--weights", str(weights))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert out.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("start",), 1, "cannot write the log /proc/nonexistent/.* Set XDG_STATE_HOME to a folder"),
        (("status",), 3, "not running"),
        (("logs",), 3, "no log at /proc/nonexistent"),
        (
            ("set", "--save", "fps", "25"),
            2,
            "cannot write /proc/nonex.* Set XDG_CONFIG_HOME to a folder",
        ),
        (("install",), 1, "cannot write /proc/nonexistent"),
    ],
)
def test_without_a_home_what_needs_one_says_so(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    answer = run(*words, XDG_RUNTIME_DIR=str(tmp_path))
    assert (answer.returncode, answer.stderr.count("\n")) == (code, 1)
    assert re.search(said, answer.stderr)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("start",), 1, "cannot write the log"),
        (("set", "--save", "fps", "25"), 2, "Set XDG_CONFIG_HOME to a folder"),
        (("install",), 1, "cannot write"),
        (("logs",), 3, "no log at"),
        (("stop",), 0, ""),
    ],
)
def test_a_home_that_cannot_be_written_is_one_line(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    home = tmp_path / "home"
    home.write_text("in its place")  # read-only for root, too
    answer = run(*words, HOME=str(home), XDG_RUNTIME_DIR=str(tmp_path))
    assert (answer.returncode, answer.stderr.count("\n")) == (code, bool(said))
    assert said in answer.stderr


def test_the_defaults_stand_in_where_a_home_may_not_be_entered(
    photo: Path, weights: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir(0o000)
    drop: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may enter any folder, and there is no setpriv")
        drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    out = photo.with_name("b.png")
    answer = run("enhance", str(photo), str(out), "--weights", str(weights), before=drop, HOME=str(home))
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == f"cannot look into {home}/.config/sharpkd: the defaults are used\n"


def test_the_daemon_itself_says_in_one_line_that_it_has_no_log(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    answer = subprocess.run(
        [sys.executable, "-m", "vcam.daemon"],
        cwd=ROOT,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("cannot write the log")
    assert answer.stderr.count("\n") == 1
