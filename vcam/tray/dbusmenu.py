"""The menu on the bus: com.canonical.dbusmenu, version 3.

Source: com.canonical.dbusmenu.xml of libdbusmenu 16.04. Each method exists, since panels differ in those that
they call: KDE sends Event, libdbusmenu EventGroup, Cinnamon asks GetGroupProperties and AboutToShowGroup.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from vcam.tray.entry import Action, Entry
from vcam.tray.layout import DEFAULTS, ROOT, Ids, Layout, Node, Properties, differences, lay_out

PATH = "/MenuBar"
VERSION = 3  # from this one on libdbusmenu groups its clicks
COALESCE_S = 0.1  # a panel that is told of each change of a burst draws its menu again each time

Numbers = Annotated[list[int], DBusSignature("ai")]
Names = Annotated[list[str], DBusSignature("as")]
Event = tuple[int, str, Variant, int]


class DBusMenu(ServiceInterface):
    """Shows entries, and calls back for what is done with them.

    on_click  called with the action of an entry that was clicked
    on_show   called when the menu is about to be seen

    Changes of labels and marks are told as such, since GNOME's extension reads properties but once; a change
    of the entries raises the revision, once for all that come within COALESCE_S.
    """

    def __init__(self, on_click: Callable[[Action], None], on_show: Callable[[], None]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._on_click = on_click
        self._on_show = on_show
        self._ids = Ids()
        self._layout = Layout()
        self._wanted: Layout | None = None
        self._revision = 1

    def show(self, entries: Sequence[Entry]) -> None:
        """Have the menu be these entries, at once if it has none yet; call it on the event loop's thread."""
        if not self._layout.children:
            self._layout = lay_out(entries, self._ids)
            return
        if self._wanted is None:
            asyncio.get_running_loop().call_later(COALESCE_S, self._publish)
        self._wanted = lay_out(entries, self._ids)

    def _publish(self) -> None:
        assert self._wanted is not None
        old, self._layout, self._wanted = self._layout, self._wanted, None
        updated, removed = differences(old, self._layout)
        if updated or removed:
            self.items_properties_updated(updated, removed)
        if old.children != self._layout.children:
            self._revision += 1
            self.layout_updated(self._revision, ROOT)

    @dbus_property(PropertyAccess.READ, "Version")
    def version(self) -> DBusUInt32:
        return VERSION

    @dbus_property(PropertyAccess.READ, "TextDirection")
    def text_direction(self) -> DBusStr:
        return "ltr"

    @dbus_property(PropertyAccess.READ, "Status")
    def status(self) -> DBusStr:
        return "normal"

    @dbus_property(PropertyAccess.READ, "IconThemePath")
    def icon_theme_path(self) -> Names:
        return []

    @dbus_method("GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Names
    ) -> Annotated[tuple[int, Node], DBusSignature("u(ia{sv}av)")]:
        self._check(parent)
        return self._revision, self._layout.node(parent, depth, names)

    @dbus_method("GetGroupProperties")
    def get_group_properties(
        self, numbers: Numbers, names: Names
    ) -> Annotated[list[Any], DBusSignature("a(ia{sv})")]:
        found = self._layout.properties
        wanted = [number for number in numbers if number in found] if numbers else list(found)
        return [[number, self._layout.named(number, names)] for number in wanted]

    @dbus_method("GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        known: Properties = {**DEFAULTS, **self._check(number)}
        if name not in known:
            raise DBusError(ErrorType.INVALID_ARGS, f"menu entry {number} has no property {name}")
        return known[name]

    @dbus_method("Event")
    def event(self, number: DBusInt32, kind: DBusStr, data: DBusVariant, timestamp: DBusUInt32) -> None:
        self._check(number)
        self._take(number, kind)

    @dbus_method("EventGroup")
    def event_group(self, events: Annotated[list[Event], DBusSignature("a(isvu)")]) -> Numbers:
        unknown = [number for number, *_ in events if number not in self._layout.properties]
        for number, kind, *_ in events:
            self._take(number, kind)
        return unknown

    @dbus_method("AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        self._check(number)
        return self._prepare([number])

    @dbus_method("AboutToShowGroup")
    def about_to_show_group(
        self, numbers: Numbers
    ) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        self._prepare(numbers)
        return [], [number for number in numbers if number not in self._layout.properties]

    @dbus_signal("ItemsPropertiesUpdated")
    def items_properties_updated(
        self, updated: list[list[Any]], removed: list[list[Any]]
    ) -> Annotated[tuple[list[Any], list[Any]], DBusSignature("a(ia{sv})a(ias)")]:
        return updated, removed

    @dbus_signal("LayoutUpdated")
    def layout_updated(self, revision: int, parent: int) -> Annotated[tuple[int, int], DBusSignature("ui")]:
        return revision, parent

    @dbus_signal("ItemActivationRequested")
    def item_activation_requested(
        self, number: int, timestamp: int
    ) -> Annotated[tuple[int, int], DBusSignature("iu")]:
        return number, timestamp

    def _check(self, number: int) -> Properties:
        try:
            return self._layout.properties[number]
        except KeyError:
            raise DBusError(ErrorType.INVALID_ARGS, f"no menu entry {number}") from None

    def _take(self, number: int, kind: str) -> None:
        """A click; what else panels tell, as that a menu was closed, needs nothing."""
        action = self._layout.actions.get(number)
        if kind == "clicked" and action is not None:
            self._on_click(action)

    def _prepare(self, numbers: Sequence[int]) -> bool:
        """Whether the panel has to read again before it shows: never, changes are told when they come."""
        if ROOT in numbers:
            self._on_show()
        return False
