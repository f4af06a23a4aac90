"""A libpipewire that gives a screen's pictures, played by the test: real structs, real memory, no daemon."""

import ctypes
import os
from collections import deque
from typing import Any

import numpy as np

from vcam.pipewire import library as pw
from vcam.pipewire.pods import (
    BGRX,
    FORMAT,
    META_CROP,
    META_CROP_BYTES,
    META_HEADER,
    META_HEADER_BYTES,
    OBJECT_FORMAT,
    VIDEO_FORMAT,
    VIDEO_SIZE,
    id_pod,
    object_pod,
    rectangle_pod,
)


class Shot:
    """One buffer with a picture, as a compositor fills it.

    pixels  (H, W, 4) uint8; `gap` bytes follow each row
    """

    def __init__(
        self,
        pixels: Any,
        *,
        gap: int = 0,
        offset: int = 0,
        crop: tuple[int, int, int, int] = (0, 0, 0, 0),
        pts: int = -1,
        flags: int = 0,
        is_empty: bool = False,
    ) -> None:
        height, width, _ = pixels.shape
        stride = width * 4 + gap
        self.bytes = np.full(offset + height * stride, 77, np.uint8)
        rows = self.bytes[offset:].reshape(height, stride)
        rows[:, : width * 4] = pixels.reshape(height, width * 4)
        size = 0 if is_empty else height * stride
        self.chunk = pw.Chunk(offset=offset, size=size, stride=stride, flags=flags)
        self.data = pw.Data(
            maxsize=self.bytes.size, data=self.bytes.ctypes.data, chunk=ctypes.pointer(self.chunk)
        )
        self.header, self.crop = pw.Header(pts=pts), pw.Region(*crop)
        self.metas = (pw.Meta * 2)(
            pw.Meta(META_HEADER, META_HEADER_BYTES, ctypes.addressof(self.header)),
            pw.Meta(META_CROP, META_CROP_BYTES, ctypes.addressof(self.crop)),
        )
        self.buffer = pw.SpaBuffer(2, 1, self.metas, ctypes.pointer(self.data))
        self.stream_buffer = pw.StreamBuffer(ctypes.pointer(self.buffer))


class FakeScreen:
    """Answers as the library does; what is called stands in `calls`.

    refusal   of pw_stream_connect, a negative errno
    has_core  whether the connection is taken
    """

    def __init__(self, refusal: int = 0, has_core: bool = True) -> None:
        self.calls: list[str] = []
        self.returned: list[int] = []
        self.params: list[bytes] = []
        self.flags = self.target = -1
        self._waiting: deque[Shot] = deque()
        self._kept: list[Shot] = []
        self._refusal = refusal
        self._has_core = has_core
        self._events: Any = None

    # what the test does

    def settle(self, size: tuple[int, int], pixel_format: int = BGRX) -> None:
        pod = object_pod(
            OBJECT_FORMAT, FORMAT, {VIDEO_FORMAT: id_pod(pixel_format), VIDEO_SIZE: rectangle_pod(size)}
        )
        self.settle_raw(pod)

    def settle_raw(self, pod: bytes) -> None:
        memory = ctypes.create_string_buffer(pod, len(pod))
        self._events.param_changed(None, FORMAT, ctypes.addressof(memory))

    def show(self, *shots: Shot) -> None:
        """Fill buffers, then say so once."""
        self._waiting.extend(shots)
        self._kept.extend(shots)
        self._events.process(None)

    def set_state(self, state: int, error: bytes | None = None) -> None:
        self._events.state_changed(None, pw.STREAMING, state, error)

    # the library

    def pw_thread_loop_new(self, name: bytes, props: None) -> int:
        return 1

    def pw_thread_loop_get_loop(self, loop: int) -> int:
        return 2

    def pw_context_new(self, loop: int, props: None, size: int) -> int:
        return 3

    def pw_context_connect_fd(self, context: int, fd: int, props: None, size: int) -> int | None:
        os.close(fd)  # the real one owns it from here on
        self.calls.append("connect fd")
        return 4 if self._has_core else None

    def pw_properties_new_string(self, text: bytes) -> bytes:
        return text

    def pw_stream_new(self, core: int, name: bytes, props: bytes) -> int:
        return 5

    def pw_stream_add_listener(self, stream: int, hook: Any, events: Any, data: None) -> None:
        self._events = events._obj

    def pw_thread_loop_start(self, loop: int) -> int:
        return 0

    def pw_thread_loop_lock(self, loop: int) -> None:
        pass

    def pw_thread_loop_unlock(self, loop: int) -> None:
        pass

    def pw_stream_connect(
        self, stream: int, direction: int, target: int, flags: int, params: Any, count: int
    ) -> int:
        self.flags, self.target = flags, target
        return self._refusal

    def pw_stream_update_params(self, stream: int, params: Any, count: int) -> int:
        self.calls.append(f"update {count} params")
        return 0

    def pw_stream_dequeue_buffer(self, stream: int) -> Any:
        if not self._waiting:
            return ctypes.POINTER(pw.StreamBuffer)()
        return ctypes.pointer(self._waiting.popleft().stream_buffer)

    def pw_stream_queue_buffer(self, stream: int, buffer: Any) -> int:
        self.returned.append(ctypes.addressof(buffer.contents))
        return 0

    def pw_thread_loop_stop(self, loop: int) -> None:
        self.calls.append("stop")

    def pw_stream_destroy(self, stream: int) -> None:
        self.calls.append("destroy stream")

    def pw_core_disconnect(self, core: int) -> int:
        self.calls.append("disconnect")
        return 0

    def pw_context_destroy(self, context: int) -> None:
        self.calls.append("destroy context")

    def pw_thread_loop_destroy(self, loop: int) -> None:
        self.calls.append("destroy loop")
