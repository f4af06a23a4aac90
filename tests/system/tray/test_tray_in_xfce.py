"""The tray in a real panel: Xfce's, with real settings, a real camera and a mouse."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from xfce_session import HEIGHT, XfceSession, missing

from vcam.config import KEYS, Config
from vcam.config_file import save_settings

ICON = 24  # pixels at the panel's left end; nothing else is in it
TRAY = [sys.executable, "-W", "error", "-m", "vcam.cli", "tray"]

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.timeout(400),  # each wait has its own limit
]


@pytest.fixture(params=["dark", "light"])
def session(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[XfceSession]:
    session = XfceSession(tmp_path)
    config = Config(source="pattern", sink="null", size=(320, 240), threads=1, provider="cpu")
    save_settings(session.make("config/sharpkd") / "config.toml", config, KEYS)
    try:
        yield session.open(is_dark=request.param == "dark")
    finally:
        session.sharpkd("stop")
        session.close()


def icon(session: XfceSession) -> np.ndarray:
    """The pixels where an icon is shown, in grey."""
    return session.screen()[:HEIGHT, :ICON].mean(axis=2)


def is_empty(session: XfceSession) -> bool:
    return bool(np.ptp(icon(session)[2:-2, 2:-2]) < 8)  # a theme may draw a faint gradient


def is_in_the_panel_s_colour(session: XfceSession) -> bool:
    """A bright mark on a dark panel, a dark one on a bright panel, at its icon's contrast."""
    ground = session.screen()[HEIGHT // 2, -1].mean()
    mark = icon(session).max() if ground < 128 else icon(session).min()
    return bool(abs(mark - ground) > 100)


def test_it_shows_its_icon_and_menu_survives_the_panel_and_vanishes_with_its_process(
    session: XfceSession, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.params["session"]
    session.sharpkd("install")
    session.still_screen()
    assert is_empty(session)

    tray = session.start(*TRAY)
    session.until("the icon", lambda: not is_empty(session))
    session.still_screen()
    assert is_in_the_panel_s_colour(session)
    off = icon(session)

    session.sharpkd("start")
    session.until("another icon", lambda: not np.array_equal(icon(session), off))
    before = session.still_screen()
    session.run("xdotool", "mousemove", "12", "16", "click", "3")
    session.until("the menu", lambda: not np.array_equal(session.screen()[HEIGHT:], before[HEIGHT:]))
    session.keep(f"tray-{name}-menu")
    session.run("xdotool", "key", "Down", "Down", "Return")  # past Stop, to Pause
    session.run("xdotool", "mousemove", "600", "400")  # a pointer that rests on the icon shows its tool tip
    session.until("the pause", lambda: "paused" in session.sharpkd("status"))
    session.until("the menu to close", lambda: np.array_equal(session.screen()[HEIGHT:], before[HEIGHT:]))

    session.restart_panel()
    session.until("the icon again", lambda: not is_empty(session))
    session.keep(f"tray-{name}-paused")

    tray.kill()
    session.until("the icon to vanish", lambda: is_empty(session))
    assert "paused" in session.sharpkd("status")
