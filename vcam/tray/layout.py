"""The menu as com.canonical.dbusmenu counts it: numbers for entries, a few properties each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dbus_fast import Variant

from vcam.tray.entry import Action, Entry, Toggle

ROOT = 0
ALL = -1  # of a depth

Properties: TypeAlias = dict[str, Variant]
Node: TypeAlias = list[Any]  # [id, properties, [children as variants]]: (ia{sv}av)


class Ids:
    """The number of each key. It stays as long as the tray lives: a click names the entry that was seen."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def of(self, key: str) -> int:
        return self._ids.setdefault(key, len(self._ids) + 1)


@dataclass(frozen=True)
class Layout:
    """A menu, flat: each of these by the entry's number."""

    properties: Mapping[int, Properties] = field(default_factory=lambda: {ROOT: _SUBMENU})
    children: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)

    def node(self, number: int, depth: int, names: Sequence[str]) -> Node:
        """An entry and what is below it, so many levels or ALL. Raises KeyError if it is not there."""
        below = () if depth == 0 else self.children.get(number, ())
        nodes = [Variant("(ia{sv}av)", self.node(child, max(depth - 1, ALL), names)) for child in below]
        return [number, self.named(number, names), nodes]

    def named(self, number: int, names: Sequence[str]) -> Properties:
        """The properties of these names, or all if none is named. Raises KeyError."""
        found = self.properties[number]
        return {name: value for name, value in found.items() if not names or name in names}


_SUBMENU: Properties = {"children-display": Variant("s", "submenu")}
# left out where they are so, as the protocol has it
DEFAULTS: Properties = {
    "type": Variant("s", "standard"),
    "label": Variant("s", ""),
    "enabled": Variant("b", True),
    "visible": Variant("b", True),
    "toggle-type": Variant("s", ""),
    "toggle-state": Variant("i", -1),
    "children-display": Variant("s", ""),
}


def lay_out(entries: Sequence[Entry], ids: Ids) -> Layout:
    """Number a menu."""
    properties: dict[int, Properties] = {ROOT: _SUBMENU}
    children: dict[int, tuple[int, ...]] = {}
    actions: dict[int, Action] = {}

    def add(parent: int, below: Sequence[Entry]) -> None:
        children[parent] = tuple(ids.of(entry.key) for entry in below)
        for entry in below:
            number = ids.of(entry.key)
            properties[number] = _properties(entry)
            if entry.action is not None:
                actions[number] = entry.action
            if entry.children:
                add(number, entry.children)

    add(ROOT, entries)
    return Layout(properties, children, actions)


def differences(old: Layout, new: Layout) -> tuple[list[list[Any]], list[list[Any]]]:
    """What changed in the entries of both: new values a(ia{sv}), and names that are gone a(ias)."""
    updated, removed = [], []
    for number in old.properties.keys() & new.properties.keys():
        before, after = old.properties[number], new.properties[number]
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        gone = [name for name in before if name not in after]
        if changed:
            updated.append([number, changed])
        if gone:
            removed.append([number, gone])
    return updated, removed


def _properties(entry: Entry) -> Properties:
    if not entry.label:
        return {"type": Variant("s", "separator")}
    properties = {"label": Variant("s", entry.label.replace("_", "__"))}  # a single one marks an access key
    if not entry.is_enabled:
        properties["enabled"] = Variant("b", False)
    if entry.toggle is not Toggle.NONE:
        properties["toggle-type"] = Variant("s", entry.toggle.value)
        properties["toggle-state"] = Variant("i", int(entry.is_on))
    if entry.children:
        properties |= _SUBMENU
    return properties
