"""The camera "SharpKD Camera" without a kernel module: for programs that ask PipeWire for cameras."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from vcam.errors import SinkError
from vcam.frame import Frame, Size, check_size
from vcam.presence import WatchingKernel
from vcam.sinks.pipewire.probe import NodeProbe
from vcam.sinks.pipewire.process import PublisherProcess
from vcam.v4l2loopback.module import CARD

NODE = "sharpkd-camera"  # the name that programs address it by
WIDTH_STEP = 8  # readers pad the rows of other widths each in their own way
PUBLISHER = (sys.executable, "-m", "vcam.pipewire")


class PipeWireSink:
    """Publishes frames of one size as a node that several programs can watch at once.

    publisher  the command that publishes, without its arguments

    The first `send` opens the node, unless `open` or `with` did so before. After a SinkError the sink is
    closed, and the next one of these opens it again. A process of its own loads PipeWire's library: its crash
    is a SinkError.
    """

    def __init__(self, size: Size, fps: float, *, publisher: Sequence[str] = PUBLISHER) -> None:
        self.name = f"{CARD} (PipeWire)"
        self._size = check_size(size)
        self._fps = fps
        self._publisher = publisher
        self._process: PublisherProcess | None = None
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
        process = self._process
        return process.is_watched if process and not process.failure else None

    def open(self) -> Self:
        """Publish the node. Raises SinkError if PipeWire is absent, too old or not running."""
        if self._process is None:
            self._process = self._start()
        return self

    def send(self, frame: Frame) -> None:
        """Show one frame to those who watch; nobody waits for those who are slow.

        Raises ValueError if the frame is of another size, SinkError if PipeWire cannot be reached or is gone.
        """
        if frame.size != self._size:
            found, expected = (f"{width}x{height}" for width, height in (frame.size, self._size))
            raise ValueError(f"frame is {found}, this camera shows {expected}")
        self.open()
        assert self._process is not None
        try:
            self._process.send(frame)
        except SinkError:
            self.close()
            self._ring()
            raise

    def close(self) -> None:
        """Take the node away, after one black frame, so that no stale face stays."""
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def probe(self, kernel: WatchingKernel | None = None) -> NodeProbe:
        """What tells who watches, also when the node is opened again; only the last one made is woken."""
        self._probe = NodeProbe(lambda: self.is_watched, kernel)
        return self._probe

    def _start(self) -> PublisherProcess:
        width, height = self._size
        if width % WIDTH_STEP:
            raise SinkError(
                f"PipeWire's readers disagree on rows of {width} pixels; use a width that is a multiple of"
                f" {WIDTH_STEP}, for example {width // WIDTH_STEP * WIDTH_STEP}"
            )
        command = [*self._publisher, NODE, CARD, f"{width}x{height}", f"{self._fps:g}"]
        return PublisherProcess(command, self._ring).open()

    def _ring(self) -> None:
        if self._probe is not None:
            self._probe.ring()
