"""The screen of a real Wayland desktop, by its portal and PipeWire. Skipped where these are missing."""

import json
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np
import pytest
from pipewire_session import missing
from wayland_session import COLOURS, OUTPUT, Desktop, missing_desktop

from vcam.conversion.opencv import from_bgr
from vcam.errors import SourceError
from vcam.frame import Frame, Size, from_packed
from vcam.sources import PortalSource, Shares

WHY = missing() or missing_desktop()
pytestmark = [pytest.mark.skipif(bool(WHY), reason=WHY or "here"), pytest.mark.slow]

PATIENCE_S = 40.0  # of a machine that has much else to do
COLOUR_ERROR = 2  # code values: two roundings
RUN = (sys.executable, "-W", "error", "-m", "vcam.cli", "run", "--source", "screen", "--no-restore")


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    desktop = Desktop(tmp_path_factory.mktemp("wl"))
    try:
        yield desktop.open()
    finally:
        desktop.close()


@pytest.fixture
def source(desktop: Desktop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PortalSource]:
    for name, value in desktop.environment.items():
        monkeypatch.setenv(name, value)
    with Shares(tmp_path / "token") as shares:
        yield PortalSource("screen", 30, shares, read_s=PATIENCE_S)


def shows_the_wallpaper(frame: Frame) -> bool:
    """Whether each quarter has its colour, in the middle of it."""
    for number, (red, green, blue) in enumerate(COLOURS):
        wanted = from_bgr(np.full((16, 16, 3), (blue, green, red), np.uint8))
        row, column = (frame.height * (1 + number // 2 * 2) // 4, frame.width * (1 + number % 2 * 2) // 4)
        found = frame.y[row, column], frame.u[row // 2, column // 2], frame.v[row // 2, column // 2]
        expected = wanted.y[0, 0], wanted.u[0, 0], wanted.v[0, 0]
        if max(abs(int(one) - int(other)) for one, other in zip(found, expected, strict=True)) > COLOUR_ERROR:
            return False
    return True


def read_until(source: PortalSource, is_so: Callable[[Frame], bool]) -> list[Frame]:
    """The frames until one of which this is so."""
    deadline_s, frames = time.monotonic() + PATIENCE_S, [next(source)]
    while not is_so(frames[-1]):
        assert time.monotonic() < deadline_s, frames[-1]
        frames.append(next(source))
    return frames


def resize_screen(desktop: Desktop, source: PortalSource, size: Size) -> list[Frame]:
    """The frames until the wallpaper is there in the new size."""
    with desktop.changing():  # of a screen that keeps still, the portal may tell nothing of its new size
        desktop.sway("output", OUTPUT, "mode", "{}x{}".format(*size))
        frames = read_until(source, lambda frame: frame.size == size)
    return frames + read_until(source, shows_the_wallpaper)


def wait_for_stream(desktop: Desktop) -> None:
    """Until a program takes the screen's pictures."""
    deadline_s = time.monotonic() + PATIENCE_S
    while "sharpkd-screen" not in desktop.run("pw-cli", "ls", "Node"):
        assert time.monotonic() < deadline_s
        time.sleep(0.1)


def film_of(desktop: Desktop, film: Path, seconds: int) -> list[Frame]:
    """What `sharpkd run` publishes in its first seconds."""
    options = ("--sink", str(film), "--lossless", "--force", "--size", "1280x720", "--json")
    with desktop.changing():
        done = subprocess.run(
            (*RUN, *options, "--seconds", str(seconds)),
            env=desktop.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S + seconds,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["source"] == "screen"
    if not film.exists():  # it had no picture yet
        return []
    with av.open(str(film)) as container:
        pictures = [one.to_ndarray(format="yuv420p") for one in container.decode(video=0)]
    return [from_packed(one, (1280, 720)) for one in pictures]


def test_the_screen_is_read_and_its_secret_is_private(desktop: Desktop, tmp_path: Path) -> None:
    films = (film_of(desktop, tmp_path / "film.mkv", seconds) for seconds in (4, 12, 30))
    assert any(shows_the_wallpaper(frame) for film in films for frame in film)
    token = Path(desktop.environment["XDG_STATE_HOME"]) / "sharpkd" / "screen-token"
    assert token.read_text()
    assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_a_still_screen_goes_on_and_another_size_is_a_cut(desktop: Desktop, source: PortalSource) -> None:
    with ExitStack() as rest:
        with desktop.changing():
            rest.enter_context(source)
            before = [next(source)]
        before += read_until(source, shows_the_wallpaper)
        still = [next(source) for _ in range(10)]
        desktop.sway("output", OUTPUT, "mode", "800x600")
        after = read_until(source, lambda frame: frame.size == (800, 600) and shows_the_wallpaper(frame))
        desktop.sway("output", OUTPUT, "mode", "1280x720")
        read_until(source, lambda frame: frame.size == (1280, 720) and shows_the_wallpaper(frame))
    frames = [*before, *still, *after]
    assert [frame.index for frame in frames] == list(range(len(frames)))
    turn = next(number for number, frame in enumerate(frames) if frame.size == (800, 600))
    assert [number for number, frame in enumerate(frames) if frame.is_cut] == [0, turn]
    assert all(shows_the_wallpaper(frame) for frame in still)


def test_the_end_of_the_sharing_is_a_fault_and_the_next_opening_shares_again(
    desktop: Desktop, source: PortalSource
) -> None:
    with desktop.changing(), source:
        next(source)
        desktop.backend.kill()
        desktop.backend.wait()
        with pytest.raises(SourceError, match="share"):
            read_until(source, lambda frame: False)
    desktop.start_backend()
    with desktop.changing(), source:
        read_until(source, shows_the_wallpaper)


def test_a_run_ends_with_one_sentence_when_the_sharing_ends(desktop: Desktop) -> None:
    command = (*RUN, "--sink", "null", "--size", "640x360")
    with subprocess.Popen(
        command, env=desktop.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        try:
            wait_for_stream(desktop)
            desktop.backend.kill()
            _, said = run.communicate(timeout=PATIENCE_S)
        finally:
            run.kill()
    assert run.returncode == 4
    assert said.count("\n") == 1
    assert "share" in said
