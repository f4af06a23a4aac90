"""Whether the screen can be a source here: under X11 parts and server, under Wayland portal and PipeWire."""

import asyncio
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec

from vcam.doctor.case import Finding, ok, problem, warning
from vcam.doctor.libraries import START as START_PIPEWIRE
from vcam.doctor.libraries import can_connect, find_sockets
from vcam.errors import SinkError, SourceError
from vcam.pipewire.library import INSTALL, load_library
from vcam.sources.screen import SCREEN, ScreenSource, is_wayland
from vcam.sources.x11 import NEEDED

OTHER_SOURCE = "sharpkd set source auto --save"


def check_screen(
    environ: Mapping[str, str] = os.environ,
    load: Callable[[], object] = load_library,
    has_module: Callable[[str], bool] = lambda name: find_spec(name) is not None,
) -> list[Finding]:
    """Of the session that this program runs in."""
    needed = ("dbus_fast",) if is_wayland(environ) else ("mss", "Xlib")
    missing = [name for name in needed if not has_module(name)]
    if missing:
        return [problem(SCREEN, f"the parts for the screen are not installed: {', '.join(missing)}", NEEDED)]
    return check_portal(environ, load) if is_wayland(environ) else check_x11(environ)


def check_x11(environ: Mapping[str, str]) -> list[Finding]:
    try:
        with ScreenSource(SCREEN, environ=environ):
            return [ok(SCREEN, f"the X server answers at {environ.get('DISPLAY', '')}")]
    except SourceError as error:
        return [problem(SCREEN, str(error), OTHER_SOURCE)]


def check_portal(environ: Mapping[str, str], load: Callable[[], object]) -> list[Finding]:
    from vcam.screencast.portal import REMEMBERS, look, session_address

    try:
        load()
    except SinkError as error:
        return [problem(SCREEN, str(error), INSTALL if INSTALL in str(error) else OTHER_SOURCE)]
    sockets = find_sockets(environ)
    if not any(map(can_connect, sockets)):
        places = " or ".join(map(str, sockets))
        return [problem(SCREEN, f"PipeWire does not run: nothing answers at {places}", START_PIPEWIRE)]
    try:
        facts = asyncio.run(look(session_address(environ)))
    except SourceError as error:
        message, _, fix = str(error).partition(". Run: ")
        return [problem(SCREEN, message, fix or OTHER_SOURCE)]
    if facts.version < REMEMBERS:
        message = (
            f"the desktop's portal is version {facts.version}: it asks each time, {REMEMBERS} would ask once"
        )
        return [warning(SCREEN, message)]
    return [ok(SCREEN, "the desktop's portal shares the screen, and PipeWire answers")]
