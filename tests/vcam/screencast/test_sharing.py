"""The process that shares a Wayland desktop's screen, on a real bus: what it asks, and how it ends."""

import asyncio
import errno
import io
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("dbus_fast", reason="no dbus-fast; run: pip install dbus-fast")

from dbus_fast import Message
from dbus_fast.aio import MessageBus
from fake_portal import FakePortal, Wishes, until
from fake_screen import FakeScreen, Shot

from vcam.errors import SinkError, SourceError
from vcam.frame import Frame
from vcam.pipewire import library as pw
from vcam.screencast import __main__ as program
from vcam.screencast.portal import PATH, REQUEST, connect, explain_absence
from vcam.screencast.service import LOST, STOPPED, share
from vcam.wire import read_one

BROWN = np.full((48, 64, 4), (30, 60, 90, 255), np.uint8)
UNKNOWN = "org.freedesktop.DBus.Error.ServiceUnknown"


@dataclass
class Sharing:
    """What the process has, and what came out of it."""

    screen: FakeScreen
    work: "asyncio.Task[None]"
    held: int
    stream: io.BytesIO

    def let_go(self) -> None:
        if self.held >= 0:
            os.close(self.held)
        self.held = -1

    async def error(self) -> str:
        with pytest.raises(SourceError) as caught:
            await asyncio.wait_for(self.work, 40)
        return str(caught.value)

    def written(self) -> list[Frame | dict[str, Any]]:
        self.stream.seek(0)
        found = []
        while (one := read_one(self.stream)) is not None:
            found.append(one)
        return found


@asynccontextmanager
async def sharing(folder: Path) -> AsyncIterator[Sharing]:
    """`share` with a libpipewire that the test plays, until its input is let go."""
    screen, stream = FakeScreen(), io.BytesIO()
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb", buffering=0) as held:
        work = asyncio.ensure_future(share(30, folder / "token", held, stream, load=lambda: screen))
        one = Sharing(screen, work, theirs, stream)
        try:
            yield one
        finally:
            one.let_go()
            await asyncio.wait((work,))


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_it_asks_once_and_the_secret_for_the_next_time_is_private(session_bus: str, tmp_path: Path) -> None:
    token = tmp_path / "token"

    async def story() -> None:
        async with FakePortal(session_bus) as portal:
            async with sharing(tmp_path) as one:
                await until("the stream", lambda: one.screen.target == 36)
                one.screen.settle((64, 48))
                one.screen.show(Shot(BROWN))
                await until("the frame", lambda: len(one.stream.getvalue()) > BROWN.size // 4)
                one.let_go()
                await one.work
            asked = portal.options("SelectSources")
            assert {key: asked[key] for key in ("types", "multiple", "cursor_mode", "persist_mode")} == {
                "types": 3,
                "multiple": False,
                "cursor_mode": 2,
                "persist_mode": 2,
            }
            assert "restore_token" not in asked
            assert portal.has_called("Close")  # the desktop says no longer that the screen is shared
            words = one.written()
            assert words[:2] == [{"asking": True}, {"shared": True}]
            assert isinstance(words[2], Frame)
            assert words[2].size == (64, 48)
            assert words[2].is_cut
            assert token.read_text() == "first"
            assert stat.S_IMODE(token.stat().st_mode) == 0o600
            portal.wishes.token = "second"
            async with sharing(tmp_path) as again:
                await until("the stream", lambda: again.screen.target == 36)
            assert portal.options("SelectSources")["restore_token"] == "first"
        assert token.read_text() == "second"

    run(story)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(code=1), "sharing the screen was declined in the desktop's dialog"),
        (Wishes(code=2), "the desktop's dialog for sharing the screen has ended without an answer"),
        (Wishes(streams=0), "nothing was chosen in the desktop's dialog for sharing the screen"),
    ],
    ids=["declined", "ended", "nothing"],
)
def test_a_no_is_told_as_such(session_bus: str, tmp_path: Path, wishes: Wishes, said: str) -> None:
    async def story() -> None:
        async with FakePortal(session_bus, wishes) as portal, sharing(tmp_path) as one:
            await one.work
            assert one.written() == [{"asking": True}, {"declined": said}]
            assert portal.has_called("Close")

    run(story)


def test_who_stops_the_sharing_is_asked_before_the_next_time(session_bus: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with FakePortal(session_bus) as portal, sharing(tmp_path) as one:
            await until("the stream", lambda: one.screen.target == 36)
            await portal.stop_sharing()
            assert await one.error() == STOPPED
            assert one.screen.calls[-1] == "destroy loop"
        assert not (tmp_path / "token").exists()

    run(story)


def test_a_portal_or_a_stream_that_ends_is_an_error_and_the_next_time_asks_nobody(
    session_bus: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with sharing(tmp_path) as one:
            async with FakePortal(session_bus):
                await until("the stream", lambda: one.screen.target == 36)
            assert await one.error() == "the desktop does not share the screen any more"
        async with FakePortal(session_bus), sharing(tmp_path) as one:
            await until("the stream", lambda: one.screen.target == 36)
            one.screen.set_state(pw.ERROR, b"target not found")
            assert await one.error() == "the desktop does not share the screen any more: target not found"
        assert (tmp_path / "token").read_text() == "first"

    run(story)


def test_while_nobody_answers_the_input_ends_it_and_the_dialog_goes(session_bus: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with FakePortal(session_bus, Wishes(code=None)) as portal, sharing(tmp_path) as one:
            await until("the dialog", lambda: portal.has_called("Start"))
            one.let_go()
            await one.work
            assert portal.has_called("Close")
            assert one.written() == [{"asking": True}]

    run(story)


def test_an_older_portal_is_asked_for_what_it_has(session_bus: str, tmp_path: Path) -> None:
    async def story() -> None:
        wishes = Wishes(version=1, sources=1, cursors=1, token="")
        async with FakePortal(session_bus, wishes) as portal, sharing(tmp_path) as one:
            await until("the stream", lambda: one.screen.target == 36)
            asked = portal.options("SelectSources")
            assert asked["types"] == 1
            assert not {"cursor_mode", "persist_mode"} & set(asked)

    run(story)


def test_another_program_cannot_answer_for_the_portal(session_bus: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with FakePortal(session_bus, Wishes(code=None)) as portal, sharing(tmp_path) as one:
            await until("the dialog", lambda: portal.has_called("Start"))
            stranger = await MessageBus(session_bus).connect()
            own = portal.client.removeprefix(":").replace(".", "_")
            path = f"{PATH}/request/{own}/{portal.options('Start')['handle_token']}"
            signal = Message.new_signal(path, REQUEST, "Response", "ua{sv}", [1, {}])
            signal.destination = portal.client
            await stranger.send(signal)
            await stranger.introspect("org.freedesktop.DBus", "/org/freedesktop/DBus")  # it has been sent
            stranger.disconnect()
            await portal.stop_sharing()  # which comes after it
            assert await one.error() == STOPPED
            assert one.written() == [{"asking": True}]

    run(story)


def test_without_a_portal_it_says_which_packages_have_one(
    session_bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")

    async def story() -> None:
        async with sharing(tmp_path) as one:
            assert (await one.error()).startswith(
                "no portal answers on this desktop, and on Wayland only that"
            )
        async with FakePortal(session_bus, Wishes(has_cast=False)), sharing(tmp_path) as one:
            said = await one.error()
        assert said.startswith("this desktop's portal shares no screen")
        assert "sudo apt install xdg-desktop-portal xdg-desktop-portal-gnome" in said
        async with FakePortal(session_bus, Wishes(sources=0)), sharing(tmp_path) as one:
            assert await one.error() == said

    run(story)
    assert explain_absence(UNKNOWN, {}).endswith("the part that is your desktop's (-gnome, -kde, -wlr)")


def test_without_a_session_or_pipewire_it_says_so_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load() -> None:
        raise SinkError("no PipeWire on this system. Run: sudo apt install it")

    async def without(load: Callable[[], Any]) -> str:
        ours, theirs = os.pipe()
        with (
            os.fdopen(ours, "rb", buffering=0) as held,
            os.fdopen(theirs, "wb"),
            pytest.raises(SourceError) as caught,
        ):
            await share(30, tmp_path / "token", held, io.BytesIO(), load=load)
        return str(caught.value)

    for address in ("unix:path=/nonexistent", "nonsense"):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert asyncio.run(without(FakeScreen)).startswith("no desktop session is reached from here")
    assert asyncio.run(without(load)).startswith("no PipeWire on this system")


def test_without_its_parts_it_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in [name for name in sys.modules if name.startswith("vcam.screencast.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dbus_fast", None)
    monkeypatch.setattr(sys, "argv", ["screencast", "30", "/nonexistent/token"])
    assert program.main() == 1
    word = read_one(io.BytesIO(capfdbinary.readouterr().out))
    assert word == {"error": program.MISSING}


def test_a_bus_that_says_nothing_is_not_awaited_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcam.screencast.portal.CONNECT_S", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        with pytest.raises(SourceError, match="the session's bus did not answer within"):
            asyncio.run(asyncio.wait_for(connect(f"unix:path={tmp_path}/bus"), 20))


def test_a_bus_that_ends_while_nobody_answers_ends_the_sharing(
    bus_daemon: "subprocess.Popen[str]", session_bus: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with FakePortal(session_bus, Wishes(code=None)) as portal, sharing(tmp_path) as one:
            await until("the dialog", lambda: portal.has_called("Start"))
            bus_daemon.kill()
            assert await one.error() == LOST

    run(story)


def test_a_token_that_cannot_be_kept_does_not_end_what_was_allowed(
    session_bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(path: Path, token: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def story() -> None:
        async with FakePortal(session_bus), sharing(tmp_path) as one:
            await until("the stream", lambda: one.screen.target == 36)

    monkeypatch.setattr("vcam.screencast.service.keep_token", fill)
    run(story)


def test_an_error_in_place_of_a_connection_is_a_sentence(session_bus: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with FakePortal(session_bus, Wishes(has_remote=False)), sharing(tmp_path) as one:
            assert await one.error() == "the desktop's portal refuses to share the screen: no PipeWire"

    run(story)
