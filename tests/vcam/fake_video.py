"""A fake Linux with video devices, and a fake writer for their nodes."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from vcam.errors import SinkError
from vcam.frame import Packed, Size
from vcam.v4l2.nodes import VideoRoots


class FakeSystem:
    """A tree in which v4l2loopback is loaded and has no camera yet."""

    def __init__(self, folder: Path) -> None:
        self.roots = VideoRoots(folder / "sys", folder / "dev")
        (self.roots.sys / "module/v4l2loopback").mkdir(parents=True)

    def add_device(self, number: int, name: str, driver: str = "") -> Path:
        """A video device with its node: v4l2loopback's if it has no driver."""
        sys = self.roots.sys
        bus = "pci0/usb1" if driver else "virtual"
        entry = sys / f"devices/{bus}/video4linux/video{number}"
        entry.mkdir(parents=True)
        self.roots.listed.mkdir(parents=True, exist_ok=True)
        (self.roots.listed / entry.name).symlink_to(entry)
        (entry / "name").write_text(name + "\n")
        if driver:
            (sys / "drivers" / driver).mkdir(parents=True, exist_ok=True)
            (entry / "device").mkdir()
            (entry / "device/driver").symlink_to(sys / "drivers" / driver)
        return self.roots.dev / f"video{number}"

    def remove_device(self, number: int) -> None:
        """As v4l2loopback is unloaded, or its device deleted."""
        entry = self.roots.listed / f"video{number}"
        shutil.rmtree(entry.resolve())
        entry.unlink()


@dataclass
class FakeCamera:
    """A camera that remembers what it is sent, or fails."""

    device: str
    size: Size
    fps: float
    failure: str = ""
    sent: list[Packed] = field(default_factory=list)
    is_open: bool = True

    def send(self, frame: Packed) -> None:
        if self.failure:
            raise RuntimeError(self.failure)
        self.sent.append(frame)

    def close(self) -> None:
        self.is_open = False


@dataclass
class FakeCameras:
    """Called as LoopbackWriter is; cannot open any camera if there is a `refusal`."""

    refusal: str = ""
    failure: str = ""
    made: list[FakeCamera] = field(default_factory=list)

    def __call__(self, device: str, size: Size, fps: float) -> FakeCamera:
        if self.refusal:
            raise SinkError(self.refusal)
        self.made.append(FakeCamera(device, size, fps, self.failure))
        return self.made[-1]
