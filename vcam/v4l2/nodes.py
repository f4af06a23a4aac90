"""The video nodes as Linux lists them, and which of them are virtual."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class VideoRoots:
    """Where Linux shows its video devices; a test points these at a tree of its own."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")

    @property
    def listed(self) -> Path:
        return self.sys / "class/video4linux"


SYSTEM = VideoRoots()


def list_entries(roots: VideoRoots = SYSTEM) -> list[Path]:
    """The folders in sysfs of all video nodes, by rising number; empty where there is no V4L2."""
    return sorted(roots.listed.glob("video*"), key=lambda entry: node_number(entry.name))


def is_virtual(entry: Path) -> bool:
    """Whether a node has no hardware; simulated and USB cameras have a parent device in sysfs."""
    return entry.resolve().parent.parent.name == "virtual"


def node_number(name: str) -> int:
    """42 of "video42"; -1 of what has no number."""
    digits = name.removeprefix("video")
    return int(digits) if digits.isdecimal() else -1


def is_same_node(one: Path, other: Path) -> bool:
    """Whether two paths lead to one device, by links or by nodes of their own, as containers make them."""
    try:
        first, second = os.stat(one), os.stat(other)
    except OSError:
        return False
    if os.path.samestat(first, second):
        return True
    is_device = stat.S_ISCHR(first.st_mode) and stat.S_ISCHR(second.st_mode)
    return is_device and first.st_rdev == second.st_rdev


def ancestors(entry: Path) -> Iterator[Path]:
    """The devices that a node hangs on, nearest first, up to the top of sysfs."""
    yield from (folder for folder in entry.resolve().parents if folder.name != "sys")


def read_text(path: Path) -> str:
    """A file's text without the white space around it; empty for a device that goes away at this moment."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
