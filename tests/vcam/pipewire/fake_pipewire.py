"""A libpipewire whose graph is played by the test: real structs in real memory, no daemon."""

import ctypes
from collections import deque
from typing import Any

import numpy as np

from vcam.frame import Packed
from vcam.pipewire import library as pw
from vcam.pipewire.pods import FORMAT, META_BUSY, META_HEADER, META_HEADER_BYTES


class Memory:
    """One buffer with all that hangs on it; `stream_buffer` is what PipeWire hands out."""

    def __init__(self, nbytes: int) -> None:
        self.bytes = np.zeros(nbytes, np.uint8)
        self.chunk, self.header, self.busy = pw.Chunk(), pw.Header(), pw.Busy()
        self.data = pw.Data(maxsize=nbytes, data=self.bytes.ctypes.data, chunk=ctypes.pointer(self.chunk))
        self.metas = (pw.Meta * 2)(
            pw.Meta(META_BUSY, ctypes.sizeof(self.busy), ctypes.addressof(self.busy)),
            pw.Meta(META_HEADER, META_HEADER_BYTES, ctypes.addressof(self.header)),
        )
        self.buffer = pw.SpaBuffer(2, 1, self.metas, ctypes.pointer(self.data))
        self.stream_buffer = pw.StreamBuffer(ctypes.pointer(self.buffer))

    @property
    def address(self) -> int:
        return ctypes.addressof(self.stream_buffer)


class FakePipeWire:
    """Answers as the library does; what is called stands in `calls`.

    refusal  of pw_stream_connect, a negative errno
    welcome  the states that a new node goes through at once, each with an error or None
    start    what pw_thread_loop_start returns
    """

    def __init__(
        self,
        refusal: int = 0,
        welcome: tuple[tuple[int, bytes | None], ...] = ((pw.CONNECTING, None), (pw.PAUSED, None)),
        has_stream: bool = True,
        has_loop: bool = True,
        start: int = 0,
    ) -> None:
        self.calls: list[str] = []
        self.state = pw.UNCONNECTED
        self.free: deque[Memory] = deque()
        self.sent: list[Packed] = []
        self.memories: list[Memory] = []
        self._refusal = refusal
        self._welcome = welcome
        self._has_stream = has_stream
        self._has_loop = has_loop
        self._start = start
        self._events: Any = None

    # what the test does

    def set_state(self, state: int, error: bytes | None = None, is_told_only: bool = False) -> None:
        """is_told_only: as PipeWire tells of a reader that it refused; the state stays."""
        old, self.state = self.state, self.state if is_told_only else state
        self._events.state_changed(None, old, state, error)

    def connect_reader(self, nbytes: int, count: int = 2) -> None:
        """A program takes the format, gets its buffers and lets the stream run."""
        pod = ctypes.create_string_buffer(8)
        self._events.param_changed(None, FORMAT, ctypes.addressof(pod))
        for _ in range(count):
            memory = Memory(nbytes)
            self.memories.append(memory)
            self.free.append(memory)
            self._events.add_buffer(None, memory.address)
        self.set_state(pw.STREAMING)

    # the library

    def pw_thread_loop_new(self, name: bytes, props: None) -> int | None:
        return 1 if self._has_loop else None

    def pw_thread_loop_get_loop(self, loop: int) -> int:
        assert loop, "the real one crashes here"
        return 2

    def pw_properties_new_string(self, text: bytes) -> bytes:
        self.properties = text.decode()
        return text

    def pw_stream_new_simple(
        self, loop: int, name: bytes, props: bytes, events: Any, data: None
    ) -> int | None:
        self._events = events._obj
        return 3 if self._has_stream else None

    def pw_stream_connect(
        self, stream: int, direction: int, target: int, flags: int, params: Any, count: int
    ) -> int:
        self.calls.append("connect")
        if self._refusal == 0:
            for state, error in self._welcome:
                self.set_state(state, error)
        return self._refusal

    def pw_stream_get_state(self, stream: int, error: None) -> int:
        return self.state

    def pw_stream_update_params(self, stream: int, params: Any, count: int) -> int:
        self.calls.append(f"update {count} params")
        return 0

    def pw_stream_dequeue_buffer(self, stream: int) -> Any:
        for _ in range(len(self.free)):
            memory = self.free.popleft()
            if memory.busy.count == 0:
                return ctypes.pointer(memory.stream_buffer)
            self.free.append(memory)
        return ctypes.POINTER(pw.StreamBuffer)()

    def pw_stream_queue_buffer(self, stream: int, buffer: Any) -> int:
        address = ctypes.addressof(buffer.contents)
        memory = next(memory for memory in self.memories if memory.address == address)
        self.sent.append(memory.bytes.copy())
        self.free.append(memory)
        return 0

    def pw_stream_trigger_process(self, stream: int) -> int:
        self.calls.append("trigger")
        return 0

    def pw_thread_loop_start(self, loop: int) -> int:
        self.calls.append("start")
        return self._start

    def pw_thread_loop_stop(self, loop: int) -> None:
        self.calls.append("stop")

    def pw_thread_loop_lock(self, loop: int) -> None:
        self.calls.append("lock")

    def pw_thread_loop_unlock(self, loop: int) -> None:
        self.calls.append("unlock")

    def pw_thread_loop_destroy(self, loop: int) -> None:
        self.calls.append("destroy loop")

    def pw_stream_destroy(self, stream: int) -> None:
        self.calls.append("destroy stream")
