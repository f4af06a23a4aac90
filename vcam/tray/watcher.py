"""Registration of the icon: org.kde.StatusNotifierWatcher, the name that every panel with a tray has."""

import asyncio
import logging

from dbus_fast import DBusError, Message, MessageType
from dbus_fast.aio import MessageBus

log = logging.getLogger(__name__)

NAME = "org.kde.StatusNotifierWatcher"
ANSWER_S = 5.0
BUS = "org.freedesktop.DBus"
RULE = f"type='signal',sender='{BUS}',interface='{BUS}',member='NameOwnerChanged',arg0='{NAME}'"


class Watcher:
    """Keeps an item registered, with each watcher that comes: a panel that is started again has forgotten it.

    path  of the item. It is registered by this path on the connection's unique name, as a sandbox allows no
          other. There is no way to take it back but to close the connection

    `is_there` is set while there is a watcher.
    """

    def __init__(self, bus: MessageBus, path: str) -> None:
        self.is_there = asyncio.Event()
        self._bus = bus
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen for watchers, and register with the one that is there. Raises DBusError, OSError."""
        self._bus.add_message_handler(self._note)
        await call(self._bus, _ask_bus("AddMatch", RULE))
        (is_there,) = await call(self._bus, _ask_bus("NameHasOwner", NAME))
        if is_there:
            self._greet()

    def _note(self, message: Message) -> None:
        is_change = message.message_type is MessageType.SIGNAL and message.member == "NameOwnerChanged"
        if not is_change or message.sender != BUS or message.body[0] != NAME:
            return
        if message.body[2]:
            self._greet()
        else:
            self.is_there.clear()

    def _greet(self) -> None:
        self.is_there.set()
        task = asyncio.get_running_loop().create_task(self._register())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _register(self) -> None:
        request = Message(
            destination=NAME,
            path="/StatusNotifierWatcher",
            interface=NAME,
            member="RegisterStatusNotifierItem",
            signature="s",
            body=[self._path],
        )
        try:
            await call(self._bus, request)
        except (DBusError, TimeoutError) as error:  # another one may come, and is asked then
            log.warning("the panel does not take the icon: %s", error)


async def call(bus: MessageBus, request: Message) -> list[object]:
    """The values of an answer. Raises DBusError if it is an error, TimeoutError after ANSWER_S."""
    answer = await asyncio.wait_for(bus.call(request), ANSWER_S)
    if answer.message_type is MessageType.ERROR:
        raise DBusError._from_message(answer)
    return answer.body


def _ask_bus(member: str, text: str) -> Message:
    return Message(
        destination=BUS,
        path="/org/freedesktop/DBus",
        interface=BUS,
        member=member,
        signature="s",
        body=[text],
    )
