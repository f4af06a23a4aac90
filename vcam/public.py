"""What others may read: names and sentences without passwords, keys, folders and control characters.

All that leaves passes through here where it leaves: the card, the status, the page, the log, messages, what
systemd shows. What cannot be told apart from a password is left out.
"""

import os
import re
from pathlib import Path
from urllib.parse import unquote

HIDDEN = "hidden"
LONGEST = 120  # of a name, in characters
LONGEST_TEXT = 4000  # of a sentence; a message that repeats what it was given must not fill a log

SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}:/+")
REMEDIES = (
    r"(?!https://(?:github\.com/v4l2loopback|mirrors\.rpmfusion\.org)/)"  # addresses of our own messages
    r"(?!whip://(?:ADDRESS:PORT/NAME|127\.0\.0\.1:8443/phone)\b)"
)
# up to the last @ of its line, as passwords have spaces, too; what is taken too much is left out
ADDRESS = re.compile(REMEDIES + SCHEME.pattern + r"(?:.*@)?\S*")
HOST = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\])(:\d{1,5})?")
AFTER = ".,;:!)]}'\""  # ends of a sentence, not of an address
FOLDERS = re.compile(r"(?<![\w/.~:-])(?:~|[A-Za-z]:)?[/\\](?:[^\s'\"/\\]+[/\\])+(?=[^\s'\"/\\])")
KEPT_FOLDERS = ("/dev/", "/sys/", "/proc/")  # the same on every machine


def public_name(source: str) -> str:
    """The name by which others may know a source.

    | source                                 | name              |
    | -------------------------------------- | ----------------- |
    | rtsp://joe:secret@cam:554/live?key=abc | rtsp://cam:554    |
    | rtsp://joe:sec/ret@cam/live            | rtsp://hidden     |
    | /home/joe/talk.mp4, file:///home/...   | talk.mp4          |
    | screen:Bank - Browser                  | screen            |
    | /dev/video0, auto, pattern, USB Camera | the same          |

    An address is its scheme, host and port: some cameras have their key in the path. Where a password could
    reach beyond the first `/`, `?` or `#`, no host is told, since it could be a part of it.
    """
    text = source.strip()
    if text.startswith("screen:"):  # the title of a window tells what somebody reads, and with whom
        return "screen"
    if SCHEME.match(text) and not text.lower().startswith("file:"):
        return _cut(_public_address(text))
    if "/" in text or "\\" in text:
        return _cut(text if text.startswith("/dev/") else _file_name(text))
    return HIDDEN if "@" in text else _cut(text)


def public_text(text: str, source: str = "") -> str:
    """A sentence as others may read it: one line, each address in it by its public name.

    source  what it may speak of; its spelling and its path are replaced by its public name
    """
    name = public_name(source)
    for spelling in _spellings(source) if name != source else ():
        text = text.replace(spelling, name)
    return printable(ADDRESS.sub(_name_found, text))[:LONGEST_TEXT]


def without_folders(text: str) -> str:
    """A sentence with the names of files in the place of their paths, but for devices'."""

    def keep(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith(KEPT_FOLDERS) else ""

    return FOLDERS.sub(keep, text)


def printable(text: str) -> str:
    """The text with line ends and other control characters escaped, as no terminal or log takes them for its
    own."""
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _file_name(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] or HIDDEN


def _public_address(address: str) -> str:
    head = SCHEME.match(address)
    assert head is not None
    scheme = head[0].partition(":")[0].lower()
    authority, *tail = re.split(r"[/?#\\]", address[head.end() :], maxsplit=1)
    host = authority.rpartition("@")[2]
    is_sure = HOST.fullmatch(host) and not any(sign in text for text in tail for sign in ("@", "%40"))
    return f"{scheme}://{host if is_sure else HIDDEN}"


def _name_found(found: re.Match[str]) -> str:
    address = found[0].rstrip(AFTER)
    return public_name(address) + found[0][len(address) :]


def _spellings(source: str) -> list[str]:
    """How a message may spell a source, the longest first."""
    path = source.strip()
    if path.lower().startswith("file:"):
        path = re.sub(r"^file:/*(?=/)|^file:", "", path, flags=re.IGNORECASE)
    paths = {path, unquote(path)}
    found = {source, source.strip(), repr(source)[1:-1], *paths, *(str(Path(text)) for text in paths)}
    if not SCHEME.match(path) and "\0" not in path:
        found |= {os.path.abspath(text) for text in paths}
    return sorted(filter(None, found), key=len, reverse=True)


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 3] + "..."
