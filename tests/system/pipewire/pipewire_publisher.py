"""A camera in a process of its own: publishes pictures that say their number, and obeys standard input.

It takes open, close, and quit, an end without a close. It prints open, closed, watched, unwatched, or
error with its message, once for each change.
"""

import select
import sys
import time

import numpy as np

from vcam.errors import SinkError
from vcam.frame import Frame, Packed, from_packed, pack
from vcam.sinks.pipewire import PipeWireSink

SIZE, FPS = (320, 240), 30
BLOCK, BITS = 16, 12  # the number stands in the first rows, a block for each bit
DARK, LIGHT = 16, 235
COUNT = 240  # of different pictures


def picture(number: int) -> Frame:
    """A picture that is another for each number from 0 to COUNT - 1."""
    width, height = SIZE
    y = (np.add.outer(np.arange(height) * 2, np.arange(width)) + number * 3) % 200 + 20
    for bit in range(BITS):
        y[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = LIGHT if number >> bit & 1 else DARK
    chroma = np.add.outer(np.arange(height // 2), np.arange(width // 2) + number)
    planes = [y, chroma % 200 + 20, chroma[::-1] % 180 + 30]
    return from_packed(np.concatenate([plane.reshape(-1) for plane in planes]).astype(np.uint8), SIZE)


def number_of(packed: Packed) -> int:
    """The number that a packed picture says."""
    row = packed.reshape(-1, SIZE[0])[BLOCK // 2]
    return sum(int(row[bit * BLOCK + BLOCK // 2] > 128) << bit for bit in range(BITS))


def worst_pixel(packed: Packed) -> int:
    """By how many code values a packed picture is off at most from the one that its number means."""
    wanted = pack(picture(number_of(packed) % COUNT)).reshape(-1).astype(int)
    return int(np.abs(packed.reshape(-1).astype(int) - wanted).max())


class Publisher:
    """The loop, and what it has said last."""

    def __init__(self) -> None:
        self._sink = PipeWireSink(SIZE, FPS)
        self._pictures = [picture(number) for number in range(COUNT)]
        self._is_open = False
        self._is_watched: bool | None = False
        self._error = ""

    def run(self) -> None:
        number, due_s = 0, time.monotonic()
        while True:
            due_s = max(due_s, time.monotonic() - 1) + 1 / FPS
            while select.select([sys.stdin], [], [], max(0, due_s - time.monotonic()))[0]:
                command = sys.stdin.readline().strip()
                if command in ("quit", ""):
                    return
                self._do(command)
            if self._is_open:
                self._send(self._pictures[number % COUNT])
            number += 1

    def _do(self, command: str) -> None:
        self._is_open, self._is_watched = command == "open", False
        try:
            _ = self._sink.open() if self._is_open else self._sink.close()
        except SinkError as error:
            self._is_open = False
            return print("error", error, flush=True)
        print("open" if self._is_open else "closed", flush=True)
        return None

    def _send(self, frame: Frame) -> None:
        try:
            self._sink.send(frame)
        except SinkError as error:
            if not self._error:
                print("error", error, flush=True)
            self._error = str(error)
            return
        if self._error:
            self._error = ""
            print("open", flush=True)
        if self._sink.is_watched != self._is_watched:
            self._is_watched = self._sink.is_watched
            print("watched" if self._is_watched else "unwatched", flush=True)


if __name__ == "__main__":
    Publisher().run()
