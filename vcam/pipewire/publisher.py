"""The process between a sink and PipeWire: frames come in, words about the camera go out.

Frames come one after another, packed I420 of one size, without anything between them. Each word is a line:
`open` once the camera is there, `watched` and `unwatched` as programs take pictures or stop, `error MESSAGE`
as the last one. The end of the frames is the end of the camera.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, TextIO

import numpy as np

from vcam.errors import SinkError
from vcam.frame import Size, black, from_packed, parse_size
from vcam.pipewire.library import Library, load_library
from vcam.pipewire.node import CameraNode

OPEN, WATCHED, UNWATCHED, ERROR = "open", "watched", "unwatched", "error"
FAREWELL_S = 0.1  # for the last, black frame to be read before the node goes


class Words:
    """Says what has changed; any thread."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._is_watched = False

    def say(self, word: str, more: str = "") -> None:
        with self._lock:
            self._write(word, more)

    def tell_watched(self, is_watched: bool) -> None:
        with self._lock:
            if is_watched != self._is_watched:
                self._is_watched = is_watched
                self._write(WATCHED if is_watched else UNWATCHED)

    def _write(self, word: str, more: str = "") -> None:
        with suppress(BrokenPipeError):  # nobody listens any more: the frames end as well
            print(word, more.replace("\n", " "), file=self._output, flush=True)


def publish(
    arguments: Sequence[str],
    frames: BinaryIO,
    output: TextIO,
    *,
    load: Callable[[], Library] = load_library,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Publish frames until they end; returns the exit status.

    arguments  the node's name, its title, WIDTHxHEIGHT, frames a second
    """
    name, title, size, fps = arguments
    words = Words(output)
    node: CameraNode | None = None

    def note_change() -> None:
        if node is not None and node.failure:
            words.say(ERROR, node.explain())
        elif node is not None:
            words.tell_watched(node.is_watched)

    try:
        node = CameraNode(name, title, parse_size(size), float(fps), load(), note_change)
        node.open()
        words.say(OPEN)
        note_change()  # what came while it was being opened
        _show_all(node, parse_size(size), frames, sleep)
    except SinkError as error:
        words.say(ERROR, str(error))
        return error.exit_code
    finally:
        if node is not None:
            node.close()
    return 0


def _show_all(node: CameraNode, size: Size, frames: BinaryIO, sleep: Callable[[float], None]) -> None:
    """Show what comes, and at the end a black frame, so that no stale face stays."""
    packed = np.empty(size[0] * size[1] * 3 // 2, np.uint8)
    while frames.readinto(packed.data) == packed.size:  # type: ignore[attr-defined]  # which BinaryIO lacks
        node.publish(from_packed(packed, size))
    if node.publish(black(size)):
        sleep(FAREWELL_S)
