"""What the doctor says of the screen as a source, in sessions that lack one thing each."""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from children import join
from fake_portal import FakePortal, Wishes

from vcam.config import Config
from vcam.doctor.case import OK, PROBLEM, WARNING, Case, Finding
from vcam.doctor.examine import list_checks
from vcam.doctor.machine import this_machine
from vcam.doctor.screen import check_screen
from vcam.errors import SinkError

WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}


@contextmanager
def portal_of(address: str, wishes: Wishes) -> Iterator[None]:
    """A portal on a loop of its own: the doctor waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    portal = FakePortal(address, wishes)
    asyncio.run_coroutine_threadsafe(portal.__aenter__(), loop).result(40)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(portal.__aexit__(), loop).result(40)
        loop.call_soon_threadsafe(loop.stop)
        join([thread])
        loop.close()


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    assert finding.check == "screen"
    return finding


def check(environ: dict[str, str]) -> Finding:
    return only(check_screen({**os.environ, **environ}, load=lambda: None))


@pytest.fixture
def session(session_bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a Wayland session with PipeWire and a bus."""
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "KDE")
    with closing(socket.socket(socket.AF_UNIX)) as pipewire:
        pipewire.bind(str(tmp_path / "pipewire-0"))
        pipewire.listen()
        yield {**WAYLAND, "DBUS_SESSION_BUS_ADDRESS": session_bus, "XDG_RUNTIME_DIR": str(tmp_path)}


def test_a_portal_that_shares_is_well_and_an_old_one_asks_each_time(
    session: dict[str, str], session_bus: str
) -> None:
    with portal_of(session_bus, Wishes()):
        assert check(session).level == OK
    with portal_of(session_bus, Wishes(version=3)):
        found = check(session)
    assert found.level == WARNING
    assert found.message.startswith("the desktop's portal is version 3: it asks each time")


def test_a_missing_portal_or_pipewire_has_its_command(
    session: dict[str, str], session_bus: str, tmp_path: Path
) -> None:
    found = check(session)
    assert found.level == PROBLEM
    assert found.message.startswith("no portal answers on this desktop")
    assert found.fix.startswith("sudo apt install xdg-desktop-portal xdg-desktop-portal-kde && systemctl")
    with portal_of(session_bus, Wishes(has_cast=False)):
        assert check(session).message.startswith("this desktop's portal shares no screen")
    (tmp_path / "pipewire-0").unlink()
    found = check(session)
    assert found.message.startswith("PipeWire does not run: nothing answers at")
    assert found.fix == "systemctl --user start pipewire wireplumber"


def test_missing_parts_are_named_with_their_command() -> None:
    def load() -> None:
        raise SinkError(
            "no PipeWire on this system. Run: sudo apt install libpipewire-0.3-0 pipewire wireplumber"
        )

    for environ, part in ((WAYLAND, "dbus_fast"), ({}, "Xlib")):
        found = only(check_screen(environ, has_module=lambda name, part=part: name != part))
        assert found.message == f"the parts for the screen are not installed: {part}"
        assert found.fix == "pip install 'sharpkd-camera[screen]'"
    found = only(check_screen(WAYLAND, load=load, has_module=lambda name: True))
    assert found.fix == "sudo apt install libpipewire-0.3-0 pipewire wireplumber"


def test_an_x_server_is_looked_for_under_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("Xlib", reason="no Xlib; run: pip install 'sharpkd-camera[screen]'")
    monkeypatch.setenv("DISPLAY", ":987")
    found = only(check_screen({"DISPLAY": ":987"}))
    assert found.message.startswith("no X server answers at DISPLAY=':987'")
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb; run: sudo apt install xvfb")
    command = ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "320x240x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        display = f":{server.stdout.readline().strip()}"
        monkeypatch.setenv("DISPLAY", display)
        assert only(check_screen({"DISPLAY": display})).message == f"the X server answers at {display}"
        server.terminate()


def test_the_screen_is_looked_at_where_it_is_the_source() -> None:
    assert "screen" in list_checks(Case(this_machine(), Config(source="screen:Call")))
    assert "screen" not in list_checks(Case(this_machine(), Config()))
