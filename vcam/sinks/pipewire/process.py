"""The process that publishes to PipeWire, as the camera sees it: its end, or a hang, is a SinkError."""

import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

from vcam.errors import SinkError
from vcam.frame import Frame
from vcam.pipewire.publisher import ERROR, OPEN, WATCHED

START_S = 15.0  # to start a Python on a busy machine, and for PipeWire to take the camera
HANG_S = 2.0  # for one frame: a process that does not take it is lost
END_S = 2.0  # for the last, black frame


class PublisherProcess:
    """Holds a process that speaks as vcam.pipewire.publisher does.

    command    what to start
    on_change  called when `is_watched` or `failure` has changed, from a thread; must not block
    """

    def __init__(self, command: Sequence[str], on_change: Callable[[], None]) -> None:
        self.is_watched = False
        self.failure = ""
        self._command = command
        self._on_change = on_change
        self._settled = threading.Event()  # it has said that it is open, or why not
        self._ends: tuple[subprocess.Popen[str], socket.socket, threading.Thread] | None = None

    @property
    def pid(self) -> int:
        assert self._ends is not None
        return self._ends[0].pid

    def open(self) -> Self:
        """Start it. Raises SinkError if it cannot publish a camera."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a Ctrl-C is for us alone: it shows a black frame after it
            )
        ours.settimeout(HANG_S)
        listener = threading.Thread(target=self._listen, args=(process,), name="pipewire", daemon=True)
        self._ends = process, ours, listener
        listener.start()
        if not self._settled.wait(START_S):
            self.failure = f"the process for PipeWire did not answer within {START_S:.0f} s"
        if self.failure:
            self.close()
            raise SinkError(self.failure)
        return self

    def send(self, frame: Frame) -> None:
        """Give it a frame, if somebody watches. Raises SinkError if it has ended or hangs."""
        if self._ends is None or self.failure:
            raise SinkError(self.failure or "the process for PipeWire is closed")
        if not self.is_watched:
            return
        try:
            for plane in (frame.y, frame.u, frame.v):
                self._ends[1].sendall(plane.data)
        except OSError as error:  # TimeoutError is one
            why = "takes no frames" if isinstance(error, TimeoutError) else "has ended"
            self.failure = self.failure or f"the process for PipeWire {why}"
            raise SinkError(self.failure) from None

    def close(self) -> None:
        """End its frames and wait for its end; it is killed if it hangs."""
        if self._ends is None:
            return
        (process, channel, listener), self._ends = self._ends, None
        channel.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join(END_S)
        if process.stdout is not None and not listener.is_alive():
            process.stdout.close()
        self.is_watched = False

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        """The thread that hears what the process says, until it ends."""
        assert process.stdout is not None
        with suppress(ValueError, OSError):  # closed while we listen
            for line in process.stdout:
                word, _, more = line.strip().partition(" ")
                self.is_watched = word == WATCHED
                if word == ERROR:
                    self.failure = more
                if word in (OPEN, ERROR):
                    self._settled.set()
                self._on_change()
        self.is_watched = False
        self.failure = self.failure or "the process for PipeWire has ended"
        self._settled.set()
        self._on_change()
