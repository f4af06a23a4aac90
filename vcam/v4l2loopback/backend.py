"""Offers our writer to users of pyvirtualcam; the camera itself does not go through it.

import pyvirtualcam
from vcam.v4l2loopback.backend import register

camera = pyvirtualcam.Camera(1280, 720, 30, fmt=pyvirtualcam.PixelFormat.I420, backend=register())
"""

from typing import Any

from vcam.frame import Packed
from vcam.v4l2loopback.cameras import require_virtual_camera
from vcam.v4l2loopback.writer import LoopbackWriter

BACKEND = "sharpkd-v4l2loopback"
I420 = int.from_bytes(b"I420", "little")  # libyuv's name, which pyvirtualcam uses


class LoopbackBackend:
    """A pyvirtualcam.Backend: without a device, it takes the card called "SharpKD Camera"."""

    def __init__(
        self, *, width: int, height: int, fps: float, fourcc: int, device: str | None, **writer: Any
    ) -> None:
        if fourcc != I420:
            raise ValueError(f"fourcc is {fourcc:#x}, this camera takes I420 ({I420:#x}) only")
        self._writer = LoopbackWriter(device or require_virtual_camera(), (width, height), fps, **writer)

    def device(self) -> str:
        return self._writer.device

    def native_fourcc(self) -> int:
        return I420

    def send(self, frame: Packed) -> None:
        self._writer.send(frame)

    def close(self) -> None:
        self._writer.close()


def register() -> str:
    """Make the backend known to pyvirtualcam and return its name there; may be called repeatedly."""
    import pyvirtualcam  # only loaded when it is used

    pyvirtualcam.register_backend(BACKEND, LoopbackBackend)
    return BACKEND
