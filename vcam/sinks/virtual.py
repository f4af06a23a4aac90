"""The camera that apps list as "SharpKD Camera", published through pyvirtualcam."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from vcam.errors import SinkError
from vcam.frame import Frame, Packed, Size, black, check_size, pack
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import require_virtual_camera
from vcam.v4l2loopback.module import CARD
from vcam.v4l2loopback.writer import BACKEND, register


class Camera(Protocol):
    """What is used of a pyvirtualcam.Camera."""

    @property
    def device(self) -> str: ...

    def send(self, frame: Packed) -> None: ...

    def close(self) -> None: ...


CameraFactory: TypeAlias = Callable[..., Camera]  # pyvirtualcam.Camera's arguments


class VirtualCameraSink:
    """Publishes frames of one size as a camera that other programs can open.

    device          the node; None finds it
    camera_factory  called as pyvirtualcam.Camera is; None for pyvirtualcam.Camera itself

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
    ) -> None:
        self._size = check_size(size)
        self._fps = fps
        self._device = device
        self._factory = camera_factory
        self._roots = roots
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
        with suppress(RuntimeError, OSError, SinkError):
            camera.send(pack(black(self._size)))
        camera.close()

    def _open_camera(self) -> Camera:
        import pyvirtualcam  # its native part loads on use, not on import of the room

        make = partial(self._factory or pyvirtualcam.Camera, *self._size, self._fps)
        try:
            device = str(require_virtual_camera(self._device, self._roots))
            return make(fmt=pyvirtualcam.PixelFormat.I420, device=device, backend=register())
        except (RuntimeError, OSError) as error:  # in the words of our own writer, which name the remedy
            raise SinkError(str(error).removeprefix(f"'{BACKEND}' backend: ")) from error


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
