"""A window on a real X server, in which a picture moves."""

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from children import child

from vcam.conversion.opencv import to_bgr
from vcam.errors import SourceError
from vcam.frame import Frame
from vcam.public import public_name
from vcam.sources import PortalSource, ScreenSource, make_source, sample_source
from vcam.sources.screen import LOOP

TITLE = "Call with Ada"
PATIENCE_S = 60.0
PROGRAM = Path(__file__).with_name("moving_window.py")
NEEDED = [name for name in ("mss", "Xlib", "tkinter") if importlib.util.find_spec(name) is None]
needs_x = pytest.mark.skipif(
    bool(NEEDED) or shutil.which("Xvfb") is None,
    reason=f"no {', '.join(NEEDED) or 'Xvfb'}: extra screen; apt install xvfb python3-tk",
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    command = ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "1600x900x24"]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()  # so that it removes its lock
        server.wait(PATIENCE_S)


@pytest.fixture(autouse=True)
def _session(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    if "display" in request.fixturenames:
        monkeypatch.setenv("DISPLAY", request.getfixturevalue("display"))


@pytest.fixture(scope="module")
def small() -> list[Frame]:
    """Two moments of a person, 640x360."""
    with sample_source(sleep=lambda s: None) as source:
        frames = list(itertools.islice(source, 0, 41, 40))
    return [Frame(f.y[60:420], f.u[30:210], f.v[30:210]) for f in frames]


@pytest.fixture(scope="module")
def files(small: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The same, enlarged to 1280x720 as a calling program shows it."""
    folder = tmp_path_factory.mktemp("pictures")
    names = []
    for number, frame in enumerate(small):
        names.append(str(folder / f"{number}.ppm"))
        cv2.imwrite(names[-1], cv2.resize(to_bgr(frame), (1280, 720), interpolation=cv2.INTER_LINEAR))
    return names


@contextmanager
def open_window(display: str, title: str, bar: int, files: list[str]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(PROGRAM), title, str(bar), *files]
    environ = {**os.environ, "DISPLAY": display}
    with child(command, env=environ, stdout=subprocess.PIPE) as window:
        assert window.stdout is not None
        assert window.stdout.readline() == "shown\n"
        yield window


@pytest.fixture
def window(display: str, files: list[str]) -> Iterator["subprocess.Popen[str]"]:
    with open_window(display, TITLE, 40, files) as window:
        yield window


class Clock:
    """Moves on by a frame at each sleep, whatever the machine does."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def source_of(spec: str, clock: Clock | None = None) -> ScreenSource:
    clock = clock or Clock()
    return ScreenSource(spec, 5, clock=clock, sleep=clock.sleep)


@needs_x
@pytest.mark.usefixtures("window")
def test_an_enlarged_call_between_bars_comes_in_its_own_size(small: list[Frame]) -> None:
    with source_of(f"screen:{TITLE.lower()}") as source:
        frames = []
        deadline_s = time.monotonic() + PATIENCE_S
        while not frames or frames[-1].size != (640, 360):  # it looks beside the frames
            assert time.monotonic() < deadline_s, frames[-1].size
            frames.append(next(source))
    assert frames[0].size == (1280, 800)  # the whole window, until it was looked at twice
    assert frames[-1].size == (640, 360)
    cuts = [number for number, frame in enumerate(frames) if frame.is_cut]
    sizes = [frame.size for frame in frames]
    assert cuts == [0, sizes.index((640, 360))]
    # as it was before the program enlarged it: only what 8 bits and BT.601 round differs
    differences = [np.abs(frames[-1].y.astype(int) - one.y).mean() for one in small]
    assert min(differences) < 3


@needs_x
@pytest.mark.usefixtures("window")
def test_a_window_that_moves_is_followed_and_the_picture_moves(display: str) -> None:
    with source_of(f"screen:{TITLE}") as source:
        before = next(source)
        subprocess.run(
            ["xdotool", "search", "--name", TITLE, "windowmove", "200", "90"],
            env={**os.environ, "DISPLAY": display},
            check=True,
        ) if shutil.which("xdotool") else None
        first = seen = next(source)
        deadline_s = time.monotonic() + PATIENCE_S
        while np.array_equal(seen.y, first.y):  # it is read faster than the program draws
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
            seen = next(source)
    assert before.y[:40].max() <= 20  # the bar above the picture, where the window was
    assert seen.y[:40].max() <= 20  # and where it is


@needs_x
def test_a_window_that_is_closed_is_said(display: str, files: list[str]) -> None:
    with open_window(display, "Another call", 0, files) as window, source_of("screen:Another call") as source:
        next(source)
        window.kill()
        window.wait(PATIENCE_S)
        with pytest.raises(SourceError, match="the window is closed or minimised: show it again"):
            list(itertools.islice(source, 200))


@needs_x
def test_our_own_panel_in_its_picture_is_warned_of(display: str, files: list[str]) -> None:
    with open_window(display, "SharpKD Camera - Browser", 0, files[:1]):
        with source_of("screen") as source:
            next(source)
            assert source.warnings == (LOOP,)
        with source_of("screen:1400,0,100x40") as source:  # beside it
            next(source)
            assert source.warnings == ()


@needs_x
def test_a_desktop_that_ends_is_said_and_everything_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    command = ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "320x240x24"]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        monkeypatch.setenv("DISPLAY", f":{server.stdout.readline().strip()}")
        with source_of("screen") as source:
            next(source)
            server.kill()
            server.wait(PATIENCE_S)
            with pytest.raises(SourceError, match="the X server does not answer any more"):
                list(itertools.islice(source, 5))
    assert "could not be closed" not in caplog.text


@needs_x
def test_a_region_is_read(display: str) -> None:
    with source_of("screen:10,20,101x51") as source:
        assert next(source).size == (100, 50)
    with (
        source_of("screen:1590,0,100x100") as source,
        pytest.raises(SourceError, match="outside of the screen"),
    ):
        next(source)


@needs_x
def test_a_window_that_is_not_there_is_said_without_the_others_titles(display: str) -> None:
    with pytest.raises(SourceError, match="no window that is shown has that in its title"):
        source_of("screen:Nobody").__enter__()


def test_without_an_x_server_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mss", reason="no mss; run: pip install 'sharpkd-camera[screen]'")
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(SourceError, match=r"no X server answers at DISPLAY=':987'"):
        source_of("screen").__enter__()


def test_without_its_parts_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mss", None)
    with pytest.raises(SourceError, match=r"run: pip install 'sharpkd-camera\[screen\]'"):
        source_of("screen").__enter__()


def test_specs_are_read_and_titles_stay_private() -> None:
    for spec in ("screen", "screen:1,2,640x360", "screen:Bank - a/b: 10,20 c"):
        source = make_source(spec, size=(64, 48), fps=10)
        assert isinstance(source, ScreenSource)
        assert source.name == public_name(spec) == "screen"
    for spec, said in (("screen:", "names no window"), ("screen:0,0,8x8", "expected at least 16x16 pixels")):
        with pytest.raises(SourceError, match=said):
            make_source(spec, size=(64, 48), fps=10)


def test_on_wayland_the_screen_is_what_the_portal_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WAYLAND_DISPLAY", "wayland-0"), ("XDG_SESSION_TYPE", "wayland")):
        with monkeypatch.context() as session:
            session.setenv(name, value)
            assert isinstance(make_source("screen", size=(64, 48), fps=10), PortalSource)
