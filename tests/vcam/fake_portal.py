"""A desktop's portal for sharing the screen, on a bus of the test's own; it answers as its user would."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from vcam.screencast.portal import NAME, PATH, REQUEST, SCREENCAST, SESSION

ANSWER_S = 40.0  # of a machine that has much else to do
UNKNOWN_INTERFACE = "org.freedesktop.DBus.Error.UnknownInterface"


@dataclass
class Wishes:
    """What the portal can do, and what its user does.

    code       of the answer to Start: 0 shared, 1 declined, 2 ended; None: no answer comes
    token      given for the next time
    has_cast   whether this desktop's part can share screens at all
    has_remote  whether it gives a connection to PipeWire, or an error
    """

    version: int = 4
    sources: int = 3
    cursors: int = 7
    code: int | None = 0
    streams: int = 1
    token: str = "first"
    has_cast: bool = True
    has_remote: bool = True


@dataclass
class FakePortal:
    """Owns the portal's name while it is entered; `calls` are methods with their options, as they came."""

    address: str
    wishes: Wishes = field(default_factory=Wishes)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    client: str = ""
    session: str = ""

    async def __aenter__(self) -> Self:
        self._bus = await MessageBus(self.address, negotiate_unix_fd=True).connect()
        self._bus.add_message_handler(self._take)
        await self._bus.request_name(NAME)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bus.disconnect()
        with suppress(EOFError, OSError):  # the bus is gone already
            await self._bus.wait_for_disconnect()

    def options(self, member: str) -> dict[str, Any]:
        """Of the last call of a method."""
        return next(options for name, options in reversed(self.calls) if name == member)

    def has_called(self, member: str) -> bool:
        return any(name == member for name, _ in self.calls)

    async def stop_sharing(self) -> None:
        """The user has had enough."""
        await self._send(self.session, SESSION, "Closed", "", [])

    async def _send(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        signal = Message.new_signal(path, interface, member, signature, body)
        signal.destination = self.client
        await self._bus.send(signal)

    def _take(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface is None:
            return None
        self.client = message.sender or ""
        if message.member == "GetAll":
            return self._list_properties(message)
        options = message.body[-1] if message.body else {}
        self.calls.append((message.member, {key: variant.value for key, variant in options.items()}))
        if message.member == "OpenPipeWireRemote":
            if not self.wishes.has_remote:
                return Message.new_error(message, "org.freedesktop.DBus.Error.Failed", "no PipeWire")
            ours, theirs = os.pipe()
            os.close(ours)
            return Message.new_method_return(message, "h", [0], [theirs])
        if message.interface == SESSION:
            return Message.new_method_return(message)
        return self._answer(message, self.calls[-1][1])

    def _list_properties(self, message: Message) -> Message:
        if not self.wishes.has_cast:
            return Message.new_error(message, UNKNOWN_INTERFACE, f"no {SCREENCAST} here")
        known = {
            "version": Variant("u", self.wishes.version),
            "AvailableSourceTypes": Variant("u", self.wishes.sources),
            "AvailableCursorModes": Variant("u", self.wishes.cursors),
        }
        return Message.new_method_return(message, "a{sv}", [known])

    def _answer(self, message: Message, options: dict[str, Any]) -> Message:
        own = self.client.removeprefix(":").replace(".", "_")
        path = f"{PATH}/request/{own}/{options['handle_token']}"
        results, code = self._results(message, own, options)
        if code is not None:
            answer = self._send(path, REQUEST, "Response", "ua{sv}", [code, results])
            asyncio.get_running_loop().create_task(answer)
        return Message.new_method_return(message, "o", [path])

    def _results(
        self, message: Message, own: str, options: dict[str, Any]
    ) -> tuple[dict[str, Variant], int | None]:
        if message.member == "CreateSession":
            self.session = f"{PATH}/session/{own}/{options['session_handle_token']}"
            return {"session_handle": Variant("s", self.session)}, 0
        if message.member != "Start":
            return {}, 0
        streams = [[36 + number, {}] for number in range(self.wishes.streams)]
        results = {"streams": Variant("a(ua{sv})", streams)}
        if self.wishes.token:
            results["restore_token"] = Variant("s", self.wishes.token)
        return (results if self.wishes.code == 0 else {}), self.wishes.code


async def until(what: str, is_so: Callable[[], object]) -> None:
    """Ask again and again. Raises AssertionError after ANSWER_S."""
    deadline_s = time.monotonic() + ANSWER_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        await asyncio.sleep(0.01)
