"""The tray: reads the camera, shows what it read, and does what is clicked.

It asks for the status twice a second: the control API has no long poll, and that costs the camera under a
hundredth of a core. While no panel is there to show anything, nothing is asked.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from dbus_fast import DBusError
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from vcam.errors import VcamError
from vcam.tray import dbusmenu, item
from vcam.tray.answers import DEVICES, DOCTOR, Findings, read_choices, read_findings
from vcam.tray.camera import CameraLink
from vcam.tray.dbusmenu import DBusMenu
from vcam.tray.entry import Action, Ask, Own, Run
from vcam.tray.icons import pixmaps
from vcam.tray.item import Face, StatusNotifierItem
from vcam.tray.menu import Known, menu_of
from vcam.tray.notice import notice
from vcam.tray.state import Kind, State, state_of
from vcam.tray.watcher import Watcher

log = logging.getLogger(__name__)

READ_S = 0.5
CAMERAS_S = 10.0  # a list of cameras this old is asked for again when the menu opens
DIAGNOSIS_S = 60.0  # a camera whose cable is loose must not keep the doctor busy
OPEN = Run(("open",))
NO_PANEL = (
    "no panel here shows a tray: GNOME needs the extension AppIndicator, other desktops their panel's tray. "
    "The camera does not need it"
)
NO_SESSION = "no desktop session is reached from here, so that there is no tray. The camera does not need it"


@dataclass(frozen=True)
class Terms:
    """How the tray runs.

    patience_s  how long it waits for a panel that is not there yet
    find_icon   the name of the symbolic icon for a kind of state; empty where none is installed
    """

    patience_s: float
    find_icon: Callable[[Kind], str]


async def show_tray(camera: CameraLink, terms: Terms) -> str:
    """Show the icon until it is told to quit, or the session ends.

    Returns one sentence, where there was nothing to show it in; else an empty text.
    """
    try:
        bus = await MessageBus(session_address()).connect()
    except (InvalidAddressError, AuthError, OSError, EOFError):
        return NO_SESSION
    try:
        return await Tray(bus, camera, terms).run()
    except (DBusError, ConnectionError, EOFError):  # the session has ended
        return ""
    finally:
        bus.disconnect()


class Tray:
    """Holds what is known of the camera, and nothing of its own."""

    def __init__(self, bus: MessageBus, camera: CameraLink, terms: Terms) -> None:
        self._bus = bus
        self._camera = camera
        self._terms = terms
        self._known = Known()
        self._state = state_of(self._known.reading)
        self._menu = DBusMenu(self._click, self._look_for_cameras)
        self._item = StatusNotifierItem(self._face(self._state), self._activate)
        self._watcher = Watcher(bus, item.PATH)
        self._is_over = asyncio.Event()
        self._is_due = asyncio.Event()  # a reading is wanted before its time
        self._tasks: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self._cameras_s = self._diagnosis_s = -1e9  # when they were asked for

    async def run(self) -> str:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._is_over.set)
        await self._read()  # before a panel can ask: what it is told at once after that, it may miss
        self._bus.export(dbusmenu.PATH, self._menu)
        self._bus.export(item.PATH, self._item)
        await self._watcher.open()
        if not await self._is_awaited():
            return "" if self._is_over.is_set() else NO_PANEL
        self._start(self._follow())
        await first_of(self._is_over.wait(), self._bus.wait_for_disconnect())
        if self._bug is not None:
            raise self._bug
        return ""

    async def _is_awaited(self) -> bool:
        """Whether a panel comes in time."""
        waits = (self._watcher.is_there.wait(), self._is_over.wait(), asyncio.sleep(self._terms.patience_s))
        await first_of(*waits)
        return self._watcher.is_there.is_set()

    async def _follow(self) -> None:
        self._look_for_cameras()
        while True:
            await self._watcher.is_there.wait()
            self._is_due.clear()
            await self._read()
            await first_of(self._is_due.wait(), asyncio.sleep(READ_S))

    async def _read(self) -> None:
        reading = await self._camera.read()
        self._show(replace(self._known, reading=reading))

    def _show(self, known: Known) -> None:
        before, self._state = self._state, state_of(known.reading)
        if before != self._state and known.findings and not known.findings.is_looking:
            known = replace(known, findings=None)  # of what was before
        self._known = known
        self._menu.show(menu_of(known))
        self._item.show(self._face(self._state))
        if self._state.kind is Kind.TROUBLE and before.kind is not Kind.TROUBLE:
            self._diagnose(self._diagnosis_s + DIAGNOSIS_S)

    def _face(self, state: State) -> Face:
        words = ": ".join(filter(None, (state.name, state.cause)))
        name = self._terms.find_icon(state.kind)
        return Face(name, pixmaps(state.kind), words, state.kind is Kind.TROUBLE)

    def _activate(self, token: str) -> None:
        self._start(self._carry_out(OPEN, token))

    def _click(self, action: Action) -> None:
        if action is Own.QUIT:
            self._is_over.set()
        elif action is Own.DIAGNOSE:
            self._diagnose()
        else:
            self._start(self._carry_out(action))

    async def _carry_out(self, action: Action, token: str = "") -> None:
        """Do what was clicked; if it comes to nothing, say so in the menu until something else does."""
        failure = ""
        try:
            if isinstance(action, Ask):
                await self._camera.ask(action)
            elif isinstance(action, Run):
                await self._camera.run(action, token)
        except VcamError as error:
            failure = str(error)
            self._bus.send(notice("This could not be done", failure))
        self._show(replace(self._known, failure=failure))
        self._is_due.set()

    def _look_for_cameras(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._cameras_s + CAMERAS_S:
            self._cameras_s = now_s
            self._start(self._list_cameras())

    async def _list_cameras(self) -> None:
        try:
            cameras = read_choices(await self._camera.question(DEVICES))
        except VcamError as error:
            log.warning("no list of cameras: %s", error)
            return
        self._show(replace(self._known, cameras=cameras))

    def _diagnose(self, not_before_s: float = -1e9) -> None:
        is_looking = self._known.findings is not None and self._known.findings.is_looking
        now_s = asyncio.get_running_loop().time()
        if not is_looking and now_s >= not_before_s:
            self._diagnosis_s = now_s
            self._start(self._ask_the_doctor())

    async def _ask_the_doctor(self) -> None:
        self._show(replace(self._known, findings=Findings(is_looking=True)))
        try:
            findings = read_findings(await self._camera.question(DOCTOR))
        except VcamError as error:
            findings = Findings(str(error))
        self._show(replace(self._known, findings=findings))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the rest. A bug in it ends the tray, with its traceback, and no call."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._bug = task.exception()
            self._is_over.set()


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait until one of them is done; the others are given up. Raises what that one raises."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def session_address() -> str:
    """Where the session's bus listens: as the session says, or else where systemd has it."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return os.environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"
