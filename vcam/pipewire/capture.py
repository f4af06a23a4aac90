"""A stream that takes the pictures of one node of PipeWire's: a screen or a window that somebody shares."""

import atexit
import ctypes
import json
import os
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Self

import numpy as np

from vcam.conversion.opencv import Bgr, from_bgrx
from vcam.errors import SourceError
from vcam.frame import Frame, Size
from vcam.pipewire import library as pw
from vcam.pipewire.pods import (
    FORMAT,
    HEAD,
    META_CROP,
    META_CROP_BYTES,
    META_HEADER,
    META_HEADER_BYTES,
    RGBA,
    RGBX,
    VIDEO_FORMAT,
    VIDEO_SIZE,
    capture_buffers_pod,
    capture_format_pod,
    crop_pod,
    header_pod,
    read_object,
)

LONGEST_POD = 1 << 16  # bytes; a format has some hundred
PIXEL_BYTES = 4
OLDEST_NS = 1_000_000_000  # a picture said to be older has a time of another clock
TITLE = "SharpKD Camera, the screen"
PROPERTIES = {
    "media.type": "Video",
    "media.category": "Capture",
    "media.role": "Screen",
    "node.name": "sharpkd-screen",
    "node.description": TITLE,
}
BROKEN = "PipeWire's library does not start. Run: systemctl --user restart pipewire wireplumber"


class CaptureStream:
    """Takes pictures from one node until it is closed, or the node goes; its size may change at any time.

    fd       a connection to PipeWire, which it closes
    node     the node's id
    fps      the most that are asked for; a still screen gives none at all
    library  libpipewire, or a test's own
    take     gets each picture, from PipeWire's thread, which waits for it; BT.601 limited as all Frames
    end      gets why no more come, from PipeWire's thread, once
    clock    monotonic nanoseconds
    """

    def __init__(
        self,
        fd: int,
        node: int,
        fps: float,
        library: pw.Library,
        take: Callable[[Frame], None],
        end: Callable[[str], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._fd = fd
        self._node = node
        self._rate = Fraction(fps).limit_denominator(1001)
        self._library = library
        self._take = take
        self._end = end
        self._clock = clock
        self._size: Size = (0, 0)
        self._is_rgbx = False
        self._has_ended = False
        self._loop: int | None = None
        self._context: int | None = None
        self._core: int | None = None
        self._stream: int | None = None
        # PipeWire keeps pointers to both: they live as long as the stream
        self._hook = pw.Hook()
        self._events = pw.StreamEvents(
            version=0,
            state_changed=pw.STATE_CHANGED(self._note_state),
            param_changed=pw.PARAM_CHANGED(self._note_param),
            process=pw.PROCESS(self._process),
        )

    def open(self) -> Self:
        """Connect to the node. Raises SourceError."""
        atexit.register(self.close)  # no thread may call back into a Python that is gone
        try:
            self._make_stream()
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        atexit.unregister(self.close)
        library, self._has_ended = self._library, True
        if self._loop:  # its thread first: no callback runs while its stream ends
            library.pw_thread_loop_stop(self._loop)
        if self._stream:
            library.pw_stream_destroy(self._stream)
        if self._core:
            library.pw_core_disconnect(self._core)
        if self._context:
            library.pw_context_destroy(self._context)
        if self._loop:
            library.pw_thread_loop_destroy(self._loop)
        self._stream = self._core = self._context = self._loop = None
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _make_stream(self) -> None:
        library = self._library
        self._loop = library.pw_thread_loop_new(b"sharpkd screen", None)
        if self._loop:
            self._context = library.pw_context_new(library.pw_thread_loop_get_loop(self._loop), None, 0)
        if not self._context:
            raise SourceError(BROKEN)
        fd, self._fd = self._fd, -1  # it closes it, also if it fails
        self._core = library.pw_context_connect_fd(self._context, fd, None, 0)
        if not self._core:
            raise SourceError("PipeWire does not answer. Run: systemctl --user restart pipewire wireplumber")
        self._stream = library.pw_stream_new(
            self._core, TITLE.encode(), library.pw_properties_new_string(json.dumps(PROPERTIES).encode())
        )
        if not self._stream:
            raise SourceError(BROKEN)
        library.pw_stream_add_listener(
            self._stream, ctypes.byref(self._hook), ctypes.byref(self._events), None
        )

    def _connect(self) -> None:
        # without DONT_RECONNECT the session manager would give us a webcam when the screen goes
        flags = pw.AUTOCONNECT | pw.MAP_BUFFERS | pw.DONT_RECONNECT
        formats = pw.pod_array(capture_format_pod(self._rate))
        result = self._library.pw_thread_loop_start(self._loop)
        if result < 0:
            raise SourceError(f"{BROKEN} ({os.strerror(-result)})")
        self._library.pw_thread_loop_lock(self._loop)
        try:
            result = self._library.pw_stream_connect(
                self._stream, pw.DIRECTION_INPUT, self._node, flags, formats, 1
            )
        finally:
            self._library.pw_thread_loop_unlock(self._loop)
        if result < 0:
            raise SourceError(f"PipeWire does not give the screen's pictures: {os.strerror(-result)}")

    def _finish(self, why: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._end(why)

    # called by PipeWire's thread

    def _note_state(self, data: int | None, old: int, state: int, error: bytes | None) -> None:
        if state in (pw.ERROR, pw.UNCONNECTED):
            self._finish(error.decode("utf-8", "replace") if error else "the connection was closed")

    def _note_param(self, data: int | None, param: int, pod: int | None) -> None:
        """The format is settled, or another one from now on: say which memory it needs."""
        if param != FORMAT or not pod:
            return
        try:
            found = read_object(_bytes_of(pod))
            self._size = found[VIDEO_SIZE]  # type: ignore[assignment]  # a rectangle
            self._is_rgbx = found[VIDEO_FORMAT] in (RGBX, RGBA)
        except (ValueError, KeyError) as error:
            self._finish(f"PipeWire's format cannot be read: {error}")
            return
        params = pw.pod_array(capture_buffers_pod(), header_pod(), crop_pod())
        self._library.pw_stream_update_params(self._stream, params, len(params))

    def _process(self, data: int | None) -> None:
        """Take the newest of the pictures that wait, and give all buffers back."""
        newest = None
        while buffer := self._library.pw_stream_dequeue_buffer(self._stream):
            if newest is not None:
                self._library.pw_stream_queue_buffer(self._stream, newest)
            newest = buffer
        if newest is None:
            return
        try:
            if not self._has_ended:
                self._convert(newest.contents.buffer)
        except ValueError as error:  # of a size that no Frame has, or memory that is too small
            self._finish(str(error))
        finally:
            self._library.pw_stream_queue_buffer(self._stream, newest)

    def _convert(self, buffer: "ctypes._Pointer[pw.SpaBuffer]") -> None:
        pixels = view_pixels(buffer, self._size)
        if pixels is None:
            return
        now_ns = self._clock()
        captured_ns = _time_of(buffer.contents)
        if not 0 <= now_ns - captured_ns < OLDEST_NS:
            captured_ns = now_ns
        self._take(from_bgrx(pixels, 0, captured_ns, is_rgbx=self._is_rgbx))


def view_pixels(buffer: "ctypes._Pointer[pw.SpaBuffer]", size: Size) -> Bgr | None:
    """The picture in a buffer (H, W, 4) uint8, without copying it; None if the buffer has none.

    size  (width, height) of all of the buffer; the picture is the part that its crop names

    Raises ValueError if the buffer is too small, or not mapped.
    """
    block = buffer.contents.datas[0] if buffer and buffer.contents.n_datas else None
    if block is None or not block.chunk:
        raise ValueError("PipeWire gave a buffer without memory")
    chunk = block.chunk.contents
    if chunk.flags & pw.CORRUPTED or not chunk.size:  # one that only tells where the cursor is
        return None
    width, height = size
    stride = chunk.stride or width * PIXEL_BYTES
    if not block.data:
        raise ValueError("PipeWire gave a buffer that is not mapped")
    if stride < width * PIXEL_BYTES:
        raise ValueError(f"PipeWire gave rows of {stride} bytes, expected {width * PIXEL_BYTES} at least")
    needed = chunk.offset + stride * (height - 1) + width * PIXEL_BYTES
    if needed > block.maxsize:
        raise ValueError(f"PipeWire gave a buffer of {block.maxsize} bytes, expected {needed} at least")
    memory = np.frombuffer((ctypes.c_uint8 * needed).from_address(block.data), np.uint8)
    shape, strides = (height, width, PIXEL_BYTES), (stride, PIXEL_BYTES, 1)
    pixels = np.ndarray(shape, np.uint8, memory, chunk.offset, strides)
    for address in pw.metas_of(buffer.contents, META_CROP, META_CROP_BYTES):
        crop = pw.Region.from_address(address)
        left, top = max(crop.x, 0), max(crop.y, 0)
        part = pixels[top : top + crop.height, left : left + crop.width]
        pixels = part if part.size else pixels  # all zeros: it was not set
    return pixels


def _time_of(buffer: pw.SpaBuffer) -> int:
    """When the picture was made, in monotonic nanoseconds; -1 if that is not said."""
    for address in pw.metas_of(buffer, META_HEADER, META_HEADER_BYTES):
        return int(pw.Header.from_address(address).pts)
    return -1


def _bytes_of(pod: int) -> bytes:
    """A pod in PipeWire's memory. Raises ValueError if it is too long to be a format."""
    nbytes, _ = HEAD.unpack(ctypes.string_at(pod, HEAD.size))
    if nbytes > LONGEST_POD:
        raise ValueError(f"a pod of {nbytes} bytes")
    return ctypes.string_at(pod, HEAD.size + nbytes)
