"""Which cameras there are, and which one the user means. Linux; elsewhere a camera has only its number."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from vcam.errors import SourceError
from vcam.v4l2.device import Card, Kernel, Linux, query_card
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE, read_control

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

QueryCard: TypeAlias = Callable[[Path], Card | None]


@dataclass(frozen=True)
class Camera:
    """A V4L2 node that gives pictures, or a v4l2loopback (which is a sink of ours, never a source)."""

    path: Path  # /dev/videoN; N may change over a reboot
    name: str  # the card's name
    stable_id: Path | None  # its /dev/v4l/by-id link, which does not change
    is_loopback: bool


def list_cameras(sysfs: Path = SYSFS, dev: Path = DEV, query: QueryCard = query_card) -> list[Camera]:
    """The cameras and loopbacks in the order of their numbers; empty where there is no V4L2.

    A camera's metadata nodes are left out: by their capabilities or, where those cannot be asked, because
    they are not their device's first node (sysfs `index`).
    """
    try:
        nodes = sorted(sysfs.iterdir(), key=lambda node: (len(node.name), node.name))
    except OSError:
        return []
    links = _stable_links(dev)
    cameras = []
    for node in nodes:
        path = dev / node.name
        # only devices without hardware live there; vivid and USB cameras have a parent
        is_loopback = node.resolve().parent.parent.name == "virtual"
        if node.name.startswith("video") and (is_loopback or _is_capture(node, query(path))):
            cameras.append(Camera(path, _read(node / "name"), links.get(path.resolve()), is_loopback))
    return cameras


def exposes_longer(path: Path, kernel: Kernel | None = None) -> bool:
    """Whether a camera may expose for longer than a frame lasts, and give fewer; False if it cannot say."""
    kernel = kernel or Linux()
    try:
        node = kernel.open(str(path))
    except OSError:
        return False
    try:
        return read_control(kernel, node, EXPOSURE_DYNAMIC_FRAMERATE) == 1
    except OSError:
        return False
    finally:
        kernel.close(node)


def find_camera(device: str, cameras: Sequence[Camera]) -> Camera:
    """The camera that `device` means: "auto", "/dev/videoN", its by-id path, "N", or a part of its name.

    Raises SourceError if there is none, or only a loopback.
    """
    real = [camera for camera in cameras if not camera.is_loopback]
    if device == "auto":
        if not real:
            raise SourceError("no camera found; plug one in, or use --source sample")
        return real[0]
    found = [camera for camera in cameras if _is_meant(camera, device)]
    if not found:
        raise SourceError(_say_missing(device, real))
    usable = [camera for camera in found if not camera.is_loopback]
    if not usable:
        raise SourceError(
            f"{found[0].path} ({found[0].name}) is a v4l2loopback, an output and no camera:"
            f" expected one of: {_names(real)}"
        )
    return usable[0]


def _is_meant(camera: Camera, device: str) -> bool:
    if device.isdecimal():
        return camera.path.name == f"video{int(device)}"
    if "/" in device:
        path = Path(device)
        return path in (camera.path, camera.stable_id) or path.resolve() == camera.path.resolve()
    return device.casefold() in camera.name.casefold()


def _say_missing(device: str, real: Sequence[Camera]) -> str:
    if "/" not in device:
        return f"no camera is called {device!r}; expected a part of one of: {_names(real)}; or a file or URL"
    if os.path.exists(device):
        return f"{device} is no camera; expected one of: {_names(real)}"
    return f"no device {device}; plug the camera in, or use one of: {_names(real)}"


def _names(cameras: Sequence[Camera]) -> str:
    return ", ".join(f"{camera.name} ({camera.path})" for camera in cameras) or "sample, pattern"


def _is_capture(node: Path, card: Card | None) -> bool:
    if card is None:
        return _read(node / "index") in ("0", "")
    return card.is_capture


def _stable_links(dev: Path) -> dict[Path, Path]:
    """By-id links by the node they lead to."""
    try:
        return {link.resolve(): link for link in sorted((dev / "v4l" / "by-id").iterdir())}
    except OSError:
        return {}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
