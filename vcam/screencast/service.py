"""Shares the screen for as long as somebody holds the other end of our input."""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from dbus_fast import DBusError
from dbus_fast.aio import MessageBus

from vcam.errors import SinkError, SourceError
from vcam.paths import write_private
from vcam.pipewire.capture import CaptureStream
from vcam.pipewire.library import Library, load_library
from vcam.screencast.output import Output
from vcam.screencast.portal import DeclinedError, Portal, connect, session_address

log = logging.getLogger(__name__)

LONGEST_TOKEN = 4096
CLOSED_S = 1.0  # in which the desktop says that the user has stopped, once the pictures have
OTHER = "let OBS capture the screen and name its virtual camera as the source"
STOPPED = "the screen is not shared any more: somebody has stopped it, or closed what was shared"
LOST = "the desktop does not share the screen any more"


async def share(
    fps: float,
    token_file: Path,
    held: BinaryIO,
    stream: BinaryIO,
    load: Callable[[], Library] = lambda: load_library(other=OTHER),
) -> None:
    """Ask for the screen and pass its pictures on, until `held` ends; frames and words go to `stream`.

    fps         the most frames a second; a still screen gives none
    token_file  keeps what makes the next start ask no more; forgotten when the user stops the sharing

    Words: {"asking": true} before the user is asked; {"shared": true} once the pictures can come;
    {"declined": WHY} if the user does not want to.
    Raises SourceError if the screen cannot be shared, or is not any more.
    """
    try:
        library = load()  # before anybody is asked
    except SinkError as error:
        raise SourceError(str(error)) from None
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    _watch(held, ended)
    bus = await connect(session_address(os.environ))
    connected = asyncio.ensure_future(_stay(bus, ended))
    output = Output(stream, fps)
    portal = Portal(bus, lambda is_stopped: _settle(ended, STOPPED if is_stopped else LOST))
    try:
        asking = asyncio.ensure_future(_ask(portal, token_file, output))
        await asyncio.wait((asking, ended), return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            await _capture(portal, asking.result(), fps, library, output, ended)
        else:
            asking.cancel()
        if ended.result() == STOPPED:
            token_file.unlink(missing_ok=True)  # who has stopped it wants to be asked before the next time
        if ended.result():
            raise SourceError(ended.result())
    except DeclinedError as error:
        output.say({"declined": str(error)})
    finally:
        with suppress(DBusError, SourceError, EOFError, OSError):
            if bus.connected:
                await portal.close()
        connected.cancel()
        bus.disconnect()
        output.close()


async def _ask(portal: Portal, token_file: Path, output: Output) -> int:
    """The node that is shared. Raises DeclinedError, SourceError."""
    facts = await portal.open()
    output.say({"asking": True})
    shared = await portal.ask(facts, read_token(token_file))
    try:
        keep_token(token_file, shared.token)
    except OSError as error:
        log.warning("the desktop will ask again at the next start: %s: %s", token_file, error.strerror)
    return shared.node


async def _stay(bus: MessageBus, ended: "asyncio.Future[str]") -> None:
    """Settle it when the session's bus goes away."""
    with suppress(Exception):  # why it went is of no use to anybody
        await bus.wait_for_disconnect()
    _settle(ended, LOST)


async def _capture(
    portal: Portal, node: int, fps: float, library: Library, output: Output, ended: "asyncio.Future[str]"
) -> None:
    """Pass pictures on until `ended` says why not."""
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[str] = loop.create_future()

    def note_end(why: str) -> None:
        with suppress(RuntimeError):  # the loop has ended before PipeWire's thread
            loop.call_soon_threadsafe(_settle, gone, why)

    fd = await portal.open_remote()
    stream = CaptureStream(fd, node, fps, library, output.put, note_end).open()
    output.say({"shared": True})
    try:
        await asyncio.wait((ended, gone), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await asyncio.wait((ended,), timeout=CLOSED_S)
        _settle(ended, f"{LOST}: {gone.result()}" if gone.done() else LOST)
    finally:
        stream.close()


def read_token(path: Path) -> str:
    """What the last sharing left; empty if there is none that can be read."""
    try:
        return path.read_text(encoding="ascii")[:LONGEST_TOKEN].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def keep_token(path: Path, token: str) -> None:
    """Keep it for this user alone; an empty one forgets the last. Raises OSError."""
    if not token:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, token)


def _watch(held: BinaryIO, ended: "asyncio.Future[str]") -> None:
    """Settle it, without a cause, when the input ends."""
    loop, fd = asyncio.get_running_loop(), held.fileno()

    def read() -> None:
        if not os.read(fd, 4096):
            loop.remove_reader(fd)
            _settle(ended, "")

    loop.add_reader(fd, read)


def _settle(future: "asyncio.Future[str]", value: str) -> None:
    if not future.done():
        future.set_result(value)
