"""Which cameras there are, and which one the user means. Linux; elsewhere a camera has only its number."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vcam.errors import SourceError
from vcam.sources.opening import USE_SAMPLE
from vcam.v4l2.device import Kernel, Linux
from vcam.v4l2.look import Look, LookAt, look_within
from vcam.v4l2.modes import EXPOSURE_DYNAMIC_FRAMERATE, read_control
from vcam.v4l2.nodes import SYSTEM, VideoRoots, ancestors, is_same_node, is_virtual, list_entries, read_text
from vcam.v4l2loopback.module import CARD

# pictures in colour that are read without a converter of the camera's own; a sensor's raw ones are none
COLOUR = frozenset(("MJPG", "JPEG", "YUYV", "UYVY", "NV12", "NV21", "YU12", "YV12", "RGB3", "BGR3"))
BUILT_IN = ("integrated", "built-in", "builtin", "facetime")  # in the names of those whose port says nothing
OURS = "it is the virtual camera that this program publishes to"
UNFED = "no program feeds it: start the one whose pictures it shows (DroidCam, scrcpy, OBS, ...)"
HANGS = "its driver does not answer: plug it in again"
NEEDS_RELAY = "it is a bare sensor that needs libcamera: choose the virtual camera that passes it on"
MOST_NAMED = 4  # cameras in one message: a sensor's driver lists dozens of nodes


@dataclass(frozen=True)
class CaptureDevice:
    """A V4L2 node that gives pictures, or a v4l2loopback, which passes on what another program writes.

    is_built_in  it cannot be unplugged
    fault        why it cannot be a source now; empty if it can
    drawback     why `auto` passes it by though it may be named; empty if there is nothing against it
    """

    path: Path  # /dev/videoN; N may change over a reboot
    name: str  # the card's name
    stable_id: Path | None  # its /dev/v4l/by-id link, which does not change
    is_loopback: bool
    is_built_in: bool = False
    fault: str = ""
    drawback: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.path})"


def list_devices(
    roots: VideoRoots = SYSTEM, look: LookAt = look_within, own: Path | None = None
) -> list[CaptureDevice]:
    """All cameras and loopbacks in the order in which `auto` takes them; empty where there is no V4L2.

    own  the node that this program publishes to, if its label does not say so

    Built-in cameras come first and loopbacks last, those of a kind by their numbers. A camera's metadata
    nodes are left out: by their capabilities or, where those cannot be asked, because they are not their
    device's first node (sysfs `index`).
    """
    links = _stable_links(roots.dev)
    found = (_inspect(entry, roots.dev / entry.name, links, look, own) for entry in list_entries(roots))
    cameras = [camera for camera in found if camera is not None]
    return sorted(cameras, key=lambda camera: (camera.is_loopback, not camera.is_built_in))


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


def find_device(device: str, cameras: Sequence[CaptureDevice]) -> CaptureDevice:
    """The camera that `device` means: "auto", "/dev/videoN", its by-id path, "N", or a part of its name.

    Raises SourceError if there is none, or only such as cannot be a source now.
    """
    usable = usable_devices(cameras)
    if device == "auto":
        if not usable:
            raise SourceError(_say_none(cameras))
        return usable[0]
    found = [camera for camera in cameras if is_meant(camera, device)]
    if not found:
        raise SourceError(_say_missing(device, usable))
    able = [camera for camera in found if not camera.fault]
    if not able:
        raise SourceError(f"{found[0]} cannot be a source: {found[0].fault}; others: {_names(usable)}")
    return min(able, key=lambda camera: bool(camera.drawback))


def usable_devices(cameras: Sequence[CaptureDevice]) -> list[CaptureDevice]:
    """Those that `auto` may take, in their order."""
    return [camera for camera in cameras if not (camera.fault or camera.drawback)]


def _inspect(
    entry: Path, path: Path, links: dict[Path, Path], look: LookAt, own: Path | None
) -> CaptureDevice | None:
    """The camera at a node; None if it gives no pictures."""
    name, stable_id = read_text(entry / "name"), links.get(path.resolve())
    if is_virtual(entry):
        is_ours = name == CARD or (own is not None and is_same_node(path, own))
        fault = OURS if is_ours else _find_fault(path, look)  # our own is not opened: that may wake watchers
        return CaptureDevice(path, name, stable_id, is_loopback=True, fault=fault)
    try:
        seen = look(path)
    except TimeoutError:
        return (
            CaptureDevice(path, name, stable_id, is_loopback=False, fault=HANGS) if _is_first(entry) else None
        )
    if not (_is_first(entry) if seen is None else seen.card.is_capture):
        return None
    is_bare = seen is not None and seen.card.needs_media_controller
    fault = NEEDS_RELAY if is_bare else ""
    return CaptureDevice(path, name, stable_id, False, _is_built_in(entry, name), fault, _find_drawback(seen))


def _find_fault(path: Path, look: LookAt) -> str:
    """Why a loopback cannot be a source; nothing of one that may not be asked: opening it says why."""
    try:
        seen = look(path)
    except TimeoutError:
        return HANGS
    # without exclusive_caps it is CAPTURE all the time, but has single sizes only while it is fed
    return "" if seen is None or (seen.card.is_capture and seen.is_fixed) else UNFED


def _find_drawback(seen: Look | None) -> str:
    if seen is None or not seen.fourccs or COLOUR & set(seen.fourccs):
        return ""
    return f"it gives only {', '.join(islice(seen.fourccs, MOST_NAMED))}, expected MJPG, YUYV, NV12 or UYVY"


def _is_built_in(entry: Path, name: str) -> bool:
    """What the port says, as the firmware has told Linux, or else what the camera's name says."""
    ports = (read_text(folder / "removable") for folder in ancestors(entry))
    port = next(filter(None, ports), "")
    if port in ("fixed", "removable"):
        return port == "fixed"
    return any(word in name.casefold() for word in BUILT_IN)


def _is_first(entry: Path) -> bool:
    return read_text(entry / "index") in ("0", "")


def is_meant(camera: CaptureDevice, device: str) -> bool:
    """Whether a person who writes `device` means this camera: its path, number or a part of its name."""
    if device.isdecimal():
        return camera.path.name == f"video{int(device)}"
    if "/" in device:
        path = Path(device)
        return path in (camera.path, camera.stable_id) or path.resolve() == camera.path.resolve()
    return device.casefold() in camera.name.casefold()


def _say_none(cameras: Sequence[CaptureDevice]) -> str:
    reasons: dict[str, CaptureDevice] = {}  # one camera of each
    for camera in cameras:
        if camera.fault != OURS:
            reasons.setdefault(camera.fault or camera.drawback, camera)
    passed = "".join(f"; {camera}: {why}" for why, camera in islice(reasons.items(), MOST_NAMED))
    return f"no camera found; plug one in, or {USE_SAMPLE}{passed}"


def _say_missing(device: str, usable: Sequence[CaptureDevice]) -> str:
    if "/" not in device:
        return (
            f"no camera is called {device!r}; expected a part of one of: {_names(usable)}; or a file or URL"
        )
    if os.path.exists(device):
        return f"{device} is not a camera; expected one of: {_names(usable)}"
    return f"no device {device}; plug the camera in, or use one of: {_names(usable)}"


def _names(cameras: Sequence[CaptureDevice]) -> str:
    return ", ".join(map(str, cameras[:MOST_NAMED])) or "sample, pattern"


def _stable_links(dev: Path) -> dict[Path, Path]:
    """By-id links by the node they lead to."""
    try:
        return {link.resolve(): link for link in sorted((dev / "v4l" / "by-id").iterdir())}
    except OSError:
        return {}
