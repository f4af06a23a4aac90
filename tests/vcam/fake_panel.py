"""A panel with a tray, as several desktops have one: what each asks of an item is data, a Persona.

Read in their sources: gnome-shell-extension-appindicator (dbusMenu.js), Plasma (dbusmenuimporter.cpp),
libdbusmenu (client.c, which xfce4-panel, waybar and MATE use), Cinnamon's xapp.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"
ANSWER_S = 40.0  # of a machine that has much else to do


@dataclass(frozen=True)
class Persona:
    """What a panel asks of a menu.

    layout    properties that it asks GetLayout for; empty: all
    depth     levels that it asks GetLayout for at once; -1: all
    is_late   asks for the properties of new entries by GetGroupProperties
    click     the method that brings a click
    prepare   the method that says that the menu is about to be seen
    """

    name: str
    layout: tuple[str, ...] = ()
    depth: int = -1
    is_late: bool = False
    click: str = "Event"
    prepare: str = "AboutToShow"


PERSONAS = (
    Persona("gnome", layout=("type", "children-display"), is_late=True),
    Persona("kde", depth=1),
    Persona("libdbusmenu", click="EventGroup", prepare="AboutToShowGroup"),
    Persona("cinnamon", layout=("type", "children-display"), is_late=True, prepare="AboutToShowGroup"),
)


@dataclass
class Shown:
    """A menu entry as the panel has it."""

    properties: dict[str, Any]
    children: list[int] = field(default_factory=list)


class Panel:
    """Owns the watcher's name; shows the one item that registers, and its menu."""

    def __init__(self, address: str, persona: Persona) -> None:
        self.persona = persona
        self.properties: dict[str, Any] = {}  # of the item; empty while there is none
        self.menu: dict[int, Shown] = {}
        self.signals: list[tuple[str, list[Any]]] = []  # as they came
        self.notices: list[str] = []
        self._bus = MessageBus(address)
        self._owner = self._path = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._bus.connect()
        self._bus.add_message_handler(self._take)
        await self._ask_bus("AddMatch", "s", [f"type='signal',interface='{ITEM}'"])
        await self._ask_bus("AddMatch", "s", [f"type='signal',interface='{MENU}'"])
        await self._ask_bus(
            "AddMatch", "s", ["type='signal',member='NameOwnerChanged',sender='org.freedesktop.DBus'"]
        )
        await self._bus.request_name("org.freedesktop.Notifications")
        await self._bus.request_name(WATCHER)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(EOFError, ConnectionError):  # of a session that has ended
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()

    async def until(self, what: str, is_so: Callable[[], bool]) -> float:
        """Wait for a claim about what is shown, or has arrived; the seconds that it took."""
        begin_s = time.monotonic()
        while not is_so():
            waited_s = time.monotonic() - begin_s
            assert waited_s < ANSWER_S, f"waited in vain for {what}; shown: {self.labels()}"
            await asyncio.sleep(0.02)
        return time.monotonic() - begin_s

    def labels(self) -> list[str]:
        """The whole menu as text, a line an entry: a mark, the label, as far right as it is deep."""
        return self._labels(0, 0) if 0 in self.menu else []

    def has(self, label: str) -> bool:
        return any(line.strip().endswith(label) for line in self.labels())

    async def click(self, *labels: str) -> None:
        """Open the menu, go down by labels, and click the last."""
        await self.prepare(0)
        number = 0
        for label in labels:
            parent = number  # on a busy machine an entry may come after what it follows from
            await self.until(label, lambda parent=parent, label=label: self._find(label, parent) is not None)
            number = self.number(label, parent)
            await self.prepare(number)
        event = self.clicked(number)
        if self.persona.click == "Event":
            await self.ask_menu("Event", "isvu", event)
        else:
            assert await self.ask_menu("EventGroup", "a(isvu)", [[event]]) == [[]]

    def number(self, label: str, parent: int = 0) -> int:
        """Of the entry with this label."""
        found = self._find(label, parent)
        assert found is not None, f"no entry {label!r}; shown: {self.labels()}"
        return found

    def _find(self, label: str, parent: int) -> int | None:
        children = self.menu[parent].children
        return next((child for child in children if self._label(child).strip("•○ ") == label), None)

    def clicked(self, number: int) -> list[Any]:
        """The event of a click."""
        return [number, "clicked", Variant("s", ""), 0]

    async def prepare(self, number: int) -> None:
        if self.persona.prepare == "AboutToShow":
            await self.ask_menu("AboutToShow", "i", [number])
        else:
            assert await self.ask_menu("AboutToShowGroup", "ai", [[number]]) == [[], []]
        if self.persona.depth == 1:
            await self._read_layout(number)

    async def ask_menu(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        return await self._ask(self.properties["Menu"], MENU, member, signature, body)

    async def ask_item(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        return await self._ask(self._path, ITEM, member, signature, body)

    def _take(self, message: Message) -> Message | bool:
        if message.message_type is MessageType.SIGNAL:
            self._take_signal(message)
            return False
        if message.message_type is not MessageType.METHOD_CALL:
            return False
        if message.member == "Notify":
            self.notices.append(message.body[4])
            return Message.new_method_return(message, "u", [1])
        if message.member != "RegisterStatusNotifierItem":
            return False
        assert message.body[0].startswith("/"), "a sandbox can own no name: only a path is sure"
        self._owner, self._path = message.sender, message.body[0]
        self._start(self._read_item())
        return Message.new_method_return(message)

    def _take_signal(self, message: Message) -> None:
        if message.member == "NameOwnerChanged":
            if message.body[0] == self._owner and not message.body[2]:
                self.properties, self.menu = {}, {}
            return
        if message.sender != self._owner:
            return
        self.signals.append((message.member, message.body))
        if not self.properties:  # the first reading comes yet
            return
        if message.member == "LayoutUpdated":
            self._start(self._read_layout(0))
        elif message.member == "ItemsPropertiesUpdated":
            self._start(self._read_properties(*message.body))
        elif message.member.startswith("New"):
            self._start(self._read_item())

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_item(self) -> None:
        (found,) = await self._ask(self._path, PROPERTIES, "GetAll", "s", [ITEM])
        properties = {name: value.value for name, value in found.items()}
        if "Menu" not in properties:
            return  # as GNOME's extension does
        is_new, self.properties = not self.properties, properties
        if is_new:
            await self._read_layout(0)

    async def _read_layout(self, parent: int) -> None:
        async with self._reading:
            names = list(self.persona.layout)
            answer = await self.ask_menu("GetLayout", "iias", [parent, self.persona.depth, names])
            _, root = answer
            new: list[int] = []
            self._keep(root, new)
            if new and self.persona.is_late:
                (groups,) = await self.ask_menu("GetGroupProperties", "aias", [new, []])
                self._update(groups, [])

    async def _read_properties(self, updated: list[Any], removed: list[Any]) -> None:
        async with self._reading:  # after the answer that was sent before it
            self._update(updated, removed)

    def _keep(self, node: list[Any], new: list[int]) -> None:
        number, properties, children = node
        if number not in self.menu:
            self.menu[number] = Shown({})
            new.append(number)
        shown = self.menu[number]
        if not self.persona.is_late:
            shown.properties = {}
        shown.properties.update({name: value.value for name, value in properties.items()})
        if number == 0:
            assert shown.properties["children-display"] == "submenu"
        if children or self.persona.depth != 1:
            shown.children = [child.value[0] for child in children]
        for child in children:
            self._keep(child.value, new)

    def _update(self, updated: list[Any], removed: list[Any]) -> None:
        for number, properties in updated:
            if number in self.menu:
                self.menu[number].properties.update({name: value.value for name, value in properties.items()})
        for number, names in removed:
            for name in names if number in self.menu else ():
                self.menu[number].properties.pop(name, None)

    def _labels(self, number: int, depth: int) -> list[str]:
        lines = []
        for child in self.menu[number].children:
            lines.append("  " * depth + self._label(child))
            lines += self._labels(child, depth + 1)
        return lines

    def _label(self, number: int) -> str:
        properties = self.menu[number].properties
        if properties.get("type") == "separator":
            return "--"
        mark = {1: "• ", 0: "○ "}.get(properties.get("toggle-state", -1), "")
        return mark + properties.get("label", "").replace("__", "_")

    async def _ask(
        self, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> list[Any]:
        request = Message(
            destination=self._owner,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=body,
        )
        answer = await asyncio.wait_for(self._bus.call(request), ANSWER_S)
        assert answer is not None
        assert answer.message_type is MessageType.METHOD_RETURN, (member, answer.error_name, answer.body)
        return list(answer.body)

    async def _ask_bus(self, member: str, signature: str, body: list[Any]) -> None:
        name = "org.freedesktop.DBus"
        await self._bus.call(
            Message(
                destination=name,
                path="/org/freedesktop/DBus",
                interface=name,
                member=member,
                signature=signature,
                body=body,
            )
        )
