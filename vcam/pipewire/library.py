"""As much of libpipewire-0.3 as a program that publishes or captures frames calls, through ctypes.

The layouts are those of 64-bit machines and of all 0.3 and 1.x: spa/buffer/buffer.h, spa/buffer/meta.h and
pipewire/stream.h, compared in 0.3.65 and 1.4.2. Structs that PipeWire allocates may grow at their end, which
only reads of the front survive; the one that we allocate, `StreamEvents`, says its version.
"""

import ctypes
import re
from collections.abc import Iterator
from ctypes import POINTER, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, TypeAlias

from vcam.errors import SinkError

SONAME = "libpipewire-0.3.so.0"
OLDEST = (0, 3, 34)  # the first with pw_stream_trigger_process
OTHER = "use --sink virtual instead"
INSTALL = "sudo apt install libpipewire-0.3-0 pipewire wireplumber"

Library: TypeAlias = Any  # a ctypes.CDLL; a test's own object with the same functions

# pipewire/stream.h
DIRECTION_INPUT, DIRECTION_OUTPUT = 0, 1
AUTOCONNECT, MAP_BUFFERS, DRIVER, RT_PROCESS, DONT_RECONNECT = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 7
ERROR, UNCONNECTED, CONNECTING, PAUSED, STREAMING = -1, 0, 1, 2, 3
ANY_TARGET = 0xFFFFFFFF

STATE_CHANGED = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_int, c_char_p)  # data, old, new, error
BUFFER_CHANGED = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)  # data, StreamBuffer
PROCESS = ctypes.CFUNCTYPE(None, c_void_p)  # data
PARAM_CHANGED = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)  # data, param, pod or NULL


CORRUPTED = 1 << 0  # flag of a chunk: spa/buffer/buffer.h


class Chunk(ctypes.Structure):
    """struct spa_chunk: which part of the memory is the picture."""

    _fields_ = (("offset", c_uint32), ("size", c_uint32), ("stride", c_int32), ("flags", c_int32))


class Data(ctypes.Structure):
    """struct spa_data: one block of memory; `data` is where MAP_BUFFERS has mapped it."""

    _fields_ = (
        ("type", c_uint32),
        ("flags", c_uint32),
        ("fd", c_int64),
        ("mapoffset", c_uint32),
        ("maxsize", c_uint32),
        ("data", c_void_p),
        ("chunk", POINTER(Chunk)),
    )


class Header(ctypes.Structure):
    """struct spa_meta_header; pts is monotonic nanoseconds."""

    _fields_ = (
        ("flags", c_uint32),
        ("offset", c_uint32),
        ("pts", c_int64),
        ("dts_offset", c_int64),
        ("seq", c_uint64),
    )


class Meta(ctypes.Structure):
    """struct spa_meta: a Header, a Region or a Busy, as its type says."""

    _fields_ = (("type", c_uint32), ("size", c_uint32), ("data", c_void_p))


class SpaBuffer(ctypes.Structure):
    """struct spa_buffer."""

    _fields_ = (
        ("n_metas", c_uint32),
        ("n_datas", c_uint32),
        ("metas", POINTER(Meta)),
        ("datas", POINTER(Data)),
    )


class StreamBuffer(ctypes.Structure):
    """The front of struct pw_buffer, which has grown over the years."""

    _fields_ = (("buffer", POINTER(SpaBuffer)),)


class Region(ctypes.Structure):
    """struct spa_meta_region: the part of a buffer that is the picture."""

    _fields_ = (("x", c_int32), ("y", c_int32), ("width", c_uint32), ("height", c_uint32))


class Hook(ctypes.Structure):
    """struct spa_hook, which is the library's own: six pointers, and as many more for what is to come."""

    _fields_ = (("memory", c_void_p * 12),)


class Busy(ctypes.Structure):
    """struct spa_meta_busy: how many programs hold the buffer, kept by all of them in shared memory."""

    _fields_ = (("flags", c_uint32), ("count", c_uint32))


class StreamEvents(ctypes.Structure):
    """struct pw_stream_events, version 0: what is NULL is not called."""

    _fields_ = (
        ("version", c_uint32),
        ("destroy", c_void_p),
        ("state_changed", STATE_CHANGED),
        ("control_info", c_void_p),
        ("io_changed", c_void_p),
        ("param_changed", PARAM_CHANGED),
        ("add_buffer", BUFFER_CHANGED),
        ("remove_buffer", BUFFER_CHANGED),
        ("process", PROCESS),
        ("drained", c_void_p),
    )


SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {  # name: (result, arguments)
    "pw_init": (None, (c_void_p, c_void_p)),
    "pw_get_library_version": (c_char_p, ()),
    "pw_properties_new_string": (c_void_p, (c_char_p,)),
    "pw_thread_loop_new": (c_void_p, (c_char_p, c_void_p)),
    "pw_thread_loop_get_loop": (c_void_p, (c_void_p,)),
    "pw_thread_loop_start": (c_int, (c_void_p,)),
    "pw_thread_loop_stop": (None, (c_void_p,)),
    "pw_thread_loop_lock": (None, (c_void_p,)),
    "pw_thread_loop_unlock": (None, (c_void_p,)),
    "pw_thread_loop_destroy": (None, (c_void_p,)),
    "pw_context_new": (c_void_p, (c_void_p, c_void_p, c_size_t)),
    "pw_context_connect_fd": (c_void_p, (c_void_p, c_int, c_void_p, c_size_t)),
    "pw_context_destroy": (None, (c_void_p,)),
    "pw_core_disconnect": (c_int, (c_void_p,)),
    "pw_stream_new": (c_void_p, (c_void_p, c_char_p, c_void_p)),
    "pw_stream_add_listener": (None, (c_void_p, POINTER(Hook), POINTER(StreamEvents), c_void_p)),
    "pw_stream_new_simple": (
        c_void_p,
        (c_void_p, c_char_p, c_void_p, POINTER(StreamEvents), c_void_p),
    ),
    "pw_stream_connect": (c_int, (c_void_p, c_int, c_uint32, c_int, POINTER(c_char_p), c_uint32)),
    "pw_stream_get_state": (c_int, (c_void_p, c_void_p)),
    "pw_stream_update_params": (c_int, (c_void_p, POINTER(c_char_p), c_uint32)),
    "pw_stream_dequeue_buffer": (POINTER(StreamBuffer), (c_void_p,)),
    "pw_stream_queue_buffer": (c_int, (c_void_p, POINTER(StreamBuffer))),
    "pw_stream_trigger_process": (c_int, (c_void_p,)),
    "pw_stream_destroy": (None, (c_void_p,)),
}


def load_library(soname: str = SONAME, other: str = OTHER) -> Library:
    """PipeWire's client library, ready for use. Raises SinkError if it is absent or too old.

    other  what can be done where no newer one can be installed
    """
    try:
        library = ctypes.CDLL(soname)
    except OSError as error:
        raise SinkError(f"no PipeWire on this system: {error}. Run: {INSTALL}") from error
    check_version(library, other)
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.pw_init(None, None)
    return library


def check_version(library: Library, other: str = OTHER) -> None:
    """Raises SinkError if the library is older than what is called, or of a machine with other layouts."""
    if ctypes.sizeof(c_void_p) != 8:
        raise SinkError(f"PipeWire needs a 64-bit Python; {other}")
    try:
        version = library.pw_get_library_version
    except AttributeError as error:
        raise SinkError(f"{SONAME} is not PipeWire's. Run: {INSTALL}") from error
    version.restype = c_char_p
    text = (version() or b"of an unknown version").decode("ascii", "replace")
    numbers = tuple(int(number) for number in re.findall(r"\d+", text)[:3])
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise SinkError(f"PipeWire is {text}, {oldest} or newer is needed; {other}")


def pod_array(*pods: bytes) -> "ctypes.Array[c_char_p]":
    """Pods as an array of pointers; PipeWire copies what they point to, and they may hold zeros."""
    return (c_char_p * len(pods))(*pods)


def block_of(buffer: "ctypes._Pointer[SpaBuffer]", nbytes: int) -> Data:
    """A buffer's first block of memory. Raises SinkError if it is missing, not mapped, or too small."""
    if not buffer or not buffer.contents.n_datas or not buffer.contents.datas:
        raise SinkError(f"PipeWire gave a buffer without memory, expected {nbytes} bytes; {OTHER}")
    block: Data = buffer.contents.datas[0]
    if not block.data or not block.chunk:
        raise SinkError(f"PipeWire gave a buffer that is not mapped, expected {nbytes} bytes; {OTHER}")
    if block.maxsize < nbytes:
        raise SinkError(f"PipeWire gave a buffer of {block.maxsize} bytes, expected {nbytes}; {OTHER}")
    return block


def metas_of(buffer: SpaBuffer, kind: int, nbytes: int) -> Iterator[int]:
    """The addresses of a buffer's metadata of this kind that are at least so large."""
    for meta in buffer.metas[: buffer.n_metas] if buffer.metas else ():
        if meta.type == kind and meta.data and meta.size >= nbytes:
            yield meta.data
