"""The camera "SharpKD Camera" without a kernel module: for programs that ask PipeWire for cameras."""

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from vcam.errors import SinkError
from vcam.frame import Frame, Size, black, check_size
from vcam.presence import Kernel
from vcam.sinks.pipewire.library import Library, load_library
from vcam.sinks.pipewire.node import CameraNode
from vcam.sinks.pipewire.probe import NodeProbe
from vcam.v4l2.nodes import CARD

NODE = "sharpkd-camera"  # the name that programs address it by
WIDTH_STEP = 8  # readers pad the rows of other widths each in their own way
FAREWELL_S = 0.1  # for the last, black frame to be read before the node goes


class PipeWireSink:
    """Publishes frames of one size as a node that several programs can watch at once.

    load   gives libpipewire, or a test's own
    sleep  seconds; called only where somebody watches to the end

    The first `send` opens the node, unless `open` or `with` did so before. After a SinkError the sink is
    closed, and the next one of these opens it again.
    """

    def __init__(
        self,
        size: Size,
        fps: float,
        *,
        load: Callable[[], Library] = load_library,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = f"{CARD} (PipeWire)"
        self._size = check_size(size)
        self._fps = fps
        self._load = load
        self._sleep = sleep
        self._node: CameraNode | None = None
        self._probe: NodeProbe | None = None

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
    def is_watched(self) -> bool | None:
        """Whether a program takes pictures at this moment; None while there is no node."""
        node = self._node
        return node.is_watched if node and not node.failure else None

    def open(self) -> Self:
        """Publish the node. Raises SinkError if PipeWire is absent, too old or not running."""
        if self._node is None:
            self._node = self._open_node()
        return self

    def send(self, frame: Frame) -> None:
        """Show one frame to those who watch; nobody waits for those who are slow.

        Raises ValueError if the frame is of another size, SinkError if PipeWire cannot be reached or is gone.
        """
        if frame.size != self._size:
            found, expected = (f"{width}x{height}" for width, height in (frame.size, self._size))
            raise ValueError(f"frame is {found}, this camera shows {expected}")
        node = self._node or self._open_node()
        self._node = node
        try:
            node.publish(frame)
        except SinkError:
            self._node = None
            node.close()
            self._ring()
            raise

    def close(self) -> None:
        """Show one black frame, so that no stale face stays, and take the node away."""
        node, self._node = self._node, None
        if node is None:
            return
        with suppress(SinkError):
            if node.publish(black(self._size)):
                self._sleep(FAREWELL_S)
        node.close()

    def probe(self, kernel: Kernel | None = None) -> NodeProbe:
        """What tells who watches, also when the node is opened again; only the last one made is woken."""
        self._probe = NodeProbe(lambda: self.is_watched, kernel)
        return self._probe

    def _open_node(self) -> CameraNode:
        width = self._size[0]
        if width % WIDTH_STEP:
            raise SinkError(
                f"PipeWire's readers disagree on rows of {width} pixels; use a width that is a multiple of"
                f" {WIDTH_STEP}, for example {width // WIDTH_STEP * WIDTH_STEP}"
            )
        return CameraNode(NODE, CARD, self._size, self._fps, self._load(), self._ring).open()

    def _ring(self) -> None:
        if self._probe is not None:
            self._probe.ring()
