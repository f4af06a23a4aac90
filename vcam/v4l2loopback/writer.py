"""Writes frames to a v4l2loopback node.

pyvirtualcam's own backend opens the node for writing only, starts no stream, does not read which layout the
driver took and drops errors of writing. After it, a 0.12.7 with exclusive_caps=1 takes no writer until it is
loaded again.
"""

import errno
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vcam.errors import SinkError
from vcam.frame import Packed, Size
from vcam.v4l2.device import (
    Card,
    Format,
    Kernel,
    Linux,
    WritingKernel,
    i420_format,
    query,
    set_format,
    set_rate,
    start_stream,
    stop_stream,
)
from vcam.v4l2.nodes import SYSTEM, VideoRoots
from vcam.v4l2loopback.cameras import name_loss, other_cameras, wanted_cameras
from vcam.v4l2loopback.module import DRIVER, MODPROBE, reload_command

SETTLE_S = 0.5  # within which a running writer writes again: even a placeholder has ten frames a second


class LoopbackWriter:
    """Holds a v4l2loopback node open for writing; making one opens the node.

    device  the node
    size    of every frame, (width, height), even
    fps     told to the readers; not enforced
    kernel  makes the system calls
    sleep   waits for seconds; called only if another program may be writing

    Raises SinkError with the remedy.
    """

    def __init__(
        self,
        device: Path | str,
        size: Size,
        fps: float,
        *,
        kernel: WritingKernel | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.device = str(device)
        self._kernel: WritingKernel = kernel or Linux()
        self._format = i420_format(size)
        self._node: int | None = open_writable(self._kernel, self.device, sleep)
        try:
            _begin(self._kernel, self._node, self.device, self._format, fps)
        except BaseException:
            self.close()
            raise

    def send(self, frame: Packed) -> None:
        """Publish one packed I420 frame. Raises SinkError if not all of it was taken."""
        if self._node is None:
            raise ValueError(f"{self.device} is closed")
        try:
            count = self._kernel.write(self._node, frame)
        except OSError as error:
            raise explain(self.device, "write a frame", error) from error
        if count != frame.nbytes:
            raise SinkError(
                f"{self.device} took {count} of a frame's {frame.nbytes} bytes: its buffers are not for"
                f" {self._format} any more. {_close_others(self.device)}"
            )

    def close(self) -> None:
        """End the stream and close the node; a node that has disappeared is not an error."""
        node, self._node = self._node, None
        if node is None:
            return
        with suppress(OSError):
            stop_stream(self._kernel, node)
        with suppress(OSError):
            self._kernel.close(node)


def open_writable(kernel: Kernel, path: str, sleep: Callable[[float], None]) -> int:
    """Open a v4l2loopback that accepts a writer; unlock one that a crashed writer has left locked.

    On 0.12.7 with exclusive_caps=1, a program that writes without STREAMON leaves the node locked for all
    later writers. STREAMON makes us its writer, even if the call fails, and closing as its writer unlocks the
    node. A program that is still writing is not disturbed and takes the node back with its next frame, so we
    wait and check again. A writer with mapped buffers would not show itself, and there would be two writers.

    Raises SinkError if the node cannot be opened, is not a v4l2loopback or has a writer.
    """
    node, card = _open(kernel, path)
    if card.is_output:
        return node
    try:
        is_started = start_stream(kernel, node)
    except OSError as error:
        raise explain(path, "be freed", error) from error
    finally:
        kernel.close(node)
    if is_started:
        sleep(SETTLE_S)
    node, card = _open(kernel, path)
    if not card.is_output:
        kernel.close(node)
        raise SinkError(f"{path} is busy: another program writes to it. {_close_others(path)}")
    return node


def explain(path: str, verb: str, error: OSError) -> SinkError:
    """What a failed system call on a node means, and its remedy."""
    number = error.errno or 0
    if number in (errno.EACCES, errno.EPERM):
        return SinkError(
            f"no permission to write to {path}. Run: sudo usermod -aG video $USER, then log out and in"
        )
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return SinkError(f"{path} is gone: v4l2loopback was unloaded or the camera removed. Run: {MODPROBE}")
    if number == errno.ENOTTY:
        return SinkError(f"{path} is not a video device; expected a v4l2loopback. Run: {MODPROBE}")
    if number == errno.EBUSY:
        return SinkError(f"{path} is busy: another program has it. {_close_others(path)}")
    name = errno.errorcode.get(number, str(number))
    return SinkError(f"{path} cannot {verb}: {error.strerror} ({name}). {_close_others(path)}")


def _open(kernel: Kernel, path: str) -> tuple[int, Card]:
    try:
        node = kernel.open(path)
    except OSError as error:
        raise explain(path, "be opened", error) from error
    try:
        card = query(kernel, node)
        if card.driver != DRIVER:
            raise SinkError(f"{path} is driven by {card.driver}, not v4l2loopback. Run: {MODPROBE}")
    except OSError as error:
        kernel.close(node)
        raise explain(path, "say what it is", error) from error
    except SinkError:
        kernel.close(node)
        raise
    return node, card


def _begin(kernel: Kernel, node: int, path: str, wanted: Format, fps: float) -> None:
    """Agree on layout and rate, and start the stream. Raises SinkError."""
    try:
        found = set_format(kernel, node, wanted)
    except OSError as error:
        raise explain(path, f"take {wanted}", error) from error
    _check_format(path, found, wanted)
    try:
        set_rate(kernel, node, fps)
        start_stream(kernel, node)
    except OSError as error:
        raise explain(path, f"start a stream of {fps:g} fps", error) from error


def _check_format(path: str, found: Format, wanted: Format) -> None:
    """Raise SinkError unless a frame fits as it is; a larger buffer is fine."""
    if (found.width, found.height, found.fourcc) != (wanted.width, wanted.height, wanted.fourcc):
        size = f"{found.width}x{found.height}"
        resize = f"Run: sharpkd set size {size} --save (or sharpkd run --size {size}), or else: "
        raise SinkError(
            f"{path} is held at {found}, not at {wanted}."
            f" {resize if found.fourcc == wanted.fourcc else ''}{_close_others(path)}"
        )
    if found.bytesperline != wanted.bytesperline or found.sizeimage < wanted.sizeimage:
        raise SinkError(
            f"{path} lays {found} out in lines of {found.bytesperline} bytes, {found.sizeimage} in all, not"
            f" {wanted.bytesperline} and {wanted.sizeimage}. {_close_others(path)}"
        )


def _close_others(path: str, roots: VideoRoots = SYSTEM) -> str:
    loss, command = name_loss(other_cameras(roots)), reload_command(wanted_cameras(roots))
    close = f"Close the program that has it open (fuser -v {path} names it)"
    return f"{close}; if there is none, reload v4l2loopback.{loss} Run: {command}"
