"""The virtual camera that other programs see: a node of v4l2loopback."""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from vcam.errors import SinkError
from vcam.frame import Frame, Packed, Size, black, check_size, pack
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import require_virtual_camera
from vcam.v4l2loopback.module import CARD
from vcam.v4l2loopback.writer import LoopbackWriter


class Writer(Protocol):
    """An open node; see LoopbackWriter."""

    @property
    def device(self) -> str: ...

    def send(self, frame: Packed) -> None: ...

    def close(self) -> None: ...


OpenWriter: TypeAlias = Callable[[str, Size, float], Writer]  # of a node, frame size and rate


class VirtualCameraSink:
    """Publishes frames of one size as a camera that other programs can open.

    device       the node; None finds it
    open_writer  opens a node; by default our own writer

    The first `send` opens the camera, unless `open` or `with` did so before.
    """

    def __init__(
        self,
        size: Size,
        fps: float,
        device: str | None = None,
        open_writer: OpenWriter = LoopbackWriter,
        *,
        roots: VideoRoots = SYSTEM,
    ) -> None:
        self._size = check_size(size)
        self._fps = fps
        self._device = device
        self._open_writer = open_writer
        self._roots = roots
        self._writer: Writer | None = None

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
        return f"{CARD} ({self._writer.device})" if self._writer else CARD

    def open(self) -> Self:
        """Take the camera. Raises SinkError if it is absent, busy or forbidden, with the remedy."""
        if self._writer is None:
            self._writer = self._open()
        return self

    def send(self, frame: Frame) -> None:
        """Publish one frame.

        Raises ValueError if the frame is of another size, SinkError if the camera cannot be opened or fails.
        """
        if frame.size != self._size:
            raise ValueError(f"frame is {_text(frame.size)}, this camera shows {_text(self._size)}")
        writer = self._writer = self._writer or self._open()
        try:
            writer.send(pack(frame))
        except (RuntimeError, OSError) as error:
            raise SinkError(f"{writer.device} stopped taking frames: {error}. Start sharpkd again") from error

    def close(self) -> None:
        """Show one black frame, so that nobody's last picture stays, and close the camera."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        with suppress(RuntimeError, OSError, SinkError):
            writer.send(pack(black(self._size)))
        writer.close()

    def _open(self) -> Writer:
        node = require_virtual_camera(self._device, self._roots)
        return self._open_writer(str(node), self._size, self._fps)


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
