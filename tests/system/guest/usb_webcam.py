"""The USB webcam in the checks' hands: plugged, pulled, shown patterns, left in the dark."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from guest.host import succeed, until
from guest.pixels import PATTERNS, rgb_of
from guest.usb_camera import MAKER, NAME, SERIAL, picture_name
from guest.uvc_descriptors import FORMATS, Mode

PICTURES = Path("/tmp/usb-pictures")
BY_ID = Path("/dev/v4l/by-id")
QUALITY = 95


class UsbWebcam:
    """A camera that is not plugged in yet; pulled at the end of the block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()

    def plug(self, port: int) -> None:
        """Into a port of the kernel's virtual host controller, as if it had been nowhere before."""
        command = [sys.executable, "-m", "guest.usb_camera", str(port), str(PICTURES)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        until("the USB webcam's node", lambda: node(), pause_s=0.05)

    def say(self, line: str) -> None:
        """Turn one of its switches: `pattern 1`, `dark on`, `stall off`."""
        assert self._process is not None, "the webcam is not plugged in"
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def pull(self) -> None:
        """Away at once, be it in the middle of a frame."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None
            until("the USB webcam's node to go", lambda: node() is None, pause_s=0.05)


def load() -> None:
    """Make the host controller and the camera's pictures."""
    succeed("modprobe", "vhci-hcd")
    succeed("modprobe", "uvcvideo")
    PICTURES.mkdir(exist_ok=True)
    for kind in FORMATS:
        for mode in kind.modes:
            for pattern in PATTERNS:
                picture = _encode(pattern, mode) if kind.fourcc == "MJPG" else _pack(pattern, mode)
                (PICTURES / picture_name(pattern, kind.fourcc, mode)).write_bytes(picture)


def node() -> Path | None:
    """The first of its nodes, the one with pictures; None while it is pulled."""
    for entry in sorted(Path("/sys/class/video4linux").glob("video*")):
        try:
            said = [(entry / name).read_text().strip() for name in ("name", "index")]
        except OSError:  # it goes at this moment
            continue
        if said == [NAME, "0"]:
            return Path("/dev") / entry.name
    return None


def the_node() -> Path:
    found = node()
    assert found is not None, "the USB webcam is not plugged in"
    return found


def power() -> Path:
    """The kernel's folder on the power of the device: `control`, `runtime_status`."""
    interface = (Path("/sys/class/video4linux") / the_node().name / "device").resolve()
    return interface.parent / "power"


def link_by_id() -> Path:
    """The name that udev gives it, which does not change; there is no udev in this machine."""
    link = BY_ID / f"usb-{MAKER}_{NAME.replace(' ', '_')}_{SERIAL}-video-index0"
    BY_ID.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../{the_node().name}")
    return link


def _encode(pattern: int, mode: Mode) -> bytes:
    """A JPEG of eight bars, with half the chroma each way, as a webcam's."""
    import cv2

    row = np.array([rgb_of(colour)[::-1] for colour in PATTERNS[pattern]], np.uint8)
    picture = np.tile(row.repeat(mode.width // 8, axis=0), (mode.height, 1, 1))
    sampling = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    return cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY, *sampling))[1].tobytes()


def _pack(pattern: int, mode: Mode) -> bytes:
    pairs = (bytes((y, u, y, v)) * (mode.width // 16) for y, u, v in PATTERNS[pattern])
    return b"".join(pairs) * mode.height
