"""The camera that apps list as "SharpKD Camera", published through pyvirtualcam."""

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from vcam.errors import SinkError
from vcam.frame import Frame, Packed, Size, black, check_size, pack

CARD = "SharpKD Camera"
MODPROBE = (
    f'sudo modprobe v4l2loopback devices=1 video_nr=42 card_label="{CARD}" exclusive_caps=1 max_buffers=4'
)
RELOAD = f"sudo modprobe -r v4l2loopback && {MODPROBE}"


class Camera(Protocol):
    """What is used of a pyvirtualcam.Camera."""

    @property
    def device(self) -> str: ...

    def send(self, frame: Packed) -> None: ...

    def close(self) -> None: ...


CameraFactory: TypeAlias = Callable[..., Camera]  # pyvirtualcam.Camera's arguments


@dataclass(frozen=True)
class VideoRoots:
    """Where Linux shows its video devices; a test points these at a tree of its own."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")


SYSTEM = VideoRoots()


class VirtualCameraSink:
    """Publishes frames of one size as a camera that other programs can open.

    device          the node (Linux) or the camera's name (Windows, macOS); None finds it
    camera_factory  called as pyvirtualcam.Camera is; None for pyvirtualcam.Camera itself
    platform        as sys.platform says it

    The first `send` opens the camera, unless `open` or `with` did so before.
    """

    def __init__(
        self,
        size: Size,
        fps: float,
        device: str | None = None,
        camera_factory: CameraFactory | None = None,
        *,
        roots: VideoRoots = SYSTEM,
        platform: str = sys.platform,
    ) -> None:
        self._size = check_size(size)
        self._fps = fps
        self._device = device
        self._factory = camera_factory
        self._roots = roots
        self._platform = platform
        self._camera: Camera | None = None

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The card's name and, once it is open, the device behind it."""
        return f"{CARD} ({self._camera.device})" if self._camera else CARD

    def open(self) -> Self:
        """Take the camera. Raises SinkError if it is absent, busy or forbidden, with the remedy."""
        if self._camera is None:
            self._camera = self._open_camera()
        return self

    def send(self, frame: Frame) -> None:
        """Publish one frame.

        Raises ValueError if the frame is of another size, SinkError if the camera cannot be opened or fails.
        """
        if frame.size != self._size:
            raise ValueError(f"frame is {_text(frame.size)}, this camera shows {_text(self._size)}")
        camera = self._camera or self._open_camera()
        self._camera = camera
        try:
            camera.send(pack(frame))
        except (RuntimeError, OSError) as error:
            raise SinkError(f"{camera.device} stopped taking frames: {error}. Start sharpkd again") from error

    def close(self) -> None:
        """Show one black frame, so that no stale face stays, and give the camera back."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        with suppress(RuntimeError, OSError):
            camera.send(pack(black(self._size)))
        camera.close()

    def _open_camera(self) -> Camera:
        import pyvirtualcam  # its native part loads on use, not on import of the room

        factory = self._factory or pyvirtualcam.Camera
        is_linux = self._platform.startswith("linux")
        device = str(require_virtual_camera(self._device, self._roots)) if is_linux else self._device
        width, height = self._size
        try:
            return factory(width, height, self._fps, fmt=pyvirtualcam.PixelFormat.I420, device=device)
        except (RuntimeError, OSError) as error:
            if is_linux and device:
                raise SinkError(_explain(device, str(error))) from error
            reason = "; ".join(str(error).splitlines())
            raise SinkError(f"no virtual camera: {reason}. {how_to_install(self._platform)}") from error


def find_virtual_camera(card: str = CARD, roots: VideoRoots = SYSTEM) -> Path | None:
    """The node of the v4l2loopback camera with this card name, whatever its number; None if there is none.

    Always None on Windows and macOS: there a camera is found by opening it.
    """
    return next((node for node, name in list_loopbacks(roots).items() if name == card), None)


def list_loopbacks(roots: VideoRoots = SYSTEM) -> dict[Path, str]:
    """The nodes of all virtual video devices with their card names, by rising number."""
    entries = sorted((roots.sys / "class/video4linux").glob("video*"), key=lambda entry: _number(entry.name))
    return {
        roots.dev / entry.name: (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
        for entry in entries
        if _is_loopback(entry.name, roots)
    }


def require_virtual_camera(device: str | None = None, roots: VideoRoots = SYSTEM) -> Path:
    """The node to publish to: `device`, or the card called "SharpKD Camera".

    Raises SinkError if there is none, or if v4l2loopback does not drive it, with the command to run.
    """
    node = Path(device) if device else find_virtual_camera(roots=roots)
    if node is None:
        raise SinkError(_explain_absence(roots))
    entry = roots.sys / "class/video4linux" / node.resolve().name
    if not entry.exists():
        raise SinkError(f"there is no video device {node}; {_found(roots)}. Run: {MODPROBE}")
    if not _is_loopback(entry.name, roots):
        driver = (entry / "device/driver").resolve().name
        raise SinkError(f"{node} is driven by {driver}, not v4l2loopback; {_found(roots)}. Run: {MODPROBE}")
    return node


def how_to_install(platform: str = sys.platform) -> str:
    """One line that says how to get a virtual camera on this system (a sys.platform)."""
    if platform.startswith("linux"):
        return f"Install v4l2loopback (Debian, Ubuntu: the package v4l2loopback-dkms), then run: {MODPROBE}"
    if platform == "win32":
        return "Install OBS Studio (obsproject.com): it brings a virtual camera; then start sharpkd again"
    if platform == "darwin":
        return "Install OBS Studio 30 or newer (obsproject.com) and press Start Virtual Camera in it once"
    return f"There is no virtual camera for {platform}; use the preview page or write to a file"


def _explain_absence(roots: VideoRoots) -> str:
    if not (roots.sys / "module/v4l2loopback").exists():
        return f'no camera "{CARD}": the module v4l2loopback is not loaded. {how_to_install("linux")}'
    return f'v4l2loopback is loaded, but none of its cameras is "{CARD}"; {_found(roots)}. Run: {RELOAD}'


def _explain(node: str, reason: str) -> str:
    """Put pyvirtualcam's words for a node that cannot be opened together with what mends it."""
    if "permission" in reason.lower():
        return f"no permission to write to {node}. Run: sudo usermod -aG video $USER, then log out and in"
    return (
        f"{node} is busy: another program writes to it or has it open ({reason.rstrip('.')}). "
        f"Close that program (fuser -v {node} names it); if there is none, run: {RELOAD}"
    )


def _found(roots: VideoRoots) -> str:
    nodes = ", ".join(f'{node} "{name}"' for node, name in list_loopbacks(roots).items())
    return f"found {nodes or 'no virtual camera at all'}"


def _is_loopback(name: str, roots: VideoRoots) -> bool:
    return (roots.sys / "devices/virtual/video4linux" / name).exists()


def _number(name: str) -> int:
    digits = name.removeprefix("video")
    return int(digits) if digits.isdecimal() else -1


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
