"""The desktop's own dialog for sharing the screen: org.freedesktop.portal.ScreenCast, over D-Bus.

Source: xdg-desktop-portal's org.freedesktop.portal.ScreenCast.xml, Request.xml and Session.xml. A request is
a method that returns at once; its answer is a signal from an object whose path we choose, since version 0.9.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dbus_fast import DBusError, ErrorType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, InvalidAddressError

from vcam.errors import SourceError

NAME, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SCREENCAST = "org.freedesktop.portal.ScreenCast"
REQUEST, SESSION = "org.freedesktop.portal.Request", "org.freedesktop.portal.Session"
BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"
CONNECT_S = 5.0  # to the session's bus, which is there or not
ANSWER_S = 25.0  # a portal is started when it is first asked, and its desktop's part after it

MONITOR, WINDOW = 1, 2  # AvailableSourceTypes
CURSOR_EMBEDDED = 2  # AvailableCursorModes: drawn into the picture
REMEMBERS = 4  # the version that has restore tokens
UNTIL_REVOKED = 2  # persist_mode

BACKENDS = {  # which package asks on which desktop, by XDG_CURRENT_DESKTOP
    "GNOME": "xdg-desktop-portal-gnome",
    "KDE": "xdg-desktop-portal-kde",
    "Hyprland": "xdg-desktop-portal-hyprland",
    "sway": "xdg-desktop-portal-wlr",
    "wlroots": "xdg-desktop-portal-wlr",
    "river": "xdg-desktop-portal-wlr",
    "Wayfire": "xdg-desktop-portal-wlr",
}
NO_SESSION = "no desktop session is reached from here, so that nobody can share the screen; run it in one"
RESTART = "Run: systemctl --user restart xdg-desktop-portal"
NO_ANSWER_OF_BUS = (
    f"the session's bus did not answer within {CONNECT_S:.0f} s; log out and in again, or restart it"
)
REFUSED = "the desktop's portal refuses to share the screen: {}"
NO_ANSWER = f"the desktop's portal did not answer within {ANSWER_S:.0f} s. {RESTART}"


class DeclinedError(SourceError):
    """Who was asked does not share the screen."""


@dataclass(frozen=True)
class Facts:
    """What a portal can do: its version, the kinds of sources and cursors that it has, as bits."""

    version: int
    sources: int
    cursors: int


@dataclass(frozen=True)
class Shared:
    """What the user has chosen.

    node   of PipeWire's
    token  asks for the same again without a dialog, once; empty if it is not to be remembered
    """

    node: int
    token: str


class Portal:
    """A conversation with the portal, over a bus that passes descriptors.

    on_end  called once the user, or the desktop, has ended the sharing: True, or the portal is gone: False
    """

    def __init__(self, bus: MessageBus, on_end: Callable[[bool], None]) -> None:
        self._bus = bus
        self._on_end = on_end
        self._owner = ""
        self._session = ""
        self._count = 0
        self._answers: dict[str, asyncio.Future[tuple[int, dict[str, Any]]]] = {}

    async def open(self) -> Facts:
        """Look for the portal. Raises SourceError if there is none, or it shares no screen."""
        self._bus.add_message_handler(self._note)
        rules = (
            f"type='signal',sender='{NAME}',interface='{REQUEST}',member='Response'",
            f"type='signal',sender='{NAME}',interface='{SESSION}',member='Closed'",
            f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{NAME}'",
        )
        try:
            for rule in rules:
                await self._call(BUS, BUS_PATH, BUS, "AddMatch", "s", [rule])
            (found,) = await self._call(NAME, PATH, f"{BUS}.Properties", "GetAll", "s", [SCREENCAST])
            (self._owner,) = await self._call(BUS, BUS_PATH, BUS, "GetNameOwner", "s", [NAME])
        except DBusError as error:
            raise SourceError(explain_absence(error.type, os.environ)) from None
        values = {key: variant.value for key, variant in found.items()}
        facts = Facts(
            values.get("version", 1),
            values.get("AvailableSourceTypes", 0),
            values.get("AvailableCursorModes", 0),
        )
        if not facts.sources & (MONITOR | WINDOW):
            raise SourceError(explain_absence(ErrorType.UNKNOWN_INTERFACE.value, os.environ))
        return facts

    async def ask(self, facts: Facts, token: str) -> Shared:
        """Have the user choose a screen or a window; with a token that is known, without a dialog.

        Raises DeclinedError if the user does not want to, SourceError.
        """
        created = await self._request("CreateSession", "", [], {"session_handle_token": _text("sharpkd")})
        self._session = str(created["session_handle"])
        options = {"types": _number(facts.sources & (MONITOR | WINDOW)), "multiple": Variant("b", False)}
        if facts.cursors & CURSOR_EMBEDDED:
            options["cursor_mode"] = _number(CURSOR_EMBEDDED)
        if facts.version >= REMEMBERS:
            options["persist_mode"] = _number(UNTIL_REVOKED)
            options |= {"restore_token": _text(token)} if token else {}
        await self._request("SelectSources", "o", [self._session], options)
        started = await self._request("Start", "os", [self._session, ""], {})
        streams = started.get("streams")
        if not streams:
            raise DeclinedError("nothing was chosen in the desktop's dialog for sharing the screen")
        return Shared(int(streams[0][0]), str(started.get("restore_token", "")))

    async def open_remote(self) -> int:
        """A connection to PipeWire that sees what is shared: a descriptor, for the caller to close."""
        request = self._message(NAME, PATH, SCREENCAST, "OpenPipeWireRemote", "oa{sv}", [self._session, {}])
        try:
            answer = await self._send(request)
        except DBusError as error:
            raise SourceError(REFUSED.format(error.text)) from None
        if not answer.unix_fds:
            raise SourceError(f"the desktop's portal gave no connection to PipeWire. {RESTART}")
        return int(answer.unix_fds[answer.body[0]])

    async def close(self) -> None:
        """End the sharing, so that the desktop stops saying that the screen is shared."""
        self._bus.remove_message_handler(self._note)
        session, self._session = self._session, ""
        if session:
            await self._call(NAME, session, SESSION, "Close", "", [])

    async def _request(
        self, member: str, signature: str, body: list[Any], options: dict[str, Variant]
    ) -> dict[str, Any]:
        """The results of a request, which may take as long as a person needs. Raises SourceError."""
        self._count += 1
        token = f"sharpkd{self._count}"
        own = (self._bus.unique_name or "").removeprefix(":").replace(".", "_")
        path = f"{PATH}/request/{own}/{token}"
        answer = self._answers[path] = asyncio.get_running_loop().create_future()
        options = {**options, "handle_token": _text(token)}
        try:
            await self._call(NAME, PATH, SCREENCAST, member, f"{signature}a{{sv}}", [*body, options])
            code, results = await answer
        except DBusError as error:
            raise SourceError(REFUSED.format(error.text)) from None
        finally:
            self._answers.clear()
        if code == 1:
            raise DeclinedError("sharing the screen was declined in the desktop's dialog")
        if code:
            raise DeclinedError("the desktop's dialog for sharing the screen has ended without an answer")
        return results

    def _note(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == BUS and message.member == "NameOwnerChanged" and message.body[0] == NAME:
            if self._owner and message.body[2] != self._owner:
                self._lose()
        elif message.sender != self._owner:  # any program can send us a signal
            return
        elif message.member == "Response" and message.path in self._answers:
            answer = self._answers[message.path]
            if not answer.done():
                code, results = message.body
                answer.set_result((code, {key: variant.value for key, variant in results.items()}))
        elif message.member == "Closed" and message.path == self._session:
            self._session = ""
            self._on_end(True)

    def _lose(self) -> None:
        self._session = ""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(
                    SourceError("the desktop's portal has ended; it is started again when asked")
                )
        self._on_end(False)

    def _message(
        self, name: str, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> Message:
        return Message(
            destination=name, path=path, interface=interface, member=member, signature=signature, body=body
        )

    async def _call(self, *what: Any) -> list[Any]:
        """The values of a method's answer. Raises DBusError, SourceError after ANSWER_S."""
        return list((await self._send(self._message(*what))).body)

    async def _send(self, request: Message) -> Message:
        try:
            answer = await asyncio.wait_for(self._bus.call(request), ANSWER_S)
        except TimeoutError:
            raise SourceError(NO_ANSWER) from None
        if answer.message_type is MessageType.ERROR:
            raise DBusError._from_message(answer)
        return answer


async def connect(address: str) -> MessageBus:
    """The session's bus, for descriptors as well. Raises SourceError, also after CONNECT_S."""
    try:
        return await asyncio.wait_for(MessageBus(address, negotiate_unix_fd=True).connect(), CONNECT_S)
    except TimeoutError:
        raise SourceError(NO_ANSWER_OF_BUS) from None
    except (InvalidAddressError, AuthError, OSError, EOFError):
        raise SourceError(NO_SESSION) from None


async def look(address: str) -> Facts:
    """What the portal of a session can do. Raises SourceError if there is none, or it shares no screen."""
    bus = await connect(address)
    try:
        return await Portal(bus, lambda is_stopped: None).open()
    finally:
        bus.disconnect()


def session_address(environ: Mapping[str, str]) -> str:
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"


def explain_absence(error: str, environ: Mapping[str, str]) -> str:
    """Why a bus has no portal that shares the screen, and which packages have one.

    error  D-Bus's name of what came instead of an answer
    """
    desktops = environ.get("XDG_CURRENT_DESKTOP", "").split(":")
    backend = next((BACKENDS[name] for name in desktops if name in BACKENDS), "")
    if error == ErrorType.SERVICE_UNKNOWN.value:
        why = "no portal answers on this desktop, and on Wayland only that shares the screen"
    else:
        why = "this desktop's portal shares no screen: its part for that is missing"
    if not backend:
        return f"{why}. Install xdg-desktop-portal and the part that is your desktop's (-gnome, -kde, -wlr)"
    packages = f"xdg-desktop-portal {backend}"
    return f"{why}. Run: sudo apt install {packages} && systemctl --user restart xdg-desktop-portal"


def _text(value: str) -> Variant:
    return Variant("s", value)


def _number(value: int) -> Variant:
    return Variant("u", value)
