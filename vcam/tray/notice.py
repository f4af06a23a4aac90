"""A word on the desktop when a click came to nothing, as the menu is closed by then."""

from dbus_fast import Message, MessageFlag

from vcam.public import printable

NAME = "org.freedesktop.Notifications"


def notice(title: str, words: str, replaces: int = 0) -> Message:
    """The request to show a notification; no answer is wanted, since a desktop may have none.

    Its body is markup, so that what could be a tag is escaped.
    """
    body = printable(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Message(
        destination=NAME,
        path="/org/freedesktop/Notifications",
        interface=NAME,
        member="Notify",
        signature="susssasa{sv}i",
        body=["SharpKD Camera", replaces, "sharpkd", printable(title), body, [], {}, -1],
        flags=MessageFlag.NO_REPLY_EXPECTED,
    )
