"""The camera's icon in the desktop's tray: a client of the control API, in a process of its own.

`item` and `dbusmenu` speak the two protocols that Linux desktops have for it, over dbus-fast, an extra; what
they show are values made by `state`, `menu` and `icons`.
"""
