"""The tray's process beside panels of several desktops, on a bus of the test's own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from fake_camera import RUNNING, FakeCamera
from fake_panel import PERSONAS, Panel, Persona

from vcam.paths import Paths

ROOT = Path(__file__).resolve().parents[3]
GNOME, KDE, *_ = PERSONAS
FOLLOWS_S = 1.0  # what is promised
BROWSER = """#!/bin/sh
printf "%s %s" "$XDG_ACTIVATION_TOKEN" "$1" > "{noted}.partial" && mv "{noted}.partial" "{noted}"
"""
ODD: list[Any] = [
    [],
    "running",
    None,
    {},
    {"state": None, "warnings": 5, "link_profiles": "360p", "strength": "half", "source": ["a"], "link": {}},
    {"state": "", "strength": float("nan"), "crispness": -1, "denoise": 10**400, "freeze": 1},
    {"state": "r\ud800\0_\n: \x1b[1m", "source": "_" * 5000, "link_profiles": [None, "\0", "a_b", "a_b"]},
    {"state": "dreaming of sheep", "warnings": ["w" * 5000], "link_profiles": [str(n) for n in range(5000)]},
]

pytestmark = pytest.mark.usefixtures("session_bus")


@asynccontextmanager
async def running_tray(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process; killed if it is still there at the end."""
    command = [sys.executable, "-W", "error", "-m", "vcam.cli", "tray", *words]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def end_of(tray: asyncio.subprocess.Process) -> str:
    """Wait until it ends by itself, with code 0; what it said."""
    said, _ = await asyncio.wait_for(tray.communicate(), 20)
    assert tray.returncode == 0, said.decode()
    return said.decode()


@pytest.fixture
def camera(paths: Paths) -> Iterator[FakeCamera]:
    with FakeCamera(paths, RUNNING) as camera:
        yield camera


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_every_panel_shows_the_menu_and_its_clicks_arrive(
    session_bus: str, camera: FakeCamera, persona: Persona
) -> None:
    async def story() -> None:
        async with Panel(session_bus, persona) as panel, running_tray() as tray:
            await panel.until("the state", lambda: panel.has("Live"))
            lines = [line for line in panel.labels() if not line.startswith(" ")]
            assert lines[:5] == ["Live", "--", "Stop", "Pause", "--"]
            await panel.click("Strength", "75%")
            await panel.until("the mark to move", lambda: panel.has("• 75%"))
            assert camera.commands == [{"set": {"strength": 0.75}}]
            assert panel.has("○ 50%")
            camera.status["state"] = "paused"
            await panel.until("the pause", lambda: panel.has("Paused") and panel.has("Resume"))
            await panel.click("Resume")
            await panel.until("the command", lambda: camera.commands[-1] == {"resume": True})
            await panel.click("Quit the tray")
            assert await end_of(tray) == ""
            await panel.until("it to vanish", lambda: not panel.properties)
        assert {"stop": True} not in camera.commands

    asyncio.run(story())


def test_it_follows_the_camera_through_stop_crash_and_start_within_a_second(
    session_bus: str, paths: Paths
) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray():
            await panel.until("the state", lambda: panel.has("Not running"))
            assert panel.has("Start")
            took_s: list[float] = []
            for _ in range(2):
                with FakeCamera(paths, RUNNING) as camera:
                    took_s.append(await panel.until("its start", lambda: panel.has("Live")))
                    camera.status |= {"state": "waiting for camera: no cable"}
                    took_s.append(await panel.until("the cause", lambda: panel.has("no cable")))
                    assert panel.properties["Status"] == "NeedsAttention"
                took_s.append(await panel.until("its end", lambda: panel.has("Not running")))
                assert panel.properties["Status"] == "Active"
        assert median(took_s) < FOLLOWS_S  # a machine that has much else to do may hold one up

    asyncio.run(story())


def test_a_panel_that_is_started_again_gets_the_item_again(session_bus: str, camera: FakeCamera) -> None:
    async def story() -> None:
        async with running_tray("--wait", "30"):
            for persona in (GNOME, KDE):  # the first one comes after the tray, as at login
                async with Panel(session_bus, persona) as panel:
                    await panel.until("the state", lambda panel=panel: panel.has("Live"))

    asyncio.run(story())


def test_without_a_panel_it_says_so_in_one_sentence_and_ends_well(session_bus: str) -> None:
    async def story() -> None:
        async with running_tray("--wait", "0") as tray:
            said = await end_of(tray)
        assert said.startswith("no panel here shows a tray: GNOME needs the extension")
        assert said.count("\n") == 1

    asyncio.run(story())


def test_without_a_session_it_says_so_and_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        for address in ("unix:path=/nonexistent", "nonsense", ""):
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            async with running_tray() as tray:
                assert (await end_of(tray)).startswith("no desktop session is reached from here")

    asyncio.run(story())


def test_it_ends_with_its_session(
    session_bus: str, bus_daemon: subprocess.Popen[str], camera: FakeCamera
) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray() as tray:
            await panel.until("the state", lambda: panel.has("Live"))
            bus_daemon.kill()
            assert await end_of(tray) == ""

    asyncio.run(story())


def test_there_is_one_icon_however_often_it_is_started(session_bus: str, camera: FakeCamera) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray() as first:
            await panel.until("the state", lambda: panel.has("Live"))
            async with running_tray() as second:
                assert await end_of(second) == f"the tray runs already, pid {first.pid}\n"
            first.terminate()
            assert await end_of(first) == ""

    asyncio.run(story())


def test_a_change_is_told_once_with_a_revision_that_only_rises(session_bus: str, camera: FakeCamera) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray():
            await panel.until("the state", lambda: panel.has("Live"))
            panel.signals.clear()
            camera.status |= {"state": "paused", "strength": 1.0}
            await panel.until("the change", lambda: panel.has("Resume") and panel.has("• 100%"))
            camera.status |= {"state": "running"}
            await panel.until("the other", lambda: panel.has("Pause"))
            camera.status |= {"strength": 0.0}
            await panel.until("the mark", lambda: panel.has("Strength") and "  • 100%" not in panel.labels())
            told = [(name, body[0]) for name, body in panel.signals if name == "LayoutUpdated"]
        first = told[0][1]
        assert told == [("LayoutUpdated", first), ("LayoutUpdated", first + 1)]  # none for a mark that moves

    asyncio.run(story())


def test_an_entry_keeps_its_number_while_the_menu_changes(session_bus: str, camera: FakeCamera) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray():
            await panel.until("the state", lambda: panel.has("Pause"))
            seen = panel.number("Pause")
            camera.status |= {"state": "paused", "crispness": None}
            await panel.until("the pause", lambda: panel.has("Resume"))
            assert await panel.ask_menu("EventGroup", "a(isvu)", [[panel.clicked(seen)]]) == [[seen]]
            camera.status |= {"state": "running"}
            await panel.until("the end of it", lambda: panel.has("Pause"))
            assert panel.number("Pause") == seen
        assert camera.commands == []  # a click on what was gone did nothing

    asyncio.run(story())


def test_what_is_refused_is_said_in_the_menu_and_on_the_desktop(session_bus: str, camera: FakeCamera) -> None:
    async def story() -> None:
        camera.refusal = "no profile <270p> & more"
        async with Panel(session_bus, GNOME) as panel, running_tray():
            await panel.until("the menu", lambda: panel.has("270p"))
            await panel.click("Simulated link", "270p")
            await panel.until("the refusal", lambda: panel.has("no profile <270p> & more"))
            assert panel.notices == ["no profile &lt;270p&gt; &amp; more"]
            camera.refusal = ""
            await panel.click("Simulated link", "270p")
            await panel.until("the next success", lambda: not panel.has("no profile <270p> & more"))

    asyncio.run(story())


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:30])
def test_an_odd_status_is_survived(session_bus: str, camera: FakeCamera, odd: object) -> None:
    async def story() -> None:
        async with Panel(session_bus, GNOME) as panel, running_tray():
            await panel.until("the state", lambda: panel.has("Live"))
            camera.status = odd
            await panel.until("the change", lambda: not panel.has("Live"))
            camera.status = dict(RUNNING)
            await panel.until("the state again", lambda: panel.has("Live"))

    asyncio.run(story())


def test_a_click_on_the_icon_opens_the_panel_with_the_token_to_raise_it(
    session_bus: str, camera: FakeCamera, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, noted = tmp_path / "browser", tmp_path / "noted"
    browser.write_text(BROWSER.format(noted=noted))
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))

    async def story() -> None:
        async with Panel(session_bus, KDE) as panel, running_tray():
            await panel.until("the state", lambda: panel.has("Live"))
            await panel.ask_item("ProvideXdgActivationToken", "s", ["token-1"])
            await panel.ask_item("Activate", "ii", [10, 10])
            await panel.until("the browser", noted.exists)
        assert noted.read_text() == f"token-1 {paths.page.as_uri()}"

    asyncio.run(story())
