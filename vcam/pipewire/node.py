"""A node of PipeWire's graph that gives pictures: what other programs see as a camera."""

import atexit
import ctypes
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Self

from vcam.errors import SinkError
from vcam.frame import Frame, Size
from vcam.pipewire import library as pw
from vcam.pipewire.pods import (
    FORMAT,
    META_BUSY,
    META_HEADER,
    META_HEADER_BYTES,
    MOST_BUFFERS,
    buffers_pod,
    format_pod,
    header_pod,
)

log = logging.getLogger(__name__)

OPEN_S = 3.0  # in which a living PipeWire takes a node
STARVED_S = 0.5  # without a free buffer: whoever holds them is dead, or too slow to be waited for
START = "Run: systemctl --user start pipewire wireplumber"


class CameraNode:
    """Holds a Video/Source node until it is closed, or Python ends; its size never changes.

    name       what programs address it by
    title      what people read
    fps        told to the readers; whoever calls `publish` makes the beat
    library    libpipewire, or a test's own
    clock      monotonic nanoseconds
    on_change  called whenever `is_watched` may have changed, from PipeWire's thread; must not block

    PipeWire runs threads of its own. None of them calls Python for a frame: `publish` fills a buffer on the
    caller's thread, the rest is the library's.
    """

    def __init__(
        self,
        name: str,
        title: str,
        size: Size,
        fps: float,
        library: pw.Library,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._title = title
        self._size = size
        self._rate = Fraction(fps).limit_denominator(1001)
        self._library = library
        self._on_change = on_change
        self._clock = clock
        self._state = pw.UNCONNECTED
        self._failure = ""
        self._settled = threading.Event()  # PipeWire has taken the node, or refused it
        self._count = 0
        self._buffers: set[int] = set()  # addresses of all that there are
        self._starved_ns: int | None = None
        self._is_open = False
        self._loop: int | None = None
        self._stream: int | None = None
        # PipeWire keeps a pointer to this: it lives as long as the stream
        self._events = pw.StreamEvents(
            version=0,
            state_changed=pw.STATE_CHANGED(self._note_state),
            param_changed=pw.PARAM_CHANGED(self._answer_param),
            add_buffer=pw.BUFFER_CHANGED(lambda _, address: self._buffers.add(address)),
            remove_buffer=pw.BUFFER_CHANGED(lambda _, address: self._buffers.discard(address)),
        )

    @property
    def is_watched(self) -> bool:
        """Whether a program takes pictures at this moment."""
        return self._state == pw.STREAMING

    @property
    def failure(self) -> str:
        """Why the node is not there any more; empty while it is."""
        return self._failure

    def open(self) -> Self:
        """Publish the node. Raises SinkError if no PipeWire can be reached or it does not take it."""
        try:
            self._make_stream()
            self._connect()
        except BaseException:
            self.close()
            raise
        return self

    def publish(self, frame: Frame) -> bool:
        """Give one picture to whoever watches; False if nobody does, or all buffers are still being read.

        Raises SinkError if the node is gone.
        """
        if self._failure:
            raise SinkError(self.explain())
        if not self.is_watched:
            return False
        with self._locked():
            buffer = self._free_buffer() if self.is_watched else None
            if buffer is not None:
                self._fill(buffer.contents.buffer, frame)
                self._library.pw_stream_queue_buffer(self._stream, buffer)
            self._library.pw_stream_trigger_process(self._stream)
        return buffer is not None

    def close(self) -> None:
        """Take the node away; whoever watches loses it."""
        atexit.unregister(self.close)
        if not self._is_open:
            return
        self._is_open = False
        # its thread first: no callback runs while its stream ends
        self._library.pw_thread_loop_stop(self._loop)
        self._library.pw_stream_destroy(self._stream)
        self._library.pw_thread_loop_destroy(self._loop)
        self._loop = self._stream = None
        self._state = pw.UNCONNECTED

    def _properties(self) -> str:
        return json.dumps(
            {
                "media.type": "Video",
                "media.category": "Capture",
                "media.role": "Camera",
                "media.class": "Video/Source",
                "node.name": self._name,
                "node.description": self._title,
                "node.nick": self._title,
            }
        )

    def _make_stream(self) -> None:
        library = self._library
        loop = library.pw_thread_loop_new(b"sharpkd", None)
        if not loop:
            raise SinkError(f"PipeWire's library does not start. Run: {pw.INSTALL}")
        stream = library.pw_stream_new_simple(
            library.pw_thread_loop_get_loop(loop),
            self._title.encode(),
            library.pw_properties_new_string(self._properties().encode()),
            ctypes.byref(self._events),
            None,
        )
        if not stream:
            library.pw_thread_loop_destroy(loop)
            raise SinkError(f"PipeWire's library does not start. Run: {pw.INSTALL}")
        self._is_open, self._loop, self._stream = True, loop, stream
        # No thread may call back into a Python that is gone. Until then a node that nobody closes stays: one
        # that was collected, on whatever thread, could end PipeWire's from within itself.
        atexit.register(self.close)

    def _connect(self) -> None:
        flags = pw.MAP_BUFFERS | pw.DRIVER | pw.RT_PROCESS
        formats = pw.pod_array(format_pod(self._size, self._rate))
        result = self._library.pw_thread_loop_start(self._loop)
        if result < 0:
            raise SinkError(f"PipeWire's library does not start ({os.strerror(-result)}). {START}")
        with self._locked():
            result = self._library.pw_stream_connect(
                self._stream, pw.DIRECTION_OUTPUT, pw.ANY_TARGET, flags, formats, 1
            )
        if result < 0:
            raise SinkError(f"no PipeWire is running for this user ({os.strerror(-result)}). {START}")
        if not self._settled.wait(OPEN_S):
            raise SinkError(f"PipeWire did not take the camera within {OPEN_S:.0f} s. {START}")
        if self._failure:
            raise SinkError(self.explain())

    def _free_buffer(self) -> "ctypes._Pointer[pw.StreamBuffer] | None":
        """One that nobody reads, or None; of those that are read, the oldest is asked for first."""
        for _ in range(MOST_BUFFERS):
            buffer = self._library.pw_stream_dequeue_buffer(self._stream)
            if buffer:
                self._starved_ns = None
                return buffer
        now_ns = self._clock()
        self._starved_ns = now_ns if self._starved_ns is None else self._starved_ns
        if now_ns - self._starved_ns >= STARVED_S * 1e9:
            self._reclaim()
            self._starved_ns = None
        return None

    def _reclaim(self) -> None:
        """Take all buffers for free: a reader that is killed never gives back those it had."""
        for address in self._buffers:
            buffer = pw.StreamBuffer.from_address(address).buffer
            for meta in pw.metas_of(buffer.contents, META_BUSY, ctypes.sizeof(pw.Busy)) if buffer else ():
                pw.Busy.from_address(meta).count = 0

    def _fill(self, buffer: "ctypes._Pointer[pw.SpaBuffer]", frame: Frame) -> None:
        """Write a frame, and when it was sent. Raises SinkError if there is not memory enough for it."""
        block = pw.block_of(buffer, sum(plane.nbytes for plane in (frame.y, frame.u, frame.v)))
        offset = 0
        for plane in (frame.y, frame.u, frame.v):
            ctypes.memmove(block.data + offset, plane.ctypes.data, plane.nbytes)
            offset += plane.nbytes
        block.chunk[0] = pw.Chunk(offset=0, size=offset, stride=frame.width, flags=0)
        for meta in pw.metas_of(buffer.contents, META_HEADER, META_HEADER_BYTES):
            header = pw.Header.from_address(meta)
            header.flags, header.offset, header.dts_offset = 0, 0, 0
            header.pts, header.seq = self._clock(), self._count
        self._count += 1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep PipeWire's thread from changing what it calls us about."""
        self._library.pw_thread_loop_lock(self._loop)
        try:
            yield
        finally:
            self._library.pw_thread_loop_unlock(self._loop)

    def _note_state(self, data: int | None, old: int, state: int, error: bytes | None) -> None:
        reason = error.decode("utf-8", "replace") if error else "the connection was closed"
        if state == pw.ERROR and self._library.pw_stream_get_state(self._stream, None) >= pw.PAUSED:
            # newer PipeWires tell us of a reader that they could not connect; the others go on
            log.info("PipeWire refused a program that wanted to watch: %s", reason)
            return
        self._state = state
        if state in (pw.ERROR, pw.UNCONNECTED):
            self._failure = reason
        if state != pw.CONNECTING:
            self._settled.set()
        self._on_change()

    def _answer_param(self, data: int | None, param: int, pod: int | None) -> None:
        """A reader has taken the format: say which memory it needs."""
        if param == FORMAT and pod:
            params = pw.pod_array(buffers_pod(self._size), header_pod())
            self._library.pw_stream_update_params(self._stream, params, len(params))

    def explain(self) -> str:
        """The failure as a sentence with its remedy."""
        return f"PipeWire has dropped the camera: {self._failure}. {START}"
