"""The icon on the bus: org.kde.StatusNotifierItem.

Source: the StatusNotifierItem specification of freedesktop.org, and what panels do. They read a property
again when its signal comes; GNOME's extension takes no item without Menu.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from vcam.tray import dbusmenu
from vcam.tray.icons import Pixmap

PATH = "/StatusNotifierItem"
TITLE = "SharpKD Camera"

Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]


@dataclass(frozen=True)
class Face:
    """How the item looks.

    icon       name of a symbolic icon, which follows the panel's colours; empty where none is installed
    pixmaps    the same, for panels that do not find it
    words      what is said when the pointer rests on it
    is_urgent  it has to be seen, though the panel hides some
    """

    icon: str
    pixmaps: tuple[Pixmap, ...]
    words: str
    is_urgent: bool


class StatusNotifierItem(ServiceInterface):
    """Shows a face.

    on_activate  called for a click on it, with the token that a window may be raised by, if there is one
    """

    def __init__(self, face: Face, on_activate: Callable[[str], None]) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._face = face
        self._on_activate = on_activate
        self._token = ""

    def show(self, face: Face) -> None:
        """Have it look so; says so only if it does not yet."""
        old, self._face = self._face, face
        if (face.icon, face.pixmaps) != (old.icon, old.pixmaps):
            self.new_icon()
            self.new_attention_icon()
        if face.words != old.words:
            self.new_tool_tip()
        if face.is_urgent != old.is_urgent:
            self.new_status(self._status())

    def _status(self) -> str:
        return "NeedsAttention" if self._face.is_urgent else "Active"

    def _activate(self) -> None:
        token, self._token = self._token, ""
        self._on_activate(token)

    @dbus_property(PropertyAccess.READ, "Category")
    def category(self) -> DBusStr:
        return "Hardware"

    @dbus_property(PropertyAccess.READ, "Id")
    def id(self) -> DBusStr:
        return "sharpkd"

    @dbus_property(PropertyAccess.READ, "Title")
    def title(self) -> DBusStr:
        return TITLE

    @dbus_property(PropertyAccess.READ, "Status")
    def status(self) -> DBusStr:
        return self._status()

    @dbus_property(PropertyAccess.READ, "WindowId")
    def window_id(self) -> DBusInt32:
        return 0

    @dbus_property(PropertyAccess.READ, "IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, "IconName")
    def icon_name(self) -> DBusStr:
        return self._face.icon

    @dbus_property(PropertyAccess.READ, "IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        return _as_structs(self._face.pixmaps)

    @dbus_property(PropertyAccess.READ, "OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, "OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        return []

    @dbus_property(PropertyAccess.READ, "AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        return self._face.icon

    @dbus_property(PropertyAccess.READ, "AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        return _as_structs(self._face.pixmaps)

    @dbus_property(PropertyAccess.READ, "AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        return ""

    @dbus_property(PropertyAccess.READ, "ToolTip")
    def tool_tip(self) -> ToolTip:
        return ["", [], TITLE, self._face.words]

    @dbus_property(PropertyAccess.READ, "ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        return False

    @dbus_property(PropertyAccess.READ, "Menu")
    def menu(self) -> DBusObjectPath:
        return dbusmenu.PATH

    @dbus_method("Activate")
    def activate(self, x: DBusInt32, y: DBusInt32) -> None:
        self._activate()

    @dbus_method("SecondaryActivate")
    def secondary_activate(self, x: DBusInt32, y: DBusInt32) -> None:
        self._activate()

    @dbus_method("ContextMenu")
    def context_menu(self, x: DBusInt32, y: DBusInt32) -> None:
        """The panel shows the menu itself."""

    @dbus_method("Scroll")
    def scroll(self, delta: DBusInt32, orientation: DBusStr) -> None:
        """Nothing: a wheel that is touched in a call must not change it."""

    @dbus_method("ProvideXdgActivationToken")
    def provide_xdg_activation_token(self, token: DBusStr) -> None:
        """Comes before Activate on Wayland, where a window may be raised only with it."""
        self._token = token

    @dbus_signal("NewIcon")
    def new_icon(self) -> None: ...

    @dbus_signal("NewAttentionIcon")
    def new_attention_icon(self) -> None: ...

    @dbus_signal("NewToolTip")
    def new_tool_tip(self) -> None: ...

    @dbus_signal("NewStatus")
    def new_status(self, status: str) -> DBusStr:
        return status


def _as_structs(pixmaps: tuple[Pixmap, ...]) -> list[Any]:
    return [[pixmap.side, pixmap.side, pixmap.argb] for pixmap in pixmaps]
